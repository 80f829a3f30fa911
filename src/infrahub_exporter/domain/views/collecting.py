"""How a collector asks: questions out, answers in, families at the end; and what it finds in an answer."""

from collections.abc import Generator, Iterable, Iterator, Mapping, Sequence
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON, Family, FamilyType, Sample, Section


class Question(Struct, frozen=True):
    """A document with its variables."""

    document: str
    variables: Mapping[str, JSON] = {}


Answer: TypeAlias = Mapping[str, JSON]
Collection: TypeAlias = Generator[Question, Answer, tuple[Family, ...]]
"""Questions out, answers in, families at the end. Raises DerivationError for an answer of another shape."""


def counts_of(
    kind: str, argument: str, choices: Sequence[str], also: str = ""
) -> Generator[Question, Answer, dict[str, int]]:
    """Count the nodes of a kind by each choice of an attribute, in one document; `also` narrows all of them."""
    asked = " ".join(
        f'{_alias(choice)}: {kind}({argument}: "{choice}"{", " + also if also else ""}) {{ count }}'
        for choice in choices
    )
    answer = yield Question(f"query infrahub_exporter {{ {asked} }}")
    return {choice: count_of(answer, _alias(choice)) for choice in choices}


def _alias(choice: str) -> str:
    return choice.replace("-", "_")


def by(name: str, help_text: str, label: str, counted: Mapping[str, int]) -> Family:
    """Make a family of numbers by the value of one label."""
    return gauge(name, help_text, (label,), [((key,), float(number)) for key, number in counted.items()])


def gauge(
    name: str, help_text: str, label_names: tuple[str, ...], series: Iterable[tuple[tuple[str, ...], float]]
) -> Family:
    """Make a family; of equal series the first stays (TX-04)."""
    distinct: dict[tuple[str, ...], float] = {}
    for labels, value in series:
        distinct.setdefault(labels, value)
    samples = tuple(Sample(",".join(labels), labels, value) for labels, value in distinct.items())
    return Family(name, FamilyType.GAUGE, help_text, (Section(label_names, samples),))


def states_of(
    name: str, help_text: str, nodes: Iterable[Mapping[str, JSON]], attribute: str, choices: Sequence[str]
) -> Family:
    """Make a state set per node: one series per choice, 1 for the one that it has; an unknown one is shown, too."""
    series = []
    for node in nodes:
        own, now = text_of(node, "name"), text_of(node, attribute)
        known = choices if now in choices or not now else (*choices, now)
        series += [((own, state), float(state == now)) for state in known]
    return gauge(name, help_text, ("repository", attribute), series)


def nodes_of(answer: Answer, root: str) -> Iterator[Mapping[str, JSON]]:
    """Yield the nodes below a root field. Raises DerivationError where the answer has no edges there."""
    edges = mapping_of(answer, root).get("edges")
    if not isinstance(edges, list):
        raise DerivationError(f"expected edges in the answer's {root}")
    for edge in edges:
        node = edge.get("node") if isinstance(edge, dict) else None
        if isinstance(node, dict):
            yield node


def mapping_of(answer: Answer, root: str) -> Mapping[str, JSON]:
    """Return what a root field answered. Raises DerivationError where it is no object."""
    found = answer.get(root)
    if not isinstance(found, dict):
        raise DerivationError(f"expected {root} in the answer")
    return found


def count_of(answer: Answer, root: str) -> int:
    """Return the count that a root field answered. Raises DerivationError where it is none."""
    count = mapping_of(answer, root).get("count")
    if not isinstance(count, int):
        raise DerivationError(f"expected a count in the answer's {root}")
    return count


def value_of(node: Mapping[str, JSON], name: str) -> JSON:
    """Return an attribute's value, None where there is none."""
    field = node.get(name)
    return field.get("value") if isinstance(field, dict) else None


def text_of(node: Mapping[str, JSON], name: str) -> str:
    """Return an attribute's text, empty where it is none."""
    value = value_of(node, name)
    return value if isinstance(value, str) else ""
