"""A transport that can be cut, and the change that suites want while they read."""

from collections.abc import Mapping
from typing import Any

import msgspec

from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.infrahub.server_time import iso
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply, Transport


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


async def replace_draft(transport: Transport, old: str, new: str) -> None:
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


async def is_there(transport: Transport, name: str) -> bool:
    """Tell whether a draft is there at the instant that a reader which knows nothing yet takes for now."""
    at = iso(await InfrahubReader(transport, clock=SystemClock(), page_size=1).instant())
    document = "query ($name: String) { ContractDraft(name__value: $name) { count } }"
    reply = await transport.graphql(document, {"name": name}, at=at)
    found: int = msgspec.json.decode(reply.body)["data"]["ContractDraft"]["count"]
    return found == 1


async def _ask(transport: Transport, document: str, **variables: object) -> Any:
    reply = await transport.graphql(document, variables)
    answer = msgspec.json.decode(reply.body)
    assert answer.get("errors") is None
    return answer["data"]
