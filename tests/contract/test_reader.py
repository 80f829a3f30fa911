"""The reader keeps the contracts of its ports, whichever Infrahub it reads."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply, Transport
from infrahub_exporter.testing import (
    RemoteNodeSourceContract,
    RemoteQueryRunnerContract,
    RemoteSchemaSourceContract,
    inventory,
)
from infrahub_exporter.testing.sources import Act


class Line:
    """A transport that can be cut."""

    def __init__(self, transport: Transport) -> None:
        self.transport = transport
        self.is_cut = False

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self._check()
        return await self.transport.graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        self._check()
        return await self.transport.get(path)

    async def close(self) -> None:
        await self.transport.close()

    def _check(self) -> None:
        if self.is_cut:
            raise SourceUnavailableError("the line is cut")


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


class TestReaderAsNodeSource(RemoteNodeSourceContract):
    @pytest.fixture
    def source(self, reader: InfrahubReader) -> InfrahubReader:
        return reader

    @pytest.fixture
    async def change(self, any_transport: Transport) -> AsyncIterator[Act]:
        async def change() -> None:
            await _replace_draft(any_transport, inventory.REMOVED_DRAFT, inventory.ADDED_DRAFT)

        yield change
        await _replace_draft(any_transport, inventory.ADDED_DRAFT, inventory.REMOVED_DRAFT)


class TestReaderAsQueryRunner(RemoteQueryRunnerContract):
    @pytest.fixture
    def runner(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


class TestReaderAsSchemaSource(RemoteSchemaSourceContract):
    @pytest.fixture
    def schema(self, reader: InfrahubReader) -> InfrahubReader:
        return reader


async def _replace_draft(transport: Transport, old: str, new: str) -> None:
    found = await _ask(
        transport, "query ($name: String) { ContractDraft(name__value: $name) { edges { node { id } } } }", name=old
    )
    for edge in found["ContractDraft"]["edges"]:
        await _ask(
            transport, "mutation ($id: String!) { ContractDraftDelete(data: {id: $id}) { ok } }", id=edge["node"]["id"]
        )
    await _ask(
        transport, "mutation ($name: String!) { ContractDraftUpsert(data: {name: {value: $name}}) { ok } }", name=new
    )


async def _ask(transport: Transport, document: str, **variables: object) -> Any:
    reply = await transport.graphql(document, variables)
    answer = msgspec.json.decode(reply.body)
    assert answer.get("errors") is None
    return answer["data"]
