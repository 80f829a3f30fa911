"""Fixtures for every test."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import settings

settings.register_profile("whenever", deadline=None)  # a busy machine is no failure
settings.load_profile("whenever")


@pytest.fixture
def anyio_backend() -> str:
    """Run asynchronous tests on asyncio only: the gRPC and SDK adapters are asyncio's."""
    return "asyncio"


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Leave the log to the next test as it was: what a command sets up is set up for the whole process."""
    root = logging.getLogger()
    level, handlers = root.level, tuple(root.handlers)
    yield
    root.setLevel(level)
    for each in tuple(root.handlers):
        if each not in handlers and not type(each).__module__.startswith("_pytest"):
            root.removeHandler(each)
