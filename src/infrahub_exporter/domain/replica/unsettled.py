"""Rows with the content of a file that could not be had: they are read again by themselves, ever less often."""

from collections.abc import Collection, Iterable, Mapping

from infrahub_exporter.domain.asking.columns import CONTENT, Column
from infrahub_exporter.domain.model import BadContent, Row
from infrahub_exporter.domain.publishing.backoff import Backoff


class Unsettled:
    """Which rows of a table those are, and when each is to be read again, by Infrahub's time."""

    def __init__(self) -> None:
        self._waits: dict[str, Backoff] = {}
        self._places: tuple[int, ...] = ()

    def place(self, columns: Iterable[Column]) -> None:
        """Learn which columns a row has."""
        ways = enumerate(column.ways for column in columns)
        self._places = tuple([place for place, each in ways if any(way.subfield == CONTENT for way in each)])

    def note(self, found: Mapping[str, Row]) -> None:
        """Learn what has been read."""
        if self._places:
            for identifier, row in found.items():
                if any(_may_pass(row.values[place]) for place in self._places if place < len(row.values)):
                    self._waits.setdefault(identifier, Backoff())
                else:
                    self._waits.pop(identifier, None)

    def drop(self, gone: Iterable[str]) -> None:
        """Forget rows that are held no longer."""
        if self._waits:
            for identifier in gone:
                self._waits.pop(identifier, None)

    def due(self, at: float) -> Collection[str]:
        """Return, once, what is to be read again by now."""
        found = [identifier for identifier, wait in self._waits.items() if wait.is_over(at)]
        self._waits.update({each: self._waits[each].refused(at) for each in found})
        return found


def _may_pass(value: object) -> bool:
    if isinstance(value, tuple):
        return any(map(_may_pass, value))
    return isinstance(value, BadContent) and value.may_pass
