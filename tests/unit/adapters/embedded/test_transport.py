"""The transport in process, and the server."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.embedded.server import create_app
from infrahub_exporter.domain.ports import Transport

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def guarded() -> EmbeddedInfrahub:
    return EmbeddedInfrahub.load([HERE / "schema.yml"], [HERE / "objects.yml"], token="the-token")


@pytest.mark.anyio
async def test_the_transport_carries_documents_with_variables_at_an_instant(ask: Any) -> None:
    transport = EmbeddedTransport(ask.infrahub)
    document = "query q($n: String) { NetDevice(name__value: $n) { count } }"

    assert isinstance(transport, Transport)
    reply = await transport.graphql(document, {"n": "leaf1"}, at="2026-05-01T14:00:01+02:00")
    assert (reply.status, msgspec.json.decode(reply.body)) == (200, {"data": {"NetDevice": {"count": 1}}})
    assert set(reply.headers) == {"date", "content-type", "x-process-time"}
    assert (await transport.graphql(document, {}, at="2020-01-01T00:00:00Z")).status == 422


@pytest.mark.anyio
async def test_the_transport_adds_its_branch_and_token(guarded: EmbeddedInfrahub) -> None:
    assert (await EmbeddedTransport(guarded).get("/api/schema/NetSite")).status == 200
    assert (await EmbeddedTransport(guarded).get("/api/schema?namespaces=Net")).status == 200
    assert (await EmbeddedTransport(guarded, branch="a/b").get("/api/schema/NetSite")).status == 400
    assert (await EmbeddedTransport(guarded, branch="a/b").graphql("{ NetSite { count } }", {})).status == 404
    assert (await EmbeddedTransport(guarded, token="wrong").get("/api/schema/NetSite")).status == 401
    mutation = 'mutation { BuiltinTagUpsert(data: {name: {value: "red"}}) { ok } }'
    assert (await EmbeddedTransport(guarded).graphql(mutation, {})).status == 401
    assert (await EmbeddedTransport(guarded, token="the-token").graphql(mutation, {})).status == 200


def test_the_server_answers_as_the_infrahub_in_process(guarded: EmbeddedInfrahub) -> None:
    with TestClient(create_app(guarded)) as client:
        query = {"query": "{ NetSite { count } }"}
        answered = client.post("/graphql/main", json=query)
        assert (answered.status_code, answered.json()) == (200, {"data": {"NetSite": {"count": 2}}})
        assert answered.headers["content-type"] == "application/json"
        assert "x-process-time" in answered.headers
        assert client.post("/graphql", json=query).json() == answered.json()
        assert client.post("/graphql/main?at=2020-01-01T00%3A00%3A00Z", json=query).status_code == 422
        assert client.post("/graphql/a%2Fb", json=query).json() == {"errors": ["Branch: a/b not found."]}
        assert client.post("/graphql/a/b", json=query).status_code == 404
        assert client.post("/graphql/main", json=query, headers={"X-INFRAHUB-KEY": "no"}).status_code == 401
        assert client.get("/api/schema/NetSite?branch=main").json()["kind"] == "NetSite"
        assert client.head("/api/schema/NetSite").status_code == 200
        crashed = client.get("/graphql/main")
        assert (crashed.status_code, crashed.text) == (500, "Internal Server Error")
        assert crashed.headers["content-type"] == "text/plain; charset=utf-8"
        for path in ("/schema", "/docs", "/"):
            assert client.get(path).status_code == 404


def test_the_package_imports_neither_litestar_nor_graphql() -> None:
    code = (
        "import sys, infrahub_exporter.adapters.embedded as embedded; "
        "assert 'litestar' not in sys.modules and 'graphql' not in sys.modules; "
        "embedded.EmbeddedTransport, embedded.EmbeddedInfrahub; "
        "assert 'litestar' not in sys.modules; "
        "assert not hasattr(embedded, 'Nothing')"
    )
    subprocess.run([sys.executable, "-c", code], check=True)  # noqa: S603 - our own interpreter
