"""A change that the exporter is told of shows without waiting for the interval, however soon it is told."""

import json
import time
import uuid
from collections.abc import Callable, Iterator
from http import HTTPStatus

import httpx
import pytest

from infrahub_exporter.adapters.http.webhook import WEBHOOK_PATH
from infrahub_exporter.domain.access.webhooks import sign
from tests.e2e.children import Child, StartExporter, eventually, free_port

KIND, NAME, KEY = "BuiltinTag", "hinted", "a-key"
OPERATOR = "5f0c2b1e9d7a44c3"
INTERVAL_SECONDS = 3600.0
CHANGES = 5
_WAIT_SECONDS = 300.0


class Tag:
    """A tag of a real Infrahub."""

    def __init__(self, address: str, token: str) -> None:
        self._client = httpx.Client(base_url=address, headers={"X-INFRAHUB-KEY": token}, timeout=60.0, trust_env=False)
        self._run(f'{KIND}Upsert(data: {{name: {{value: "{NAME}"}}}})')

    def describe(self, text: str) -> None:
        self._run(f'{KIND}Update(data: {{hfid: ["{NAME}"], description: {{value: "{text}"}}}})')

    def remove(self) -> None:
        self._run(f'{KIND}Delete(data: {{hfid: ["{NAME}"]}})')
        self._client.close()

    def _run(self, mutation: str) -> None:
        document = {"query": f"mutation {{ {mutation} {{ ok }} }}"}
        body = self._client.post("/graphql/main", json=document).raise_for_status().json()
        assert "errors" not in body, body


class Told:
    """An exporter that looks once an hour, and can be told of changes."""

    def __init__(self, port: int, child: Child) -> None:
        self._client = httpx.Client(
            base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {OPERATOR}"}, trust_env=False
        )
        self._child = child
        self.wait(lambda: self._client.get("/-/ready").is_success)

    def wait(self, until: Callable[[], bool]) -> None:
        eventually(until, self._child, seconds=_WAIT_SECONDS)

    def shows(self, text: str) -> bool:
        return f'description="{text}"' in self._client.get("/metrics").text

    def deliver(self) -> None:
        """Deliver an event of a tag, as Infrahub signs it."""
        event = {"data": {"kind": KIND, "node_id": "1", "action": "updated"}, "branch": "main", "id": "1"}
        body = json.dumps({**event, "event": "infrahub.node.updated"}, separators=(",", ":")).encode()
        identifier, now = uuid.uuid4().hex, str(int(time.time()))
        signature = sign(KEY, identifier, now, body)
        headers = {"webhook-id": identifier, "webhook-timestamp": now, "webhook-signature": signature}
        assert self._client.post(WEBHOOK_PATH, content=body, headers=headers).status_code == HTTPStatus.ACCEPTED

    def refresh(self) -> None:
        assert self._client.post("/-/refresh").status_code == HTTPStatus.ACCEPTED

    def close(self) -> None:
        self._client.close()
        self._child.end()


@pytest.fixture
def tag(real_address: str, real_token: str) -> Iterator[Tag]:
    found = Tag(real_address, real_token)
    yield found
    found.remove()


@pytest.fixture
def told(start_exporter: StartExporter, real_address: str, real_token: str, tag: Tag) -> Iterator[Told]:
    del tag  # it is there before
    port = free_port()
    child = start_exporter(
        port,
        infrahub={"address": real_address, "token": real_token},
        poll_interval_seconds=INTERVAL_SECONDS,
        metrics={"kind": [{"kind": KIND, "include": ["name", "description"]}]},
        service_discovery={"enabled": False, "queries": []},
        webhook={"enabled": True, "key": KEY},
        web={"bearer_tokens": [OPERATOR], "admin": {"enabled": True}},
    )
    found = Told(port, child)
    yield found
    found.close()


@pytest.mark.parametrize("tell", [Told.deliver, Told.refresh], ids=["webhook", "refresh"])
def test_no_change_that_it_is_told_of_waits_for_the_interval(
    tag: Tag, told: Told, tell: Callable[[Told], None]
) -> None:
    for number in range(CHANGES):
        tag.describe(f"hint {number}")
        tell(told)
        told.wait(lambda: told.shows(f"hint {number}"))  # noqa: B023 - called at once
