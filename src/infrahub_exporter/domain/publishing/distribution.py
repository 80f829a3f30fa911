"""How often a figure was how large: what a classic histogram tells."""

from bisect import bisect_left
from collections.abc import Iterator

from msgspec import Struct


class Distribution(Struct, frozen=True):
    """Figures counted by size: `counts` of those up to each of the ascending `bounds`, and of those beyond them all.

    `counts` is empty before the first.
    """

    bounds: tuple[float, ...]
    counts: tuple[int, ...] = ()
    sum: float = 0.0

    def observed(self, figure: float, times: int = 1) -> "Distribution":
        """Return the distribution with a figure more, so many times."""
        counts = list(self.counts) or [0] * (len(self.bounds) + 1)
        counts[bisect_left(self.bounds, figure)] += times
        return Distribution(self.bounds, tuple(counts), self.sum + figure * times)

    def cumulative(self) -> Iterator[tuple[float, int]]:
        """Yield each bound with the number of figures up to it, infinity last."""
        total = 0
        for bound, count in zip(
            (*self.bounds, float("inf")), self.counts or (0,) * (len(self.bounds) + 1), strict=True
        ):
            total += count
            yield bound, total
