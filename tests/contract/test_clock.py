"""The system's clock keeps the contract of its port."""

import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.testing import ClockContract


class TestSystemClock(ClockContract):
    @pytest.fixture
    def clock(self) -> SystemClock:
        return SystemClock()
