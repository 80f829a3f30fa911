"""How old a change is when it becomes visible: from Infrahub's stamp to the publication."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from infrahub_exporter.domain.ports import Clock

_MOST = 10_000
"""How many instants of a kind are kept while it cannot be read: of more the newest."""


class Visibility:
    """Keep the stamps of changes by kind, to a second, until what may show them has been published."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._stamps: dict[str, Counter[int]] = {}
        self._ahead_seconds = 0.0

    def learn(self, stamps: Mapping[str, Iterable[float]], *, at: float) -> None:
        """Note changes by the stamps of each kind. `at` is now by Infrahub's clock."""
        self._ahead_seconds = at - self._clock.monotonic()
        for kind, found in stamps.items():
            kept = self._stamps.setdefault(kind, Counter())
            kept.update(map(int, found))
            for stamp in sorted(kept)[:-_MOST]:
                del kept[stamp]

    def published(self, lags: Callable[[str], bool]) -> Mapping[float, int]:
        """Return how old the changes are that are visible from now on, and how many are of each age.

        `lags` tells of a kind that something which may show it has not been published.
        """
        now = self._clock.monotonic() + self._ahead_seconds
        ages: Counter[float] = Counter()
        for kind in [each for each in self._stamps if not lags(each)]:
            for stamp, count in self._stamps.pop(kind).items():
                ages[max(0.0, now - stamp)] += count
        return ages
