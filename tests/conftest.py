"""Fixtures for every test."""

import pytest
from hypothesis import settings

settings.register_profile("whenever", deadline=None)  # a busy machine is no failure
settings.load_profile("whenever")


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only: the gRPC and SDK adapters are asyncio's."""
    return "asyncio"
