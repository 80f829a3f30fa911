"""What a push came to: counted, and put into words once per change of state."""

from msgspec import Struct
from msgspec.structs import replace

from infrahub_exporter.adapters.otlp.calls import Accepted, Refused
from infrahub_exporter.domain import counts
from infrahub_exporter.domain.publishing.status import PushStatus


class Condition(Struct, frozen=True):
    """The state that the newest push shows; a line is logged when `kind` is another one than before."""

    kind: str
    message: str | None = None


class Tally(Struct):
    """One push while it goes on: families too old and points too large to send, then the outcome of each request."""

    stale: int = 0
    oversized: int = 0
    delivered: int = 0
    rejected: int = 0
    dropped: int = 0
    requests: int = 0
    accepted: int = 0
    message: str = ""
    refusals: tuple[Refused, ...] = ()

    @property
    def hopeless(self) -> bool:
        """Tell whether the requests that are left need not be tried."""
        return any(each.hopeless for each in self.refusals)

    @property
    def asked_seconds(self) -> float:
        """How long the collector asks to be left alone, 0 where it does not."""
        return max((each.asked_seconds or 0.0 for each in self.refusals), default=0.0)

    def add(self, points: int, outcome: Accepted | Refused | None) -> None:
        """Add a request of so many points; its outcome is None where it was not tried."""
        self.requests += 1
        if isinstance(outcome, Accepted):
            rejected = min(max(outcome.rejected, 0), points)
            self.accepted += 1
            self.delivered += points - rejected
            self.rejected += rejected
            self.message = outcome.message or self.message
        else:
            self.dropped += points
            self.refusals += (outcome,) if outcome is not None else ()

    def condition(self) -> Condition:
        """Tell the state: the worst thing that happened."""
        if self.refusals:
            last = self.refusals[-1]
            return Condition(f"failing:{last.code}", f"{last.code}: {last.message}")
        if self.rejected:
            reason = self.message or "it gave no reason"
            return Condition("rejecting", f"the collector rejected {counts.counted(self.rejected, 'point')}: {reason}")
        if self.oversized:
            are = counts.noun(self.oversized, "is", "are")
            message = (
                f"{counts.counted(self.oversized, 'point')} {are} larger than any request may be and {are} not sent"
            )
            return Condition("oversized", message)
        if self.stale:
            were, are = counts.noun(self.stale, "was", "were"), counts.noun(self.stale, "is", "are")
            return Condition(
                "stale", f"{counts.counted(self.stale, 'metric')} {were} read too long ago and {are} not sent"
            )
        if self.message:
            return Condition("warned", f"the collector warns: {self.message}")
        return Condition("well")


def counted(status: PushStatus, tally: Tally, *, now: float) -> PushStatus:
    """Add a push to the counts; `now` is unix seconds. A push went well where every request was taken."""
    failures = dict(status.failures)
    for refusal in tally.refusals:
        failures[refusal.code] = failures.get(refusal.code, 0) + 1
    whole = tally.accepted > 0 and not tally.refusals
    return replace(
        status,
        pushes=status.pushes + whole,
        points_delivered=status.points_delivered + tally.delivered,
        points_rejected=status.points_rejected + tally.rejected,
        points_dropped=status.points_dropped + tally.dropped + tally.oversized,
        failures=failures,
        last_success_timestamp_seconds=now if whole else status.last_success_timestamp_seconds,
        last_error=tally.condition().message,
    )
