"""Infrahubs that hold the known inventory: in process and over HTTP, or the real one that the environment names."""

import os
import socket
import threading
from collections.abc import AsyncIterator, Iterator

import anyio
import pytest
import uvicorn

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.embedded.server import create_app
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.infrahub.sdk import SdkTransport
from infrahub_exporter.domain.ports import Transport
from infrahub_exporter.testing import inventory
from infrahub_exporter.testing.contract import Act
from tests.contract.reading import Line, is_there, replace_draft

TOKEN = "a-token"
IN_PROCESS, SERVED, REAL = "embedded, in process", "embedded, over HTTP", "real, over HTTP"
_DATED_SECONDS = 30.0
IS_REAL = "INFRAHUB_E2E_ADDRESS" in os.environ
"""Whether there is a real one; it has `testing/data` loaded. What holds without it is shown without it."""
OVER_HTTP = [REAL if IS_REAL else SERVED]
"""The Infrahub that the SDK's transport reaches."""


@pytest.fixture(scope="module")
def infrahub() -> EmbeddedInfrahub:
    return EmbeddedInfrahub.load([inventory.SCHEMA_FILE], [inventory.OBJECTS_FILE], token=TOKEN)


@pytest.fixture(scope="module")
def served(infrahub: EmbeddedInfrahub) -> Iterator[str]:
    """Serve the embedded Infrahub; connections wait in the socket's backlog until the server is up."""
    config = uvicorn.Config(create_app(infrahub), log_config=None, access_log=False, ws="none", lifespan="on")
    server = uvicorn.Server(config)
    with socket.create_server(("127.0.0.1", 0)) as listener:
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        server.should_exit = True
        thread.join()


@pytest.fixture
def lost_port() -> Iterator[int]:
    """Hold a port on which nobody listens."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        yield holder.getsockname()[1]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """Hold a port that takes connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def sdk_transport(address: str, *, token: str = TOKEN, timeout_seconds: float = 30.0) -> SdkTransport:
    return SdkTransport(address=address, token=token, branch="main", timeout_seconds=timeout_seconds)


def transport_to(place: str, request: pytest.FixtureRequest) -> Transport:
    if place == IN_PROCESS:
        return EmbeddedTransport(request.getfixturevalue("infrahub"), token=TOKEN)
    if place == SERVED:
        return sdk_transport(request.getfixturevalue("served"))
    return sdk_transport(os.environ["INFRAHUB_E2E_ADDRESS"], token=os.environ["INFRAHUB_E2E_TOKEN"])


@pytest.fixture(params=OVER_HTTP if IS_REAL else [IN_PROCESS, *OVER_HTTP])
async def any_transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    transport = transport_to(request.param, request)
    yield transport
    await transport.close()


@pytest.fixture(params=OVER_HTTP)
async def http_transport(request: pytest.FixtureRequest) -> AsyncIterator[Transport]:
    transport = transport_to(request.param, request)
    yield transport
    await transport.close()


@pytest.fixture
def line(any_transport: Transport) -> Line:
    return Line(any_transport)


@pytest.fixture
def reader(line: Line) -> InfrahubReader:
    return InfrahubReader(line, clock=SystemClock(), page_size=inventory.PAGE_SIZE)


@pytest.fixture
def cut(line: Line) -> Act:
    async def cut() -> None:
        line.is_cut = True

    return cut


@pytest.fixture
async def change(any_transport: Transport) -> AsyncIterator[Act]:
    async def change() -> None:
        await replace_draft(any_transport, inventory.REMOVED_DRAFT, inventory.ADDED_DRAFT)

    yield change
    await replace_draft(any_transport, inventory.ADDED_DRAFT, inventory.REMOVED_DRAFT)
    with anyio.fail_after(_DATED_SECONDS):  # a `Date` is whole seconds: who reads next may pin an instant before this
        while not await is_there(any_transport, inventory.REMOVED_DRAFT):  # noqa: ASYNC110 - no event tells of it
            await anyio.sleep(0.1)
