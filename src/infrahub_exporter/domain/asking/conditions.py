"""Conditions on what a path finds at a row: `where`, `exclude` and `match`.

::

    phase: live                     one of what is found is that
    phase: [leaving, gone]          ... or one of these
    phase: {not: gone}              none of what is found is that; holds where nothing is found
    device.name: {present: true}    anything is found; `false`: nothing is
    name: {matches: "leaf[0-9]+"}   a regular expression over the whole text
    height: {above: 2, below: 10}   a number beyond one, or between two
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.asking import expressions
from infrahub_exporter.domain.asking.forms import Constant, number
from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.texts import text

Wanted: TypeAlias = Constant | tuple[Constant, ...]


class Check(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, rename={"unlike": "not"}):
    """What is asked of the values of a path; all that is said has to hold. Raises ConfigError for what says nothing."""

    unlike: Wanted | None = None
    present: bool | None = None
    matches: str | None = None
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        if all(getattr(self, key) is None for key in self.__struct_fields__):
            raise ConfigError("expected one of not, present, matches, above and below, got nothing")
        if self.matches is not None:
            reason = expressions.fault(self.matches)
            if reason:
                raise ConfigError(f"matches: expected a regular expression of RE2, got {self.matches!r} ({reason})")


Condition: TypeAlias = Constant | tuple[Constant, ...] | Check
"""What stands in a configuration."""


def holds(condition: Condition, found: Sequence[object]) -> bool:
    """Tell whether a condition holds of the values, without nulls, that its path found at a row."""
    present = [each for each in found if each != ""]
    if not isinstance(condition, Check):
        return _any_of(condition, present)
    if condition.present is not None and condition.present is not bool(present):
        return False
    if condition.unlike is not None and _any_of(condition.unlike, present):
        return False
    if condition.matches is not None and not any(
        expressions.describes(condition.matches, text(each)) for each in present
    ):
        return False
    if condition.above is None and condition.below is None:
        return True
    numbers = [each for each in map(number, present) if each is not None]
    return any(
        (condition.above is None or each > condition.above) and (condition.below is None or each < condition.below)
        for each in numbers
    )


def matches(found: Sequence[object], other: Sequence[object]) -> bool:
    """Tell whether two paths found a value that is the same, or the second one found none."""
    wanted = {text(each) for each in other} - {""}
    return not wanted or not wanted.isdisjoint(text(each) for each in found)


def _any_of(wanted: Wanted, present: Sequence[object]) -> bool:
    choices = wanted if isinstance(wanted, tuple) else (wanted,)
    return any(_equal(choice, each) for choice in choices for each in present)


def _equal(wanted: Constant, value: object) -> bool:
    """Compare as numbers where both are, else as texts: YAML reads `5`, `5.0` and `"5"` in three ways."""
    if isinstance(wanted, int | float) and not isinstance(wanted, bool) and isinstance(value, int | float):
        return not isinstance(value, bool) and wanted == value
    return text(wanted) == text(value)
