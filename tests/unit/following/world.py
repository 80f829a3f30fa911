"""An Infrahub whose inventory, clock and line are in the hands of a test."""

import re
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import quote

import anyio.lowlevel
import msgspec

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.adapters.embedded.store import Store, to_instant
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

_SCHEMA = Path(__file__).parent / "world.yml"
_START = datetime(2026, 1, 1, tzinfo=timezone.utc)
_HEADERS = {"content-type": "application/json"}
_REFUSED = Reply(200, {}, b'{"data": null, "errors": [{"message": "no", "extensions": {"http_status": 500}}]}')
_SHED = Reply(429, {"retry-after": "3"}, b'{"data": null, "errors": [{"message": "shed"}]}')

_LATER = 0.001
"""How much later than an answer is what happens after it: nothing is added to an instant that was answered for."""

_DOCUMENTS: OrderedDict[str, Any] = OrderedDict()
"""What worlds have parsed already: they have one schema."""


@cache
def _kinds() -> Kinds:
    return load_kinds([_SCHEMA])


class Times:
    """The server's clock, and the exporter's own: as fast, but somewhere else altogether."""

    def __init__(self, off: float = 0.0) -> None:
        self.seconds = 0.0
        self.server = _START.timestamp() + 0.371234
        self.off = off

    def wait(self, seconds: float) -> None:
        self.seconds += seconds
        self.server += seconds

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.server, timezone.utc)

    def monotonic(self) -> float:
        return self.seconds + 10.0

    def wall(self) -> float:
        return _START.timestamp() + self.seconds + self.off


class World:
    """Nodes that change by small steps; a step that finds nothing to change, or is refused, changes nothing."""

    def __init__(self, times: Times | None = None) -> None:
        self.times = times or Times()
        self.infrahub = EmbeddedInfrahub(
            _kinds(), Store(to_instant(_START) - 86_400_000_000), token=None, now=self.times.now
        )
        self.infrahub._load([], range(to_instant(_START) - 1_000, to_instant(_START)))
        self.infrahub._documents._parsed = _DOCUMENTS
        self._made = 0

    def run(self, document: str, variables: Mapping[str, object] | None = None, *, at: str | None = None) -> Reply:
        target = "/graphql/main" if at is None else f"/graphql/main?at={quote(at, safe='')}"
        body = msgspec.json.encode({"query": document, "variables": variables or {}})
        return self.infrahub.handle("POST", target, _HEADERS, body)

    def ids(self, kind: str) -> list[str]:
        reply = self.run(f"{{ {kind} {{ edges {{ node {{ id }} }} }} }}")
        return [edge["node"]["id"] for edge in msgspec.json.decode(reply.body)["data"][kind]["edges"]]

    def pick(self, kind: str, number: int) -> str:
        """Choose a node of a kind; something that is no node where there is none."""
        ids = self.ids(kind)
        return ids[number % len(ids)] if ids else "none"

    def create(self, kind: str, name: str, *relations: str) -> str:
        """Make a node and return its id."""
        data = ", ".join([_value("name", name), *relations])
        reply = self.run(f"mutation {{ made: {kind}Create(data: {{{data}}}) {{ object {{ id }} }} }}")
        made: str = msgspec.json.decode(reply.body)["data"]["made"]["object"]["id"]
        return made

    def save(self, kind: str, identifier: str, **values: str) -> None:
        """Save attributes."""
        data = ", ".join(_value(name, value) for name, value in values.items())
        self.run(f'mutation {{ {kind}Update(data: {{id: "{identifier}", {data}}}) {{ ok }} }}')

    def delete(self, kind: str, identifier: str) -> None:
        self.run(f'mutation {{ {kind}Delete(data: {{id: "{identifier}"}}) {{ ok }} }}')

    def relate(self, identifier: str, relation: str, *peers: str) -> None:
        self.run(_relate("Add", identifier, relation, peers))

    def unrelate(self, identifier: str, relation: str, *peers: str) -> None:
        self.run(_relate("Remove", identifier, relation, peers))

    def populate(self) -> None:
        """Make three routers in three cities, with ports, tags and groups."""
        country = self.create("NetCountry", "x0")
        regions = [self.create("NetRegion", f"x{number}", to("parent", country)) for number in (0, 1)]
        cities = [self.create("NetCity", f"c{number}", to("parent", regions[number % 2])) for number in range(3)]
        tags = [self.create("BuiltinTag", f"t{number}") for number in range(2)]
        ports: list[str] = []
        for number, city in enumerate(cities):
            router = self.create("NetRouter", f"r{number}", to("city", city), to_many("tags", tags[: number % 3]))
            port = self.create("NetFastPort", "e0", to("router", router), to_many("labels", tags[:number]))
            ports.append(port)
            self.create("CoreStandardGroup", f"g{number}", to_many("members", [router]))
            self.times.wait(1.0)
        self.create("NetCable", "k0", to_many("ends", ports[:2]))

    def change(self, step: str, first: int, second: int) -> None:
        """Take a step of `STEPS`; the numbers choose among the nodes that there are."""
        self._made += 1
        document = STEPS[step]
        made = {
            "NEW": f"n{self._made}",
            "SOME": str(second % 3),
            "STATE": ("up", "down")[second % 2],
            "MEDIA": ("fibre", "air")[second % 2],
        }
        for word, text in made.items():
            document = document.replace(word, text)
        kinds = iter((first, second, first + second))
        document = re.sub(r"<(\w+)>", lambda found: self.pick(found[1], next(kinds)), document)
        self.run(f"mutation {{ {document} {{ ok }} }}")


