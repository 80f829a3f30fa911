"""All that is wrong with the files of a start, told at once."""

from collections.abc import Iterator
from contextlib import contextmanager

from infrahub_exporter.domain.errors import ConfigError

TOLD = 20


class Faults:
    """Gathers faults, each once and in the order in which they are found; the first are told, the others counted."""

    def __init__(self) -> None:
        self._lines: dict[str, None] = {}

    def __len__(self) -> int:
        return len(self._lines)

    def add(self, fault: str) -> None:
        """Remember a fault."""
        self._lines[fault] = None

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on after a fault."""
        try:
            yield
        except ConfigError as exc:
            for line in str(exc).splitlines():
                self.add(line)

    def check(self) -> None:
        """Raise ConfigError with a line per fault where there are any."""
        if self._lines:
            raise ConfigError(self.told())

    def told(self) -> str:
        """Give a line per fault, and how many more there are."""
        told = list(self._lines)[:TOLD]
        more = len(self._lines) - len(told)
        return "\n".join([*told, *([f"and {more} more"] if more else [])])
