"""An answer's body as what was asked for, or the error that it stands for."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import anyio.to_thread
import msgspec

from infrahub_exporter.adapters.infrahub.answers import UNREADABLE, failure
from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.ports import Reply

Decoded = TypeVar("Decoded")

_LARGE_BYTES = 1 << 20
"""From here on decoding an answer takes more than some 5 ms."""


def raise_failure(reply: Reply) -> None:
    """Raise the error that a reply stands for."""
    error = failure(reply)
    try:
        if error is not None:
            raise error
    finally:
        del error  # its traceback leads here: it would hold on to itself, and to the reply


async def decoded(decode: Callable[[bytes], Decoded], body: bytes, large: LargeAnswers) -> Decoded:
    """Decode a body, a large one off the event loop and in its turn."""
    if len(body) <= _LARGE_BYTES:
        return decode(body)
    async with large.decoding():
        return await anyio.to_thread.run_sync(decode, body)


def misfit(what: str, error: Exception) -> DerivationError:
    """Say that an answer does not fit what was asked."""
    return DerivationError(f"{what}: the answer does not fit the query: {error}")


async def fit(body: bytes, wanted: type[Any], large: LargeAnswers) -> Any:
    """Decode a body into a type. Raises DerivationError where it does not fit."""
    try:
        return await decoded(partial(msgspec.json.decode, type=wanted), body, large)
    except UNREADABLE as error:
        raise DerivationError(f"the answer does not fit the question: {error}") from error
