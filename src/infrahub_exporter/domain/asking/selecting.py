"""Which nodes a selector takes: one rule for rows and for answers."""

from collections.abc import Iterable

from infrahub_exporter.domain.asking import expressions
from infrahub_exporter.domain.asking.paths import Predicate
from infrahub_exporter.domain.texts import text


def fits(predicate: Predicate, values: Iterable[object]) -> bool:
    """Tell whether what a node has at a predicate's path is what it wants; null is unequal to everything."""
    texts = [text(value) for value in values if value is not None]
    if predicate.pattern:
        found = any(expressions.describes(predicate.values[0], each) for each in texts)
    else:
        found = any(each in predicate.values for each in texts)
    return found is not predicate.negated
