"""Fixtures for every test."""

import pytest


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only: the gRPC and SDK adapters are asyncio's."""
    return "asyncio"
