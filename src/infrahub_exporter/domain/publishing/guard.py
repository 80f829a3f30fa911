"""The shrink guard: publish what was read, or hold on to what is published because too much of it is gone at once.

A loss is measured between what is published and what Infrahub has now, by number. What follows from that:

- A list that shrinks in steps, each of them small enough, is followed step by step.
- What comes back in part is published as soon as the rest of the loss is small enough; what comes back whole ends the
  hold, and the next loss is a new one that needs all its confirmations.
- A held list that grows and is still too small, or shrinks on by little, counts as the same loss.
- One that loses too much again, measured from where the counting began, is a new loss: the counting begins anew. As
  that can happen only so often before nothing is left, a loss that stays is published in the end, and so is a list that
  swings between two losses.
- Nothing is remembered of a hold that has ended.
"""

from enum import Enum

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.asking.specs import Count, Override, Ratio
from infrahub_exporter.domain.counts import counted, noun


class GuardSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How much may go at once: a loss of more than `max_loss_ratio` and of at least `min_loss` is held.

    `confirmations` is how many later cycles have to see the loss still there before it is published.
    """

    enabled: bool = True
    max_loss_ratio: Ratio = 0.5
    min_loss: Count = 10
    confirmations: Count = 3

    def overridden(self, override: Override) -> "GuardSpec":
        """Return this guard as an entry wants it."""
        if override is None:
            return self
        if isinstance(override, bool):
            return msgspec.structs.replace(self, enabled=override)
        said = {name: value for name, value in msgspec.structs.asdict(override).items() if value is not None}
        return msgspec.structs.replace(self, **said)

    def forbids(self, before: int, after: int) -> bool:
        """Tell whether going from one number to another is too much of a loss."""
        lost = before - after
        return self.enabled and lost >= self.min_loss and lost > self.max_loss_ratio * before


class Hold(Struct, frozen=True):
    """A publication that is held: `published` items stay, since `since` (unix seconds), though there are `offered` now.

    `confirmations` counts the later cycles that saw the loss; `floor` is what was offered when that counting began.
    """

    since: float
    published: int
    offered: int
    floor: int
    confirmations: int = 0


class Verdict(Enum):
    """What becomes of what was read; the last three end a hold."""

    PASSED = "passed"
    HELD = "held"
    RECOVERED = "recovered"
    CONFIRMED = "confirmed"
    RELEASED = "released"

    @property
    def publishes(self) -> bool:
        """Tell whether what was read is to be published."""
        return self is not Verdict.HELD


class Judged(Struct, frozen=True):
    """A verdict, and the guard to ask the next time."""

    guard: "Guard"
    verdict: Verdict


class Guard(Struct, frozen=True):
    """The guard of one list or kind; `hold` is None where nothing is held."""

    spec: GuardSpec = GuardSpec()
    hold: Hold | None = None
    is_released: bool = False

    def judge(self, published: int, offered: int, *, at: float, verified: bool) -> Judged:
        """Decide whether the `offered` items take the place of the `published` ones, at a wall clock (unix seconds).

        Ask after each good read. `verified` says that this cycle asked Infrahub whether the offered items are what it
        has: by reading them all, or by a probe that says unchanged and a count. An item is a series or a target group;
        0 are published before the first read.
        """
        held = self.hold
        if not self.spec.forbids(published, offered):
            return self._ended(Verdict.PASSED if held is None else Verdict.RECOVERED)
        if held is None:
            return self._holding(Hold(at, published, offered, floor=offered))
        if self.spec.forbids(held.floor, offered):
            return self._holding(Hold(held.since, published, offered, floor=offered))
        if self.is_released:
            return self._ended(Verdict.RELEASED)
        confirmations = held.confirmations + verified
        if confirmations >= self.spec.confirmations:
            return self._ended(Verdict.CONFIRMED)
        return self._holding(Hold(held.since, published, offered, held.floor, confirmations))

    def released(self) -> "Guard":
        """Return the guard after an operator has released what is held: the next judgement lets it through.

        A new loss on top of it is held all the same. Where nothing is held there is nothing to release.
        """
        return self if self.hold is None else msgspec.structs.replace(self, is_released=True)

    @property
    def reason(self) -> str | None:
        """Say what is held and how far it is confirmed; None where nothing is."""
        if self.hold is None:
            return None
        hold = self.hold
        gone = hold.published - hold.offered
        return (
            f"{gone} of {hold.published} {noun(gone, 'is', 'are')} gone, the last good ones stay: "
            f"confirmed {hold.confirmations} of {counted(self.spec.confirmations, 'time')}"
        )

    def _holding(self, hold: Hold) -> Judged:
        return Judged(Guard(self.spec, hold), Verdict.HELD)

    def _ended(self, verdict: Verdict) -> Judged:
        return Judged(Guard(self.spec), verdict)
