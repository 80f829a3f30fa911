"""A small network of the kinds of following.yml that changes at random, on branches too, and leaves nothing behind."""

import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import Any

import httpx
import msgspec
import yaml

from infrahub_exporter.adapters.infrahub.sdk import SdkTransport
from infrahub_exporter.domain.ports import Transport

SCHEMA = Path(__file__).parent / "following.yml"
KINDS = ("FollowArea", "FollowSite", "FollowLabel", "FollowRouter", "FollowPort")
GROUP = "CoreStandardGroup"
MAIN = "main"
EMPTY: Mapping[str, Sequence[str]] = dict.fromkeys((*KINDS, GROUP), ())
"""No nodes."""

NOBODY = "00000000-0000-0000-0000-000000000000"
"""An id that no node has."""

PREFIX = "follow-"
"""What the names of our groups and branches begin with: theirs are everybody's."""

BEGINNING = (
    'FollowAreaCreate(data: {name: {value: "area0"}}) { ok }',
    'FollowAreaCreate(data: {name: {value: "area1"}}) { ok }',
    'FollowLabelCreate(data: {name: {value: "label0"}}) { ok }',
    'FollowLabelCreate(data: {name: {value: "label1"}}) { ok }',
    *(
        f'FollowSiteCreate(data: {{name: {{value: "site{site}"}}, code: {{value: "c{site % 2}"}}, '
        f'parent: {{hfid: ["area{site % 2}"]}}}}) {{ ok }}'
        for site in range(3)
    ),
    *(
        f'FollowRouterCreate(data: {{name: {{value: "router{router}"}}, site: {{hfid: ["site{router % 3}"]}}, '
        f'labels: [{{hfid: ["label{router % 2}"]}}]}}) {{ ok }}'
        for router in range(4)
    ),
    'FollowRouterCreate(data: {name: {value: "router4"}}) { ok }',
    'FollowRouterUpdate(data: {hfid: ["router0"], upstream: [{hfid: ["router1"]}]}) { ok }',
    *(
        f'{kind}Create(data: {{name: {{value: "port{router}"}}, router: {{hfid: ["router{router}"]}}, '
        f'labels: [{{hfid: ["label{router}"]}}]}}) {{ ok }}'
        for router, kind in enumerate(("FollowFastPort", "FollowSlowPort"))
    ),
    (
        f'{GROUP}Create(data: {{name: {{value: "{PREFIX}0"}}, '
        'members: [{hfid: ["router0"], kind: "FollowRouter"}]}) { ok }'
    ),
)
"""The mutations that make a small network."""
_LOAD_SECONDS = 120.0
_REQUEST_SECONDS = 120.0
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


class RefusedError(Exception):
    """Infrahub did not do what was asked."""


def load_schema(address: str, token: str) -> None:
    """Load the kinds into an Infrahub; where it has them nothing changes."""
    schemas = {"schemas": [yaml.safe_load(SCHEMA.read_text(encoding="utf-8"))]}
    headers = {"X-INFRAHUB-KEY": token}
    reply = httpx.post(
        f"{address}/api/schema/load", headers=headers, json=schemas, timeout=_LOAD_SECONDS, trust_env=False
    )
    reply.raise_for_status()


def connections(address: str, token: str) -> Callable[[str], Transport]:
    """Return what connects to a branch of an Infrahub."""

    def connect(branch: str) -> Transport:
        return SdkTransport(address=address, token=token, branch=branch, timeout_seconds=_REQUEST_SECONDS)

    return connect


