"""The suite of the port `Clock`."""

import time
from collections.abc import Callable

import pytest

from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.testing.contract import Contract

__all__ = ["ClockContract"]

_TOLERANCE_SECONDS = 1.0


class ClockContract(Contract):
    """What every `Clock` does.

    Fixtures: `clock`, and where it does not tell this machine's time, `now`: a callable that returns the unix seconds
    that the clock must show.
    """

    @pytest.fixture
    def now(self) -> Callable[[], float]:
        """Return what tells the right time."""
        return time.time

    def test_it_is_a_clock(self, clock: Clock) -> None:
        assert isinstance(clock, Clock)

    def test_wall_is_unix_seconds(self, clock: Clock, now: Callable[[], float]) -> None:
        before, wall, after = now(), clock.wall(), now()
        assert isinstance(wall, float)
        assert before - _TOLERANCE_SECONDS <= wall <= after + _TOLERANCE_SECONDS

    def test_monotonic_never_goes_back(self, clock: Clock) -> None:
        readings = [clock.monotonic() for _ in range(1000)]
        assert all(isinstance(reading, float) for reading in readings)
        assert readings == sorted(readings)