STEPS: Mapping[str, str] = {
    "create a router": (
        'NetRouterCreate(data: {name: {value: "NEW"}, city: {id: "<NetCity>"}, tags: [{id: "<BuiltinTag>"}]})'
    ),
    "create a lonely router": 'NetRouterCreate(data: {name: {value: "NEW"}, state: {value: "STATE"}})',
    "create a router in a group": (
        'NetRouterCreate(data: {name: {value: "NEW"}, member_of_groups: [{id: "<CoreStandardGroup>"}]})'
    ),
    "rename a router": 'NetRouterUpdate(data: {id: "<NetRouter>", name: {value: "NEW"}})',
    "switch a router": 'NetRouterUpdate(data: {id: "<NetRouter>", state: {value: "STATE"}})',
    "move a router": 'NetRouterUpdate(data: {id: "<NetRouter>", city: {id: "<NetCity>"}})',
    "move a router nowhere": 'NetRouterUpdate(data: {id: "<NetRouter>", city: null})',
    "give a router all tags": 'NetRouterUpdate(data: {id: "<NetRouter>", tags: [{id: "<BuiltinTag>"}]})',
    "delete a router": 'NetRouterDelete(data: {id: "<NetRouter>"})',
    "create a city": 'NetCityCreate(data: {name: {value: "cSOME"}, parent: {id: "<NetRegion>"}})',
    "rename a city": 'NetCityUpdate(data: {id: "<NetCity>", name: {value: "cSOME"}})',
    "move a city": 'NetCityUpdate(data: {id: "<NetCity>", parent: {id: "<NetRegion>"}})',
    "delete a city": 'NetCityDelete(data: {id: "<NetCity>"})',
    "create a region": 'NetRegionCreate(data: {name: {value: "xSOME"}, parent: {id: "<NetCountry>"}})',
    "rename a region": 'NetRegionUpdate(data: {id: "<NetRegion>", name: {value: "xSOME"}})',
    "move a region": 'NetRegionUpdate(data: {id: "<NetRegion>", parent: {id: "<NetCountry>"}})',
    "delete a region": 'NetRegionDelete(data: {id: "<NetRegion>"})',
    "create a country": 'NetCountryCreate(data: {name: {value: "xSOME"}})',
    "rename a country": 'NetCountryUpdate(data: {id: "<NetCountry>", name: {value: "xSOME"}})',
    "delete a country": 'NetCountryDelete(data: {id: "<NetCountry>"})',
    "create a fast port": (
        'NetFastPortCreate(data: {name: {value: "eSOME"}, router: {id: "<NetRouter>"}, labels: [{id: "<BuiltinTag>"}]})'
    ),
    "create a slow port": 'NetSlowPortCreate(data: {name: {value: "NEW"}, router: {id: "<NetRouter>"}})',
    "rename a port": 'NetFastPortUpdate(data: {id: "<NetFastPort>", name: {value: "eSOME"}})',
    "move a port": 'NetFastPortUpdate(data: {id: "<NetFastPort>", router: {id: "<NetRouter>"}})',
    "delete a port": 'NetFastPortDelete(data: {id: "<NetFastPort>"})',
    "label a port": 'RelationshipAdd(data: {id: "<NetPort>", name: "labels", nodes: [{id: "<BuiltinTag>"}]})',
    "speed a port up": 'NetFastPortUpdate(data: {id: "<NetFastPort>", speed: {value: SOME}})',
    "slow a port down": 'NetSlowPortUpdate(data: {id: "<NetSlowPort>", speed: {value: "vSOME"}})',
    "create a fast port near a city": (
        'NetFastPortCreate(data: {name: {value: "NEW"}, router: {id: "<NetRouter>"}, nearby: {id: "<NetCity>"}})'
    ),
    "create a near city": (
        'NetCityCreate(data: {name: {value: "NEW"}, zip: {value: "zSOME"}, parent: {id: "<NetRegion>"}})'
    ),
    "zip a city": 'NetCityUpdate(data: {id: "<NetCity>", zip: {value: "zSOME"}})',
    "house a router": 'NetRouterUpdate(data: {id: "<NetRouter>", house: {id: "<NetSpot>"}})',
    "create a housed router": 'NetRouterCreate(data: {name: {value: "NEW"}, house: {id: "<NetHouse>"}})',
    "create a cable": 'NetCableCreate(data: {name: {value: "NEW"}, ends: [{id: "<NetPort>"}, {id: "<NetPort>"}]})',
    "plug a cable in": 'RelationshipAdd(data: {id: "<NetCable>", name: "ends", nodes: [{id: "<NetPort>"}]})',
    "pull a cable out": 'RelationshipRemove(data: {id: "<NetCable>", name: "ends", nodes: [{id: "<NetPort>"}]})',
    "change a cable": 'NetCableUpdate(data: {id: "<NetCable>", media: {value: "MEDIA"}})',
    "delete a cable": 'NetCableDelete(data: {id: "<NetCable>"})',
    "create a tag": 'BuiltinTagCreate(data: {name: {value: "NEW"}})',
    "describe a tag": 'BuiltinTagUpdate(data: {id: "<BuiltinTag>", description: {value: "NEW"}})',
    "rename a tag": 'BuiltinTagUpdate(data: {id: "<BuiltinTag>", name: {value: "NEW"}})',
    "delete a tag": 'BuiltinTagDelete(data: {id: "<BuiltinTag>"})',
    "tag a router": 'RelationshipAdd(data: {id: "<NetRouter>", name: "tags", nodes: [{id: "<BuiltinTag>"}]})',
    "untag a router": 'RelationshipRemove(data: {id: "<NetRouter>", name: "tags", nodes: [{id: "<BuiltinTag>"}]})',
    "create a group": 'CoreStandardGroupCreate(data: {name: {value: "NEW"}, members: [{id: "<NetRouter>"}]})',
    "rename a group": 'CoreStandardGroupUpdate(data: {id: "<CoreStandardGroup>", name: {value: "gSOME"}})',
    "delete a group": 'CoreStandardGroupDelete(data: {id: "<CoreStandardGroup>"})',
    "join a group": (
        'RelationshipAdd(data: {id: "<CoreStandardGroup>", name: "members", nodes: [{id: "<NetRouter>"}]})'
    ),
    "leave a group": (
        'RelationshipRemove(data: {id: "<CoreStandardGroup>", name: "members", nodes: [{id: "<NetRouter>"}]})'
    ),
}