class Network:
    """The nodes, and the hand that changes them. `told` is what was done, with names for ids; `done` counts it.

    `first` numbers the kind of change that is made first.
    """

    def __init__(self, connect: Callable[[str], Transport], chance: random.Random, first: int = 0) -> None:
        self.told: list[str] = []
        self.done: Counter[str] = Counter()
        self._connect = connect
        self._chance = chance
        self._transports: dict[str, Transport] = {}
        self._names: dict[str, str] = {}
        self._kinds: dict[str, str] = {}
        self._made = 0
        self._due = islice(cycle(sorted(changes(chance, EMPTY, 0))), first, None)
        self._numbers: Counter[str] = Counter()

    async def ask(self, document: str, branch: str = MAIN) -> Any:
        """Return the answer's data. Raises RefusedError."""
        if branch not in self._transports:
            self._transports[branch] = self._connect(branch)
        reply = await self._transports[branch].graphql(document, {})
        try:
            body = msgspec.json.decode(reply.body)
        except msgspec.DecodeError as error:
            raise RefusedError(reply.body.decode(errors="replace")) from error
        if body.get("errors"):
            raise RefusedError(str(body["errors"][0]))
        return body["data"]

    async def nodes(self, branch: str = MAIN) -> dict[str, list[str]]:
        """Return the ids of our nodes by kind, the oldest first."""
        listed = await self.ask(
            "{ "
            + " ".join(f"{kind} {{ edges {{ node {{ id __typename }} }} }}" for kind in KINDS)
            + f" {GROUP} {{ edges {{ node {{ id __typename name {{ value }} }} }} }} }}",
            branch,
        )
        found: dict[str, list[str]] = {}
        for kind, page in listed.items():
            ours = [
                edge["node"]
                for edge in page["edges"]
                if kind != GROUP or edge["node"]["name"]["value"].startswith(PREFIX)
            ]
            found[kind] = sorted(node["id"] for node in ours)
            for node in sorted(ours, key=lambda each: str(each["id"])):
                self._name(node["id"], node["__typename"])
        return found

    async def build(self) -> None:
        """Make what the changes begin with."""
        await self.ask(f"mutation {{ {written_once(BEGINNING)} }}")

    async def clear(self) -> None:
        """Delete all that is ours; a port goes with its router, so it comes before it."""
        gone = [
            f'{self._kinds[each]}Delete(data: {{id: "{each}"}}) {{ ok }}'
            for nodes in reversed((await self.nodes()).values())
            for each in nodes
        ]
        if gone:
            await self.ask(f"mutation {{ {written_once(gone)} }}")

    async def drop_branches(self) -> None:
        """Delete the branches that are ours, which an earlier run may have left."""
        listed = await self.ask("{ InfrahubBranch { edges { node { name { value } } } } }")
        for name in (edge["node"]["name"]["value"] for edge in listed["InfrahubBranch"]["edges"]):
            if name.startswith(PREFIX):
                await self.delete_branch(name)

    async def close(self) -> None:
        """Let go of the connections."""
        for transport in self._transports.values():
            await transport.close()

    async def open_branch(self, name: str) -> None:
        """Begin a branch."""
        await self.ask(f'mutation {{ BranchCreate(data: {{name: "{name}"}}, wait_until_completion: true) {{ ok }} }}')
        self._tell(MAIN, "create the branch", name)

    async def merge_branch(self, name: str) -> bool:
        """Merge a branch; tell whether Infrahub did: a conflict is refused."""
        document = f'mutation {{ BranchMerge(data: {{name: "{name}"}}, wait_until_completion: true) {{ ok }} }}'
        return await self._try(MAIN, "merge the branch", document)

    async def delete_branch(self, name: str) -> None:
        """Delete a branch."""
        await self.ask(f'mutation {{ BranchDelete(data: {{name: "{name}"}}, wait_until_completion: true) {{ ok }} }}')
        self._tell(MAIN, "delete the branch", name)
        transport = self._transports.pop(name, None)
        if transport is not None:
            await transport.close()

    async def change(self, number: int, branch: str = MAIN) -> None:
        """Change something some times: in the way that is due, then at random.

        What Infrahub refuses (a name that is taken, say) changes nothing.
        """
        nodes = await self.nodes(branch) if number else {}
        for each in range(number):
            self._made += 1
            possible = changes(self._chance, nodes, self._made)
            what = self._chance.choice(sorted(possible)) if each else next(self._due)
            await self._try(branch, what, f"mutation {{ {possible[what]} {{ ok }} }}")

    async def _try(self, branch: str, what: str, document: str) -> bool:
        try:
            await self.ask(document, branch)
        except RefusedError as error:
            self._tell(branch, f"REFUSED ({error})", document)
            return False
        self.done[what] += 1
        self._tell(branch, what, document)
        return True

    def tell(self, what: str) -> None:
        """Note what happened beside the changes."""
        self.told.append(what)

    def named(self, text: str) -> str:
        """Write names for the ids in a text."""
        return _UUID.sub(lambda match: self._names.get(match[0], match[0]), text)

    def _tell(self, branch: str, what: str, document: str) -> None:
        self.tell(f"{branch}: {what}: {self.named(document)}")

    def _name(self, identifier: str, kind: str) -> None:
        if identifier not in self._names:
            self._numbers[kind] += 1
            self._names[identifier] = f"<{kind} {self._numbers[kind]}>"
            self._kinds[identifier] = kind


def written_once(fields: Iterable[str]) -> str:
    """Write fields of a document, each under a name of its own."""
    return " ".join(f"m{number}: {field}" for number, field in enumerate(fields))


