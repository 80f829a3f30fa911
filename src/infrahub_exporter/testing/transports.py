"""The suite of the port `Transport`."""

from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from http import HTTPStatus
from typing import Any

import anyio
import msgspec
import pytest

from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply, Transport
from infrahub_exporter.testing.contract import Contract

__all__ = ["RemoteTransportContract", "TransportContract"]

_COUNT = "query ($name: String) { ContractRegion(name__value: $name) { count } }"
_TYPED = (
    "query ($names: [String], $serial: BigInt, $monitored: Boolean, $limit: Int) { "
    "ContractDevice(name__values: $names, serial__value: $serial, monitored__value: $monitored, limit: $limit) "
    "{ edges { node { name { value } serial { value } } } } }"
)
_CREATE = 'mutation { ContractScratchCreate(data: {name: {value: "scratch"}}) { object { id } } }'
_DELETE = "mutation ($id: String!) { ContractScratchDelete(data: {id: $id}) { ok } }"
_STAMP = "query ($id: ID) { ContractScratch(ids: [$id]) { edges { node_metadata { created_at } } } }"
_SCRATCHES = "query { ContractScratch { count } }"


class TransportContract(Contract):
    """What every `Transport` does.

    Fixture: `transport`, to an Infrahub that holds the known inventory and allows changes to it.
    """

    @pytest.mark.anyio
    async def test_it_is_a_transport(self, transport: Transport) -> None:
        assert isinstance(transport, Transport)

    @pytest.mark.anyio
    async def test_a_document_is_answered_in_bytes(self, transport: Transport) -> None:
        reply = await transport.graphql("query { ContractRegion { count } }", {})
        assert reply.status == HTTPStatus.OK
        assert isinstance(reply.body, bytes)
        assert _data(reply) == {"ContractRegion": {"count": 2}}

    @pytest.mark.anyio
    async def test_variables_arrive(self, transport: Transport) -> None:
        assert _data(await transport.graphql(_COUNT, {"name": "alps"})) == {"ContractRegion": {"count": 1}}
        assert _data(await transport.graphql(_COUNT, {"name": "elsewhere"})) == {"ContractRegion": {"count": 0}}

    @pytest.mark.anyio
    async def test_variables_keep_their_types(self, transport: Transport) -> None:
        variables = {"names": ["core1", "zürich"], "serial": 9007199254740993, "monitored": True, "limit": 5}
        assert _data(await transport.graphql(_TYPED, variables)) == {
            "ContractDevice": {"edges": [{"node": {"name": {"value": "core1"}, "serial": {"value": 9007199254740993}}}]}
        }

    @pytest.mark.anyio
    async def test_text_keeps_every_character(self, transport: Transport) -> None:
        document = "query ($name: String) { ContractDevice(name__value: $name) { edges { node { name { value } } } } }"
        name = "edge 'ünï™' 2"
        assert _data(await transport.graphql(document, {"name": name})) == {
            "ContractDevice": {"edges": [{"node": {"name": {"value": name}}}]}
        }

    @pytest.mark.anyio
    async def test_headers_have_lower_case_names(self, transport: Transport) -> None:
        for reply in (await transport.graphql(_COUNT, {}), await transport.get("/api/schema/ContractRegion")):
            assert [name for name in reply.headers if name != name.lower()] == []
            assert reply.headers["content-type"].startswith("application/json")

    @pytest.mark.anyio
    async def test_an_answer_at_an_instant_shows_what_was_then(self, transport: Transport) -> None:
        created = _data(await transport.graphql(_CREATE, {}))["ContractScratchCreate"]["object"]
        try:
            edge = _data(await transport.graphql(_STAMP, created))["ContractScratch"]["edges"][0]
            before = _just_before(edge["node_metadata"]["created_at"])
            assert _data(await transport.graphql(_SCRATCHES, {})) == {"ContractScratch": {"count": 1}}
            assert _data(await transport.graphql(_SCRATCHES, {}, at=before)) == {"ContractScratch": {"count": 0}}
        finally:
            await transport.graphql(_DELETE, created)
        assert _data(await transport.graphql(_SCRATCHES, {})) == {"ContractScratch": {"count": 0}}

    @pytest.mark.anyio
    async def test_a_refused_document_is_a_reply(self, transport: Transport) -> None:
        reply = await transport.graphql("query { ContractNothing { count } }", {})
        assert reply.status == HTTPStatus.OK
        assert msgspec.json.decode(reply.body)["errors"]

    @pytest.mark.anyio
    async def test_a_server_error_is_a_reply(self, transport: Transport) -> None:
        reply = await transport.graphql("query {", {})
        assert reply.status == HTTPStatus.INTERNAL_SERVER_ERROR

    @pytest.mark.anyio
    async def test_the_server_is_there_after_an_error(self, transport: Transport) -> None:
        for _ in range(3):
            await transport.graphql("query {", {})
            assert _data(await transport.graphql(_COUNT, {"name": "alps"})) == {"ContractRegion": {"count": 1}}

    @pytest.mark.anyio
    async def test_a_path_of_the_rest_api_is_got(self, transport: Transport) -> None:
        reply = await transport.get("/api/schema/ContractRegion")
        assert reply.status == HTTPStatus.OK
        kind = msgspec.json.decode(reply.body)
        assert (kind["namespace"], kind["name"]) == ("Contract", "Region")

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        ("path", "status"),
        [("/api/schema/ContractNothing", HTTPStatus.UNPROCESSABLE_ENTITY), ("/api/nothing", HTTPStatus.NOT_FOUND)],
    )
    async def test_a_path_that_is_not_there_is_a_reply(self, transport: Transport, path: str, status: int) -> None:
        assert (await transport.get(path)).status == status

    @pytest.mark.anyio
    async def test_calls_may_overlap(self, transport: Transport) -> None:
        answers: dict[str, Any] = {}

        async def count(name: str) -> None:
            answers[name] = _data(await transport.graphql(_COUNT, {"name": name}))["ContractRegion"]["count"]

        async with anyio.create_task_group() as tasks:
            for name in ("alps", "nowhere", "void", "neither"):
                tasks.start_soon(count, name)
        assert answers == {"alps": 1, "nowhere": 0, "void": 1, "neither": 0}

    @pytest.mark.anyio
    async def test_it_may_be_used_again_after_close(self, transport: Transport) -> None:
        await transport.close()
        await transport.graphql(_COUNT, {})
        await transport.close()
        await transport.close()
        assert (await transport.graphql(_COUNT, {})).status == HTTPStatus.OK


class RemoteTransportContract(TransportContract):
    """What a `Transport` over a network does beside that.

    Fixtures: also `lost`, a transport to where nobody listens, and `silent`, one to where requests are taken and never
    answered, with a timeout below a second.
    """

    @pytest.mark.anyio
    async def test_a_refused_connection_is_raised(self, lost: Transport) -> None:
        with pytest.raises(SourceUnavailableError):
            await lost.graphql(_COUNT, {})
        with pytest.raises(SourceUnavailableError):
            await lost.get("/api/schema/ContractRegion")

    @pytest.mark.anyio
    async def test_silence_is_raised(self, silent: Transport) -> None:
        with anyio.fail_after(5):
            with pytest.raises(SourceUnavailableError):
                await silent.graphql(_COUNT, {})
            with pytest.raises(SourceUnavailableError):
                await silent.get("/api/schema/ContractRegion")


def _data(reply: Reply) -> Any:
    answer: Mapping[str, Any] = msgspec.json.decode(reply.body)
    assert answer.get("errors") is None
    return answer["data"]


def _just_before(stamp: str) -> str:
    instant = datetime.fromisoformat(stamp.replace("Z", "+00:00")).astimezone(timezone.utc)
    return (instant - timedelta(microseconds=1)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
