"""The reader tells what changed, whichever Infrahub it reads."""

import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.testing import ChangedRowsContract, RemoteChangeProbeContract


class TestReaderAsChangeProbe(RemoteChangeProbeContract):
    @pytest.fixture
    def probe(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


class TestReaderAsChangedRows(ChangedRowsContract):
    @pytest.fixture
    def probe(self, reader: InfrahubReader) -> InfrahubReader:
        return reader