def _value(name: str, value: str) -> str:
    return f'{name}: {{value: "{value}"}}'


def to(relation: str, peer: str) -> str:
    return f'{relation}: {{id: "{peer}"}}'


def to_many(relation: str, peers: Sequence[str]) -> str:
    return f"{relation}: [{', '.join(f'{{id: {peer!r}}}' for peer in peers)}]".replace("'", '"')


def _relate(verb: str, identifier: str, relation: str, peers: Sequence[str]) -> str:
    nodes = ", ".join(f'{{id: "{peer}"}}' for peer in peers)
    data = f'id: "{identifier}", name: "{relation}", nodes: [{nodes}]'
    return f"mutation {{ Relationship{verb}(data: {{{data}}}) {{ ok }} }}"


class Line:
    """A transport to a world. `asked` lists what was asked for; requests may fail, and things happen after them.

    `failing` counts the requests until one fails, lost or, where it `refuses`, refused, and all after it unless that
    is `once`; what is named in `lost`, `refused` and `shed` always fails. What is `lacking` are fields that it refuses.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.asked: list[str] = []
        self.failing: int | None = None
        self.refuses = False
        self.once = False
        self.lost: frozenset[str] = frozenset()
        self.refused: frozenset[str] = frozenset()
        self.shed: frozenset[str] = frozenset()
        self.lacking: frozenset[str] = frozenset()
        self.meanwhile: list[Callable[[], None]] = []
        self.seconds = 0.0
        self.is_slow = False
        """Whether others get ahead of a request, each of another number of them."""

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        what = root(document)
        self.asked.append(what)
        for _ in range(self.is_slow * (len(self.asked) % 4)):
            await anyio.lowlevel.checkpoint()
        if what in self.shed:
            return _SHED
        if self._fails(what):
            return _REFUSED
        if errors := [_lack(document.index(f" {each} {{"), each) for each in self.lacking if f" {each} {{" in document]:
            return Reply(200, {}, msgspec.json.encode({"data": None, "errors": errors}))
        reply = self._world.run(document, variables, at=at)
        self._happen()
        return reply

    async def get(self, path: str) -> Reply:
        self.asked.append(path)
        if self._fails(path):
            return Reply(503, {}, b"{}")
        reply = self._world.infrahub.handle("GET", path, {})
        self._happen()
        return reply

    async def close(self) -> None:
        """Hold on to nothing."""

    def _fails(self, what: str) -> bool:
        if what in self.lost:
            raise SourceUnavailableError("lost")
        if what in self.refused:
            return True
        if self.failing is None:
            return False
        self.failing -= 1
        if self.failing >= 0 or (self.once and self.failing < -1):
            return False
        if not self.refuses:
            raise SourceUnavailableError("lost")
        return True

    def _happen(self) -> None:
        self._world.times.wait(self.seconds)
        if self.meanwhile:
            self._world.times.wait(_LATER)
            self.meanwhile.pop()()


def _lack(before: int, field: str) -> dict[str, object]:
    """Make the error for a field that is not there."""
    return {"message": f"Cannot query field {field!r}.", "locations": [{"line": 1, "column": before + 2}]}


def root(document: str) -> str:
    """Say what a document asks for: `NetRouter`, `NetRouter count`, `probe` ..."""
    body = document.partition("{")[2].strip()
    if body.startswith("merging:"):
        return "probe"
    name = re.match(r"\w+", body)
    assert name is not None
    if "node_metadata {" in document:
        return f"{name[0]} stamps"
    return f"{name[0]} count" if "{ count } }" in document else name[0]
