"""How long what was refused is left alone: asking the same again, poll after poll, helps nobody."""

from msgspec import Struct

_FIRST_SECONDS = 30.0
LONGEST_SECONDS = 300.0
"""The longest wait: whoever mends a permission or a query at Infrahub sees it work within this time."""


class Outages:
    """Count what goes well of all that is asked of Infrahub: a probe, or a read of any entry."""

    def __init__(self) -> None:
        self.well = 0

    def went_well(self) -> None:
        """Learn that Infrahub answered something as it should."""
        self.well += 1


class Backoff(Struct, frozen=True):
    """After the first refusal the next turn is taken, then the wait doubles. `until` is on the monotonic clock.

    A refusal is in doubt where what was refused went well the last time, or nothing at all went well since its last
    failure: then Infrahub may be at fault, and the wait ends as soon as anything goes well. Refused again while other
    things go well, it is wrong in itself. `well` is how much had gone well by the refusal.
    """

    refusals: int = 0
    until: float = 0.0
    in_doubt: bool = False
    well: int = 0

    def refused(self, now: float, *, in_doubt: bool = False, well: int = 0) -> "Backoff":
        """Return the backoff after one more refusal."""
        doubled = _FIRST_SECONDS * 2.0 ** min(self.refusals - 1, 16)
        wait = min(doubled, LONGEST_SECONDS) if self.refusals else 0.0
        return Backoff(self.refusals + 1, now + wait, in_doubt, well)

    def is_over(self, now: float, *, well: int = 0) -> bool:
        """Tell whether it is time to ask again, with so much gone well by now."""
        return not self.refusals or now >= self.until or (self.in_doubt and well > self.well)
