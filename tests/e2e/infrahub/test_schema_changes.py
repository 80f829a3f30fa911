"""A change of the schema stamps no node; what it changes is shown all the same, when the schema has another hash.

Display labels lie in the database: when the schema has another one, Infrahub's workers write them anew and stamp
each node.
"""

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from tests.e2e import loopback
from tests.e2e.children import Child, StartExporter, eventually, free_port
from tests.e2e.infrahub.proxy import Proxy

KIND = "LampPost"
HASH = "/api/schema/summary?"
PROBE = " changed0: "
LABELS = ("Lit", "Burning")
_LOAD_SECONDS = 600.0
_WAIT_SECONDS = 300.0


class Lamps:
    """A kind of a real Infrahub with a choice whose label changes, and one node of it."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"X-INFRAHUB-KEY": token}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=_LOAD_SECONDS, trust_env=False)

    def call(self, label: str) -> None:
        """Say in the schema how the choice is called."""
        state = {"name": "state", "kind": "Dropdown", "choices": [{"name": "lit", "label": label}]}
        attributes: list[dict[str, Any]] = [{"name": "name", "kind": "Text", "unique": True}, state]
        node = {"name": "Post", "namespace": "Lamp", "attributes": attributes}
        schemas = {"schemas": [{"version": "1.0", "nodes": [node]}]}
        self._client.post("/api/schema/load?branch=main", json=schemas).raise_for_status()

    def put(self) -> None:
        self._run(f'{KIND}Upsert(data: {{name: {{value: "corner"}}, state: {{value: "lit"}}}}) {{ ok }}')

    def remove(self) -> None:
        self._run(f'{KIND}Delete(data: {{hfid: ["corner"]}}) {{ ok }}')
        self._client.close()

    def _run(self, mutation: str) -> None:
        document = {"query": f"mutation {{ {mutation} }}"}
        body = self._client.post("/graphql/main", json=document).raise_for_status().json()
        assert "errors" not in body, body


class Tag:
    """A tag of a real Infrahub, whose display label changes as a worker changes it."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"X-INFRAHUB-KEY": token}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=_LOAD_SECONDS, trust_env=False)
        self.name = f"tag-{uuid.uuid4()}"
        made = self._run(f'BuiltinTagCreate(data: {{name: {{value: "{self.name}"}}}}) {{ object {{ id }} }}')
        self._id = made["BuiltinTagCreate"]["object"]["id"]

    def call(self, label: str) -> None:
        self._run(
            f'InfrahubUpdateDisplayLabel(data: {{id: "{self._id}", kind: "BuiltinTag", value: "{label}"}}) {{ ok }}'
        )

    def remove(self) -> None:
        self._run(f'BuiltinTagDelete(data: {{id: "{self._id}"}}) {{ ok }}')
        self._client.close()

    def _run(self, mutation: str) -> Any:
        document = {"query": f"mutation {{ {mutation} }}"}
        body = self._client.post("/graphql/main", json=document).raise_for_status().json()
        assert "errors" not in body, body
        return body["data"]


class Exporter:
    """The command, with what it asks for."""

    def __init__(self, port: int, child: Child, proxy: Proxy) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._child = child
        self._proxy = proxy

    def wait(self, until: Callable[[], bool]) -> None:
        eventually(until, self._child, seconds=_WAIT_SECONDS)

    def shows(self, label: str) -> bool:
        body = loopback.get(f"{self._address}/metrics", trust_env=False).text
        return "infrahub_lamppost_info{" in body and f'state_label="{label}"' in body

    def has(self, path: str, text: str) -> bool:
        return text in loopback.get(f"{self._address}{path}", trust_env=False).text

    @property
    def asked(self) -> int:
        """How many requests there were."""
        return len(self._proxy.asked)

    def wait_for(self, label: str) -> int:
        """Wait until a label is shown; return how many requests there were when it was not shown for the last time."""
        before = self.asked

        def shown() -> bool:
            nonlocal before
            asked, is_shown = self.asked, self.shows(label)
            before = before if is_shown else asked
            return is_shown

        self.wait(shown)
        return before

    def looks_after_hash(self, begun: int, ended: int) -> int:
        """Count the looks for changed nodes that came after the first hash between two numbers of requests.

        Neither those count nor that hash whose answer nobody waited for: a busy machine takes its time.
        """
        given_up = self._proxy.given_up
        asked = [each for place, each in enumerate(self._proxy.asked[:ended]) if begun <= place not in given_up]
        first = next((place for place, each in enumerate(asked) if each.startswith(HASH)), len(asked))
        return sum(PROBE in each for each in asked[first:])


@pytest.fixture
def lamps(real_address: str, real_token: str) -> Iterator[Lamps]:
    made = Lamps(real_address, real_token)
    made.call(LABELS[0])
    made.put()
    yield made
    made.remove()


def test_another_label_of_a_choice_is_shown_at_the_look_after_the_schema_has_another_hash(
    lamps: Lamps, start_exporter: StartExporter, real_address: str, real_token: str
) -> None:
    with Proxy(real_address).serving() as proxy:
        port = free_port()
        child = start_exporter(
            port,
            infrahub={"address": proxy.address, "token": real_token, "full_refresh_seconds": 86400},
            metrics={"kind": [{"kind": KIND, "include": ["name", "state.label"]}]},
            collectors={},
            service_discovery={"enabled": False, "queries": []},
        )
        exporter = Exporter(port, child, proxy)
        exporter.wait(lambda: exporter.shows(LABELS[0]))

        lamps.call(LABELS[1])
        begun = exporter.asked
        ended = exporter.wait_for(LABELS[1])
        assert exporter.looks_after_hash(begun, ended) <= 2
        assert not exporter.shows(LABELS[0])
        child.end()


@pytest.fixture
def tag(real_address: str, real_token: str) -> Iterator[Tag]:
    made = Tag(real_address, real_token)
    yield made
    made.remove()


def test_a_display_label_that_is_made_anew_is_shown_by_its_stamp(
    tag: Tag, start_exporter: StartExporter, real_address: str, real_token: str
) -> None:
    with Proxy(real_address).serving() as proxy:
        port = free_port()
        tags = {"kind": "BuiltinTag", "filters": [{"name__value": tag.name}]}
        listed = {"target_field": "name", "label_mappings": {"label": "display_label"}}
        child = start_exporter(
            port,
            infrahub={"address": proxy.address, "token": real_token, "full_refresh_seconds": 86400},
            metrics={"kind": [{**tags, "include": ["name", "display_label"]}]},
            collectors={},
            service_discovery={"enabled": True, "queries": [{"name": "tags", **tags, **listed}]},
        )
        exporter = Exporter(port, child, proxy)
        exporter.wait(lambda: exporter.has("/metrics", f'display_label="{tag.name}"'))
        exporter.wait(lambda: exporter.has("/sd/tags", tag.name))

        tag.call("Called anew")
        exporter.wait(lambda: exporter.has("/metrics", 'display_label="Called anew"'))
        exporter.wait(lambda: exporter.has("/sd/tags", "Called anew"))
        child.end()
