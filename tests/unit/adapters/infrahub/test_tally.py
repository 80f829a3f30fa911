"""Requests counted by what they ask and how they end."""

import anyio
import pytest

from infrahub_exporter.adapters.infrahub.tally import Tally
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

pytestmark = pytest.mark.anyio


async def replied(status: int, body: bytes) -> Reply:
    await anyio.lowlevel.checkpoint()
    return Reply(status, {}, body)


async def failed(error: ExporterError) -> Reply:
    await anyio.lowlevel.checkpoint()
    raise error


async def test_answers_are_counted_by_what_they_are_with_their_bytes() -> None:
    tally = Tally()
    await tally.count("nodes", replied(200, b'{"data": {}}'))
    await tally.count("nodes", replied(200, b'{"data": {}}'))
    await tally.count("nodes", replied(503, b"busy"))
    await tally.count("schema", replied(401, b""))

    assert tally.requests == {("nodes", "ok"): 2, ("nodes", "unavailable"): 1, ("schema", "rejected"): 1}
    assert tally.read_bytes == 28


@pytest.mark.parametrize(
    ("error", "outcome"),
    [(SourceUnavailableError("down"), "unavailable"), (DerivationError("too large"), "derivation")],
)
async def test_what_never_came_is_counted_by_its_class_and_raised(error: ExporterError, outcome: str) -> None:
    tally = Tally()
    with pytest.raises(type(error)):
        await tally.count("probe", failed(error))

    assert (tally.requests, tally.read_bytes) == ({("probe", outcome): 1}, 0)


async def test_a_request_that_nobody_waits_for_any_more_is_cancelled() -> None:
    tally = Tally()
    with anyio.CancelScope() as scope:
        scope.cancel()
        await tally.count("count", replied(200, b"{}"))

    assert tally.requests == {("count", "cancelled"): 1}
