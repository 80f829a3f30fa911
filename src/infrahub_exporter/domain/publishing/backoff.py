"""How long what was refused is left alone: asking the same again, poll after poll, helps nobody."""

from msgspec import Struct

_FIRST_SECONDS = 30.0
LONGEST_SECONDS = 300.0
"""The longest wait: whoever mends a permission or a query at Infrahub sees it work within this time."""


class Backoff(Struct, frozen=True):
    """After the first refusal the next turn is taken, then the wait doubles. `until` is on the monotonic clock."""

    refusals: int = 0
    until: float = 0.0

    def refused(self, now: float) -> "Backoff":
        """Return the backoff after one more refusal."""
        doubled = _FIRST_SECONDS * 2.0 ** min(self.refusals - 1, 16)
        wait = min(doubled, LONGEST_SECONDS) if self.refusals else 0.0
        return Backoff(self.refusals + 1, now + wait)

    def is_over(self, now: float) -> bool:
        """Tell whether it is time to ask again."""
        return now >= self.until if self.refusals else True
