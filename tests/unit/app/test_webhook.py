"""A delivery of Infrahub's webhook brings a change before the next poll."""

import time
from functools import partial
from pathlib import Path

import msgspec
import pytest
from litestar.testing import TestClient

from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.serving.server import create_app
from infrahub_exporter.app.serving.service import Service
from infrahub_exporter.domain.access.webhooks import sign

KEY = "distinctive-webhook-key"
SCHEMA = """
version: "1.0"
nodes:
  - name: Thing
    namespace: Test
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: TestThing, data: [{name: first}]}
"""
CREATE = 'mutation { TestThingCreate(data: {name: {value: "second"}}) { ok } }'


@pytest.fixture
def settings_tree(tmp_path: Path) -> dict[str, object]:
    (tmp_path / "schema.yml").write_text(SCHEMA)
    (tmp_path / "objects.yml").write_text(OBJECTS)
    return {
        "infrahub": {"embedded": {"schema": [f"{tmp_path}/schema.yml"], "objects": [f"{tmp_path}/objects.yml"]}},
        "metrics": {"kind": [{"kind": "TestThing", "include": ["name"]}]},
        "poll_interval_seconds": 3600,
        "webhook": {"enabled": True, "key": KEY, "debounce_seconds": 1.2},
    }


def delivery(kind: str = "TestThing") -> tuple[bytes, dict[str, str]]:
    body = msgspec.json.encode(
        {
            "event": "infrahub.node.created",
            "id": "e1",
            "branch": "main",
            "occured_at": "2026-11-24T12:00:00Z",
            "data": {"kind": kind, "node_id": "n1", "action": "created"},
        }
    )
    identifier, timestamp = "msg_1", str(int(time.time()))
    headers = {
        "webhook-id": identifier,
        "webhook-timestamp": timestamp,
        "webhook-signature": sign(KEY, identifier, timestamp, body),
        "content-type": "application/json",
    }
    return body, headers


def until(client: TestClient[Service], text: str) -> str:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        body = client.get("/metrics").text
        if text in body:
            return body
        time.sleep(0.02)  # the refresh runs in the background: there is nothing to wait on but its outcome
    raise AssertionError(body)


def test_a_signed_delivery_is_followed_by_a_refresh(settings_tree: dict[str, object]) -> None:
    app = create_app(parse_settings(settings_tree))
    exporter = app.exporter
    with TestClient(app) as client:
        until(client, 'name="first"')
        transport = exporter._source._transport  # type: ignore[attr-defined] # the embedded Infrahub behind the reader
        client.blocking_portal.call(partial(transport.graphql, CREATE, {}))
        body, headers = delivery()

        answer = client.post("/-/refresh/webhook", content=body, headers=headers)

        assert answer.status_code == 202
        until(client, 'name="second"')
        assert 'infrahub_exporter_webhook_deliveries_total{outcome="accepted"} 1.0' in client.get("/-/metrics").text


def test_a_forged_delivery_is_refused(settings_tree: dict[str, object]) -> None:
    with TestClient(create_app(parse_settings(settings_tree))) as client:
        body, headers = delivery()

        assert (
            client.post(
                "/-/refresh/webhook", content=body.replace(b"TestThing", b"TestOther"), headers=headers
            ).status_code
            == 401
        )


def test_there_is_no_webhook_unless_it_is_enabled(settings_tree: dict[str, object]) -> None:
    settings_tree["webhook"] = {"enabled": False}
    with TestClient(create_app(parse_settings(settings_tree))) as client:
        body, headers = delivery()

        assert client.post("/-/refresh/webhook", content=body, headers=headers).status_code == 404
