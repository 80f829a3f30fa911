"""Numbers that Infrahub gives: the lowest free one of an attribute's range."""

from collections.abc import Iterator

from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.store import NOW, Store

_LAST = 2**63 - 1


def excluded(attribute: Attribute, number: int) -> str | None:
    """Tell what excludes a number from an attribute: itself, as text, or a range of `100,150-200`."""
    return next((part for part, first, last in _excluded(attribute) if first <= number <= last), None)


def excluded_count(attribute: Attribute) -> int:
    """Count the numbers that an attribute excludes, each as often as it is named, as Infrahub does."""
    return sum(last - first + 1 for _, first, last in _excluded(attribute))


def _excluded(attribute: Attribute) -> Iterator[tuple[str, int, int]]:
    """Yield what excludes numbers, as it is written, and its first and last one."""
    for part in filter(None, (attribute.parameters.excluded_values or "").split(",")):
        first, _, last = part.partition("-")
        yield part, int(first), int(last or first)


def ends(attribute: Attribute) -> tuple[int, int]:
    """Give the first and the last number that an attribute may be given."""
    return attribute.parameters.start_range or 1, attribute.parameters.end_range or _LAST


class _Range:
    """The numbers that are taken, and where the search for a free one goes on."""

    def __init__(self, taken: set[int], first: int) -> None:
        self.taken = taken
        self.first = first


class Numbers:
    """Gives numbers to attributes of kind NumberPool; the kinds that inherit an attribute share its range."""

    def __init__(self, kinds: Kinds, store: Store) -> None:
        self._kinds = kinds
        self._store = store
        self._ranges: dict[tuple[str, str], _Range] = {}

    def give(self, kind: Kind, attribute: Attribute) -> int:
        """Take the lowest free number.

        Raises:
            RefusedError: where none is left.
        """
        first, last = ends(attribute)
        key = (self._owner(kind, attribute), attribute.name)
        if key not in self._ranges:
            self._ranges[key] = _Range(self._taken(*key), first)
        found = self._ranges[key]
        number = found.first
        while number in found.taken:
            number += 1
        if number > last:
            raise RefusedError(f"There are no more values available in this pool. at {attribute.name}")
        found.taken.add(number)
        found.first = number + 1
        return number

    def forget(self) -> None:
        """Look again for what is free: nodes that had numbers are gone."""
        self._ranges.clear()

    def _owner(self, kind: Kind, attribute: Attribute) -> str:
        """Name the kind or generic that declares an attribute."""
        if attribute.inherited:
            return next(each for each in kind.inherit_from if attribute.name in self._kinds[each].attributes)
        return kind.key

    def _taken(self, label: str, name: str) -> set[int]:
        values = (each.versions[-1].values[name].value for each in self._store.of(label, NOW))
        return {value for value in values if isinstance(value, int)}
