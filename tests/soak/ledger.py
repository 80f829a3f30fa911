"""What has happened, and what was wrong."""

import threading
from collections import Counter
from time import monotonic

import click

from tests.soak.truth import Entry, Flaw, Wrong

SHOWN, FLAWS_SHOWN = 25, 3
"""How many wrongs are written out, and how many nodes of one sort of flaw."""


class Ledger:
    """Counts, and notes what is wrong. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = monotonic()
        self._seen: set[tuple[Wrong, Entry, str]] = set()
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.flaws: Counter[tuple[Wrong, str]] = Counter()
        self.wrongs: list[str] = []
        self.longest: dict[str, float] = {}

    @property
    def seconds(self) -> float:
        """How long it has been going on."""
        return monotonic() - self._began

    @property
    def lost(self) -> int:
        """How many series and targets have been lost."""
        return sum(number for (what, _), number in self.flaws.items() if what is Wrong.LOST)

    @property
    def is_clean(self) -> bool:
        """Tell whether nothing was wrong."""
        return not self.flaws and not self.wrongs

    def count(self, what: str, number: int = 1) -> None:
        with self._lock:
            self.counts[what] += number

    def fault(self, name: str) -> None:
        with self._lock:
            self.faults[name] += 1

    def lasted(self, what: str, seconds: float) -> None:
        """Keep the longest time that something has taken."""
        with self._lock:
            self.longest[what] = max(self.longest.get(what, 0.0), seconds)

    def flaw(self, flaw: Flaw, when: str) -> None:
        """Note what is wrong with a node: once, however many answers show it."""
        with self._lock:
            key = flaw.what, flaw.entry, flaw.identifier
            if key in self._seen:
                return
            self._seen.add(key)
            self.flaws[flaw.what, flaw.entry[0]] += 1
            number = self.flaws[flaw.what, flaw.entry[0]]
        if number <= FLAWS_SHOWN:
            self.wrong(f"{flaw}; {when}", is_counted=True)

    def wrong(self, what: str, *, is_counted: bool = False) -> None:
        """Note anything else that is wrong."""
        with self._lock:
            self.counts["wrong otherwise"] += not is_counted
            self.wrongs.append(f"at {self.seconds:.1f} s: {what}")
            if len(self.wrongs) <= SHOWN:
                self._say(self.wrongs[-1])

    @staticmethod
    def _say(what: str) -> None:
        click.echo(f"WRONG {what}", err=True)
