"""An Infrahub that puts the token that it was shown into whatever it says, and a search for it on every surface."""

import logging
from collections.abc import Iterator
from itertools import cycle, product
from typing import Any

import msgspec
import pytest
from litestar.testing import TestClient

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.serving.server import create_app
from infrahub_exporter.domain.ports import Reply
from tests.e2e.children import DEMO
from tests.faults.line import Exchange, Line

TOKEN = 'distinctive/"token"'
PAGES = ("/", "/metrics", "/-/metrics", "/-/ready", "/sd/devices", "/sd/ports", "/sd/ports/explain", "/-/uncovered")
"""Those that are open to who reads them: nobody authenticates here."""
FORMS = ("distinctive", TOKEN, msgspec.json.encode(TOKEN).decode()[1:-1])


@pytest.fixture
def line() -> Iterator[Line]:
    with Line(DEMO / "schema.yml", DEMO / "objects.yml").serving() as served:
        served.infrahub = EmbeddedInfrahub.load([DEMO / "schema.yml"], [DEMO / "objects.yml", DEMO / "files.yml"])
        yield served


@pytest.fixture
def tree(line: Line) -> dict[str, Any]:
    """A configuration that reads in every way that there is."""
    port = {"name": "ports", "kind": "DcimDevice", "rows": "interfaces[]", "target_field": "^name", "port_field": "mtu"}
    document = "{ DcimDevice { edges { node { id name { value } } } } }"
    return {
        "infrahub": {"address": line.address, "token": TOKEN, "timeout_seconds": 5},
        "log_level": "debug",
        "metrics": {
            "kind": [
                {"kind": "DcimDevice", "include": ["name", "site.name"]},
                {"kind": "DcimPlatform", "include": ["name", "monitoring.content.snmp.module"]},
            ],
            "series": [
                {"name": "by_name", "kind": "DcimDevice", "count": {"by": {"name": "name"}}},
                {"name": "asked", "query": {"document": document}, "count": {"by": {"name": "name"}}},
            ],
        },
        "collectors": dict.fromkeys(("branches", "events", "repositories", "server", "tasks", "validators"), True),
        "service_discovery": {
            "enabled": True,
            "queries": [{"name": "devices", "kind": "DcimDevice", "target_field": "name"}, port],
            "uncovered": {"kind": "DcimDevice", "where": {"status": {"not": "nowhere"}}},
        },
    }


def said_by(tree: dict[str, Any], caplog: pytest.LogCaptureFixture) -> str:
    """Run a service for some rounds, and return all that it says."""
    caplog.set_level(logging.DEBUG)
    app = create_app(parse_settings(tree))
    said = []
    with TestClient(app) as client:
        for _ in range(4):
            client.blocking_portal.call(app.exporter.refresh)
            for page in PAGES:
                answer = client.get(page, headers={"Accept": "text/html"} if page == "/" else {})
                said.append(f"{page} {answer.status_code} {answer.headers} {answer.text}")
        said += [f"{app.exporter.status!r}", f"{app.exporter.snapshot!r}"]
    said += [
        f"{record.getMessage()} {record.args} {record.exc_text}"
        for record in caplog.records
        if record.name.startswith("infrahub_exporter")
    ]
    return "\n".join(said)


def test_what_is_read_shows_no_token_on_any_surface(
    line: Line, tree: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    escaped = msgspec.json.encode(TOKEN)[1:-1]

    async def echo(exchange: Exchange) -> None:
        reply = exchange.answer()
        for word in (b"par1", b"if_mib", b"main"):
            reply = Reply(reply.status, reply.headers, reply.body.replace(b'"' + word, b'"' + escaped + word))
        await exchange.send(reply)

    line.fault = echo
    said = said_by(tree, caplog)
    assert 'name="***par1-edge1"' in said
    assert [form for form in FORMS if form in said] == []


def test_no_refusal_shows_it_either(line: Line, tree: dict[str, Any], caplog: pytest.LogCaptureFixture) -> None:
    written = msgspec.json.encode(TOKEN).decode()
    bodies = (
        f'{{"data": null, "errors": [{{"message": {written}, "path": [{written}]}}]}}',
        f'{{"errors": [{written}, {{"message": {{{written}: 1}}}}]}}',
        f"no such token: {TOKEN}",
        f'{{"detail": {{{written}: {written}}}, {written}: 1}}',
        f'{{"data": null, "errors": [{{"message": {written.replace("/", chr(92) + "/")}}}]}}',
        f'{{"data": {{{written}: {{"edges": [{written}]}}}}}}',
    )
    refusals = cycle(product((200, 401, 500), bodies))
    headers = {"content-type": "application/json", "retry-after": TOKEN, "location": TOKEN, "server": TOKEN}

    async def refuse(exchange: Exchange) -> None:
        status, body = next(refusals)
        await exchange.send(Reply(status, headers, body.encode()))

    line.fault = refuse
    said = said_by(tree, caplog)
    assert line.asked >= 18
    assert "cannot be read" in said
    assert "***" in said
    assert [form for form in FORMS if form in said] == []
