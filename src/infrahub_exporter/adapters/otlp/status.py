"""What a push came to: counted, and put into words once per change of state."""

import logging
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from infrahub_exporter.adapters.otlp.calls import Accepted, Refused


class OtlpStatus(Struct, frozen=True):
    """What the push has done since it was made.

    `pushes` counts those of which the collector took every request. `points_rejected` are those that it said no to in a
    partial success, `points_dropped` those of refused requests and those too large for any request. `failures` counts
    refused requests by gRPC code in lower case (`certificate` where one cannot be read). `last_error` is the
    message of the newest push, None where all of it arrived; it holds no secret.
    """

    pushes: int = 0
    points_delivered: int = 0
    points_rejected: int = 0
    points_dropped: int = 0
    failures: Mapping[str, int] = {}
    last_success_timestamp_seconds: float | None = None
    last_error: str | None = None


class Condition(Struct, frozen=True):
    """The state that the newest push shows; a line is logged when `kind` is another one than before."""

    kind: str
    level: int = logging.INFO
    message: str | None = None


class Tally(Struct):
    """One push while it goes on: points that cannot be sent, then the outcome of each request."""

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
            return Condition(f"failing:{last.code}", logging.WARNING, f"{last.code}: {last.message}")
        if self.rejected:
            message = f"the collector rejected {self.rejected} points: {self.message or 'it gave no reason'}"
            return Condition("rejecting", logging.WARNING, message)
        if self.oversized:
            message = f"{self.oversized} points are larger than any request may be and are not sent"
            return Condition("oversized", logging.WARNING, message)
        if self.message:
            return Condition("warned", logging.WARNING, f"the collector warns: {self.message}")
        return Condition("well")


def counted(status: OtlpStatus, tally: Tally, *, error: str | None, now: float) -> OtlpStatus:
    """Add a push to the counts; `now` is unix seconds, `error` what to tell about it."""
    failures = dict(status.failures)
    for refusal in tally.refusals:
        failures[refusal.code] = failures.get(refusal.code, 0) + 1
    whole = not tally.refusals
    return replace(
        status,
        pushes=status.pushes + whole,
        points_delivered=status.points_delivered + tally.delivered,
        points_rejected=status.points_rejected + tally.rejected,
        points_dropped=status.points_dropped + tally.dropped + tally.oversized,
        failures=failures,
        last_success_timestamp_seconds=now if whole else status.last_success_timestamp_seconds,
        last_error=error,
    )