def changes(chance: random.Random, nodes: Mapping[str, Sequence[str]], number: int) -> Mapping[str, str]:
    """Write one mutation per kind of change, of nodes drawn at random; where there are none it is refused."""

    def one(kind: str) -> str:
        return chance.choice(nodes[kind] or [NOBODY])

    area, site, router, port = one("FollowArea"), one("FollowSite"), one("FollowRouter"), one("FollowPort")
    label, other, group = one("FollowLabel"), one("FollowRouter"), one(GROUP)
    name, group_name = f'name: {{value: "n{number}"}}', f'name: {{value: "{PREFIX}{chance.randrange(3)}"}}'
    state, code = chance.choice(["up", "down"]), chance.randrange(2)
    speed = chance.choice(["FollowFastPort", "FollowSlowPort"])
    joined = f'nodes: [{{id: "{label}"}}]'
    membered = f'id: "{group}", name: "members", nodes: [{{id: "{router}"}}]'
    return {
        "create a router": f'FollowRouterCreate(data: {{{name}, site: {{id: "{site}"}}, labels: [{{id: "{label}"}}]}})',
        "create a lone router": f"FollowRouterCreate(data: {{{name}}})",
        "create a router above": f'FollowRouterCreate(data: {{{name}, downstream: [{{id: "{router}"}}]}})',
        "rename a router": f'FollowRouterUpdate(data: {{id: "{router}", {name}}})',
        "set a state": f'FollowRouterUpdate(data: {{id: "{router}", state: {{value: "{state}"}}}})',
        "move a router": f'FollowRouterUpdate(data: {{id: "{router}", site: {{id: "{site}"}}}})',
        "take a router away": f'FollowRouterUpdate(data: {{id: "{router}", site: null}})',
        "replace labels": f'FollowRouterUpdate(data: {{id: "{router}", labels: [{{id: "{label}"}}]}})',
        "remove labels": f'FollowRouterUpdate(data: {{id: "{router}", labels: []}})',
        "put a router above": f'FollowRouterUpdate(data: {{id: "{router}", upstream: [{{id: "{other}"}}]}})',
        "delete a router": f'FollowRouterDelete(data: {{id: "{router}"}})',
        "create a site": f'FollowSiteCreate(data: {{{name}, code: {{value: "c{code}"}}, parent: {{id: "{area}"}}}})',
        "create a site with a router": (  # the one that begins without a site: a router has one at most
            f'FollowSiteCreate(data: {{{name}, parent: {{id: "{area}"}}, routers: [{{hfid: ["router4"]}}]}})'
        ),
        "set a code": f'FollowSiteUpdate(data: {{id: "{site}", code: {{value: "c{code}"}}}})',
        "rename a site": f'FollowSiteUpdate(data: {{id: "{site}", {name}}})',
        "move a site": f'FollowSiteUpdate(data: {{id: "{site}", parent: {{id: "{area}"}}}})',
        "delete a site": f'FollowSiteDelete(data: {{id: "{site}"}})',
        "rename an area": f'FollowAreaUpdate(data: {{id: "{area}", {name}}})',
        "create a port": f'{speed}Create(data: {{{name}, router: {{id: "{router}"}}, labels: [{{id: "{label}"}}]}})',
        "rename a port": f'FollowPortUpdate(data: {{id: "{port}", {name}}})',
        "create a fast port of lanes": (
            f'FollowFastPortCreate(data: {{{name}, router: {{id: "{router}"}}, lanes: {{value: {number}}}}})'
        ),
        "create a slow port of lanes": (
            f'FollowSlowPortCreate(data: {{{name}, router: {{id: "{router}"}}, lanes: {{value: "{number}"}}}})'
        ),
        "create a fast port beside a site": (
            f'FollowFastPortCreate(data: {{{name}, router: {{id: "{router}"}}, beside: {{id: "{site}"}}}})'
        ),
        "create a site beside a fast port": (  # the one that there is at the beginning
            f'FollowSiteCreate(data: {{{name}, parent: {{id: "{area}"}}, '
            'fast_ports: [{hfid: ["router0", "port0"]}]})'
        ),
        "move a port": f'FollowPortUpdate(data: {{id: "{port}", router: {{id: "{router}"}}}})',
        "create a label": f"FollowLabelCreate(data: {{{name}}})",
        "weigh a label": f'FollowLabelUpdate(data: {{id: "{label}", weight: {{value: {number}}}}})',
        "delete a label": f'FollowLabelDelete(data: {{id: "{label}"}})',
        "add a label": f'RelationshipAdd(data: {{id: "{router}", name: "labels", {joined}}})',
        "drop a label": f'RelationshipRemove(data: {{id: "{router}", name: "labels", {joined}}})',
        "add a port's label": f'RelationshipAdd(data: {{id: "{port}", name: "labels", {joined}}})',
        "create a group": f'{GROUP}Create(data: {{{group_name}, members: [{{id: "{router}"}}, {{id: "{other}"}}]}})',
        "rename a group": f'{GROUP}Update(data: {{id: "{group}", {group_name}}})',
        "add a member": f"RelationshipAdd(data: {{{membered}}})",
        "remove a member": f"RelationshipRemove(data: {{{membered}}})",
        "replace members": f'{GROUP}Update(data: {{id: "{group}", members: [{{id: "{router}"}}]}})',
        "delete a group": f'{GROUP}Delete(data: {{id: "{group}"}})',
    }


@asynccontextmanager
async def network(connect: Callable[[str], Transport], chance: random.Random, first: int = 0) -> AsyncIterator[Network]:
    """Build a network, and delete it afterwards."""
    made = Network(connect, chance, first)
    try:
        await made.drop_branches()
        await made.clear()
        await made.build()
        yield made
    finally:
        await made.clear()
        await made.close()
