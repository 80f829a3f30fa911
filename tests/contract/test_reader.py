"""The reader keeps the contracts of its ports, whichever Infrahub it reads."""

from pathlib import Path

import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.testing import (
    RemoteNodeSourceContract,
    RemoteQueryRunnerContract,
    RemoteSchemaSourceContract,
    inventory,
)

DEMO_SCHEMA = Path(__file__).parent.parent.parent / "demo" / "schema.yml"


class TestReaderAsNodeSource(RemoteNodeSourceContract):
    @pytest.fixture
    def source(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


class TestReaderAsQueryRunner(RemoteQueryRunnerContract):
    @pytest.fixture
    def runner(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


class TestReaderAsSchemaSource(RemoteSchemaSourceContract):
    @pytest.fixture
    def schema(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


@pytest.mark.anyio
async def test_another_schema_has_another_fingerprint() -> None:
    one, other = (
        InfrahubReader(
            EmbeddedTransport(EmbeddedInfrahub.load(schema, [])), clock=SystemClock(), page_size=inventory.PAGE_SIZE
        )
        for schema in ([inventory.SCHEMA_FILE], [inventory.SCHEMA_FILE, DEMO_SCHEMA])
    )
    assert await one.fingerprint() != await other.fingerprint()
