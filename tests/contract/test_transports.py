"""The transports keep their port's contract."""

from collections.abc import AsyncIterator

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.sdk import SdkTransport
from infrahub_exporter.domain.ports import Transport
from infrahub_exporter.testing import RemoteTransportContract, TransportContract
from tests.contract.conftest import TOKEN, sdk_transport


class TestEmbeddedTransport(TransportContract):
    @pytest.fixture
    def transport(self, infrahub: EmbeddedInfrahub) -> EmbeddedTransport:
        return EmbeddedTransport(infrahub, token=TOKEN)


class TestSdkTransport(RemoteTransportContract):
    @pytest.fixture
    def transport(self, http_transport: Transport) -> Transport:
        return http_transport

    @pytest.fixture
    async def lost(self, lost_port: int) -> AsyncIterator[SdkTransport]:
        transport = sdk_transport(f"http://127.0.0.1:{lost_port}")
        yield transport
        await transport.close()

    @pytest.fixture
    async def silent(self, silent_port: int) -> AsyncIterator[SdkTransport]:
        transport = sdk_transport(f"http://127.0.0.1:{silent_port}", timeout_seconds=0.2)
        yield transport
        await transport.close()
