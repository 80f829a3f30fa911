"""The server's time, as far as its `Date` headers tell."""

from datetime import datetime, timedelta, timezone
from email.utils import parsedate_to_datetime

from infrahub_exporter.domain.ports import Clock

_RESOLUTION_SECONDS = 1.0
_PLAUSIBLE = range(946_684_800, 7_258_118_400)
"""The years 2000 to 2199: a `Date` outside of them is no clock's, and past some of them no calendar's."""
_EPOCH = datetime.fromtimestamp(0, timezone.utc)


class ServerTime:
    """Follow the server's clock on the monotonic one, so that a wrong wall clock here does not matter.

    A `Date` (whole seconds, rounded down: RFC 9110, 5.6.7) bounds the server's time from both sides: at least that when
    the answer has come, less than a second more when the request left. The tightest lower bound is kept, so the time
    told is never in the server's future; a bound that contradicts it (the clock was set back) starts afresh.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._offset: float | None = None

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
        if self._offset is None or not lower <= self._offset < upper:
            self._offset = lower

    def instant(self) -> float | None:
        """Return the server's now in unix seconds, or None before any answer came."""
        return None if self._offset is None else self._offset + self._clock.monotonic()


def iso(instant: float) -> str:
    """Write an instant as `?at=` and a DateTime variable take it: ISO 8601 with `Z`."""
    return (_EPOCH + timedelta(seconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
