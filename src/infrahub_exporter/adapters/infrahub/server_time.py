"""The server's time, as far as its `Date` headers tell."""

import math
from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from infrahub_exporter.domain.ports import Clock

_RESOLUTION_SECONDS = 1.0
_PLAUSIBLE = range(946_684_800, 7_258_118_400)
"""The years 2000 to 2199: a `Date` outside of them is no clock's, and past some of them no calendar's."""
_STALE_SECONDS = 1.0
"""How old a `Date` may be when it is sent: servers write it once a second."""
_STAMPED_SECONDS = 60.0
"""How long a stamp counts: clocks run apart by less than a thousandth."""
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class ServerTime:
    """Follow the server's clock on the monotonic one, so that a wrong wall clock here does not matter.

    A `Date` (whole seconds, rounded down: RFC 9110, 5.6.7) bounds the server's time from both sides: at least that when
    the answer has come, less than a second more when the request left. The tightest lower bound is kept, so the time
    told is never in the server's future; a bound that contradicts it (the clock was set back) starts afresh.

    Servers send a `Date` that is up to a second old besides. A stamp that they have just set is exact: for a while the
    newest one counts, where it fits between those bounds.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None
        self._upper = 0.0
        self._stamped = 0.0
        self._stamped_at = -math.inf

    def observe(self, date: str | None, *, sent: float, received: float) -> None:
        """Learn from an answer's `Date`, with the monotonic times of its request and of its arrival.

        What is no date of the years 2000 to 2199 teaches nothing.
        """
        if date is None:
            return
        try:
            stamp = parsedate_to_datetime(date).timestamp()
        except (ValueError, OverflowError, TypeError):
            return
        if int(stamp) not in _PLAUSIBLE:
            return
        lower, upper = stamp - received, stamp + _RESOLUTION_SECONDS - sent
        self._upper = upper + _STALE_SECONDS
        if self._offset is None or not lower <= self._offset < upper:
            self._offset = lower
        if not lower <= self._stamped < self._upper:
            self._stamped_at = -math.inf

    def observe_stamp(self, stamp: float, *, received: float) -> None:
        """Learn from a stamp by the server's clock (unix seconds) in an answer that came at a monotonic time."""
        ahead = stamp - received
        now = self.instant()
        if now is not None and now - self._clock.monotonic() < ahead < self._upper:
            self._stamped, self._stamped_at = ahead, received

    def instant(self) -> float | None:
        """Return the server's now in unix seconds, or None before any answer came."""
        if self._offset is None:
            return None
        now = self._clock.monotonic()
        is_stamped = now - self._stamped_at < _STAMPED_SECONDS
        return now + (max(self._offset, self._stamped) if is_stamped else self._offset)


def iso(instant: float) -> str:
    """Write an instant as `?at=` and a DateTime variable take it: ISO 8601 with `Z`."""
    return (_EPOCH + timedelta(seconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
