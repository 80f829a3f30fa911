"""How old a change is when it becomes visible: from Infrahub's stamp to the publication."""

from collections import Counter
from collections.abc import Iterable, Mapping

from infrahub_exporter.domain.ports import Clock


class Visibility:
    """Keep the stamps of changes until all that may show them has been published."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stamps: Counter[float] = Counter()
        self._ahead_seconds = 0.0

    def learn(self, stamps: Iterable[float], *, at: float) -> None:
        """Note changes by their stamps. `at` is now by Infrahub's clock."""
        self._stamps.update(stamps)
        self._ahead_seconds = at - self._clock.monotonic()

    def published(self) -> Mapping[float, int]:
        """Return how old the changes are that are visible from now on, and how many are of each age."""
        now = self._clock.monotonic() + self._ahead_seconds
        stamps, self._stamps = self._stamps, Counter()
        return {max(0.0, now - stamp): count for stamp, count in stamps.items()}
