"""The command at a real Infrahub, poll by poll: what it shows, and how little it asks for."""

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import datetime

import httpx
import pytest

from tests.e2e import loopback
from tests.e2e.children import Child, StartExporter, eventually, free_port
from tests.e2e.infrahub.proxy import Proxy

KIND, PEERS = "CoreAccountRole", "CoreAccountGroup"
"""Kinds that no other test changes, so that nothing of them lies in the overlap when this begins."""
NAMES = ("follow-role", "follow-role-renamed")
QUIET_POLLS = 5
OVERLAP_SECONDS = 300.0
_WAIT_SECONDS = 300.0
_REQUEST_SECONDS = 30.0
_PROBE = " changed0: "


class Roles:
    """The roles of an Infrahub."""

    def __init__(self, address: str, token: str) -> None:
        headers = {"X-INFRAHUB-KEY": token}
        self._client = httpx.Client(base_url=address, headers=headers, timeout=_REQUEST_SECONDS, trust_env=False)

    def ask(self, document: str) -> dict[str, dict[str, list[dict[str, dict[str, str]]]]]:
        """Return the answer's data."""
        body = self._client.post("/graphql/main", json={"query": document}).raise_for_status().json()
        assert "errors" not in body, body
        data: dict[str, dict[str, list[dict[str, dict[str, str]]]]] = body["data"]
        return data

    def newest(self) -> float:
        """Return the newest stamp, in unix seconds."""
        pages = self.ask(
            f"{{ {KIND} {{ edges {{ node_metadata {{ updated_at }} }} }} "
            f"{PEERS} {{ edges {{ node_metadata {{ updated_at }} }} }} }}"
        )
        return max(
            datetime.fromisoformat(edge["node_metadata"]["updated_at"]).timestamp()
            for page in pages.values()
            for edge in page["edges"]
        )

    def change(self, mutation: str) -> None:
        self.ask(f"mutation {{ {mutation} {{ ok }} }}")

    def remove(self) -> None:
        """Delete what is ours."""
        listed = self.ask(f'{{ {KIND}(name__values: ["{NAMES[0]}", "{NAMES[1]}"]) {{ edges {{ node {{ id }} }} }} }}')
        for edge in listed[KIND]["edges"]:
            self.change(f'{KIND}Delete(data: {{id: "{edge["node"]["id"]}"}})')

    def close(self) -> None:
        self._client.close()


class Exporter:
    """The command, with what it asks for."""

    def __init__(self, port: int, child: Child, proxy: Proxy) -> None:
        self._address = f"http://127.0.0.1:{port}"
        self._child = child
        self._proxy = proxy

    def wait(self, until: Callable[[], bool]) -> None:
        eventually(until, self._child, seconds=_WAIT_SECONDS)

    def is_ready(self) -> bool:
        return loopback.get(f"{self._address}/-/ready", trust_env=False).is_success

    def shows(self, name: str) -> bool:
        """Tell whether a role has a series."""
        lines = loopback.get(f"{self._address}/metrics", trust_env=False).text.splitlines()
        return any(line.startswith("infrahub_coreaccountrole_info{") and f'"{name}"' in line for line in lines)

    def polls(self, begun: int = 0) -> list[int]:
        """Return how many requests each poll made that has ended since, but for the schema's hash once a minute."""
        polls: list[int] = []
        for asked in self._proxy.asked[begun:]:
            if _PROBE in asked:
                polls.append(0)
            if polls and not asked.startswith("/api/schema/summary?"):
                polls[-1] += 1
        return polls[:-1]

    def next_polls(self, number: int) -> list[int]:
        """Wait for some polls and return how many requests each made."""
        begun = len(self._proxy.asked)
        self.wait(lambda: len(self.polls(begun)) >= number)
        return self.polls(begun)[:number]

    def until_shown(self, name: str) -> list[int]:
        """Wait for a series and return how many requests each poll until then made."""
        begun = len(self._proxy.asked)
        self.wait(lambda: self.shows(name))
        self.wait(lambda: max(self.polls(begun), default=0) > 1)
        return self.polls(begun)


@pytest.fixture
def roles(real_address: str, real_token: str) -> Iterator[Roles]:
    with closing(Roles(real_address, real_token)) as found:
        found.remove()
        if time.time() - found.newest() < OVERLAP_SECONDS:
            pytest.skip("the server's own roles have just been made: they lie in the overlap")
        yield found
        found.remove()


@pytest.fixture
def exporter(start_exporter: StartExporter, real_address: str, real_token: str) -> Iterator[Exporter]:
    """Follow the roles second by second, without collectors: they ask beside the polls, at a pace of their own."""
    with Proxy(real_address).serving() as proxy:
        port = free_port()
        child = start_exporter(
            port,
            infrahub={"address": proxy.address, "token": real_token},
            metrics={"kind": [{"kind": KIND, "include": ["name", "groups[].name"]}]},
            collectors={},
            service_discovery={"enabled": False, "queries": []},
        )
        yield Exporter(port, child, proxy)
        child.end()


def test_a_change_is_shown_within_four_requests_and_where_nothing_changed_a_poll_is_one(
    roles: Roles, exporter: Exporter
) -> None:
    exporter.wait(exporter.is_ready)
    exporter.wait(lambda: exporter.next_polls(1) == [1])
    assert exporter.next_polls(QUIET_POLLS) == [1] * QUIET_POLLS

    roles.change(f'{KIND}Create(data: {{name: {{value: "{NAMES[0]}"}}}})')
    assert max(exporter.until_shown(NAMES[0])) <= 4
    assert max(exporter.next_polls(QUIET_POLLS)) <= 2

    roles.change(f'{KIND}Update(data: {{hfid: ["{NAMES[0]}"], name: {{value: "{NAMES[1]}"}}}})')
    assert max(exporter.until_shown(NAMES[1])) <= 4
    assert not exporter.shows(NAMES[0])

    roles.remove()
    exporter.wait(lambda: not exporter.shows(NAMES[1]))
