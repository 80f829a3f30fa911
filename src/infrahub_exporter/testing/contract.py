"""What the suites have in common."""

from collections.abc import Awaitable, Callable

import pytest

__all__ = ["Act", "Contract"]

Act = Callable[[], Awaitable[None]]
"""What a fixture gives a test to do."""


class Contract:
    """A suite: subclass it under a name that begins with `Test`, and provide the fixtures that its docstring names.

    The tests run on asyncio; override `anyio_backend` for something else.
    """

    @pytest.fixture
    def anyio_backend(self) -> str:
        """Name the event loop that runs asynchronous tests and fixtures."""
        return "asyncio"
