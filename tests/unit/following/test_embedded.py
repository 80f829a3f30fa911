"""What is followed equals what is read whole, over the embedded Infrahub, whatever changes, fails or runs late."""

import random
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import SourceError, SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.replica.following import Following
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.watching import Watch
from tests.unit.rows import rows_of

pytestmark = pytest.mark.anyio
STEPS = 30
PATHS = ("name", "place", "place.area.name", "tags[]", "tags[].description", "ports[]", "ports[].labels[].name")
ENTRIES: list[tuple[str, str, tuple[str, ...], Filters]] = [
    ("all", "NetRouter", PATHS, {}),
    ("own attribute", "NetRouter", ("name", "place.name"), {"state__value": "up"}),
    ("over a relation", "NetRouter", PATHS, {"place__name__value": "p0"}),
    ("group", "NetRouter", ("name", "member_of_groups[].name"), {"member_of_groups__name__values": ["g0", "g1"]}),
    ("no peer", "NetRouter", ("name",), {"place__isnull": True}),
    ("generic", "NetPort", ("name", "router", "router.place.area", "labels[]"), {}),
]


class Times:
    """A monotonic clock, and a wall clock that is far off."""

    def __init__(self, off: float) -> None:
        self.seconds = 10.0
        self.off = off

    def monotonic(self) -> float:
        return self.seconds

    def wall(self) -> float:
        return 1_700_000_000.0 + self.off


class Flaky:
    """A transport that loses answers."""

    def __init__(self, transport: EmbeddedTransport, chance: random.Random) -> None:
        self._transport = transport
        self._chance = chance
        self.rate = 0.0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self._lose()
        return await self._transport.graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        self._lose()
        return await self._transport.get(path)

    async def close(self) -> None:
        await self._transport.close()

    def _lose(self) -> None:
        if self._chance.random() < self.rate:
            raise SourceUnavailableError("lost")


class Network:
    """An inventory that changes at random."""

    def __init__(self, transport: EmbeddedTransport, chance: random.Random) -> None:
        self._transport = transport
        self._chance = chance
        self._made = 0

    async def ids(self, kind: str) -> list[str]:
        reply = await self._transport.graphql(f"{{ {kind} {{ edges {{ node {{ id }} }} }} }}", {})
        return [edge["node"]["id"] for edge in msgspec.json.decode(reply.body)["data"][kind]["edges"]]

    async def one(self, kind: str) -> str:
        return self._chance.choice(await self.ids(kind) or ["none"])

    async def run(self, mutation: str) -> None:
        """Change something; what Infrahub refuses, of a node that is gone say, changes nothing."""
        await self._transport.graphql(f"mutation {{ {mutation} {{ ok }} }}", {})

    async def change(self) -> None:
        self._made += 1
        name = f'name: {{value: "n{self._made}"}}'
        some = self._chance.randrange(3)
        router, place, tag = await self.one("NetRouter"), await self.one("NetPlace"), await self.one("BuiltinTag")
        port, group, area = await self.one("NetPort"), await self.one("CoreStandardGroup"), await self.one("NetArea")
        state = self._chance.choice(["up", "down"])
        await self.run(
            self._chance.choice(
                [
                    f'NetRouterCreate(data: {{{name}, place: {{id: "{place}"}}, tags: [{{id: "{tag}"}}]}})',
                    f"NetRouterCreate(data: {{{name}}})",
                    f'NetRouterUpdate(data: {{id: "{router}", {name}}})',
                    f'NetRouterUpdate(data: {{id: "{router}", state: {{value: "{state}"}}}})',
                    f'NetRouterUpdate(data: {{id: "{router}", place: {{id: "{place}"}}}})',
                    f'NetRouterUpdate(data: {{id: "{router}", place: null}})',
                    f'NetRouterDelete(data: {{id: "{router}"}})',
                    f'NetPlaceCreate(data: {{name: {{value: "p{some}"}}, area: {{id: "{area}"}}}})',
                    f'NetPlaceUpdate(data: {{id: "{place}", name: {{value: "p{some}"}}}})',
                    f'NetPlaceUpdate(data: {{id: "{place}", area: {{id: "{area}"}}}})',
                    f'NetPlaceDelete(data: {{id: "{place}"}})',
                    f'NetAreaUpdate(data: {{id: "{area}", {name}}})',
                    f'NetFastPortCreate(data: {{{name}, router: {{id: "{router}"}}, labels: [{{id: "{tag}"}}]}})',
                    f'NetFastPortUpdate(data: {{id: "{port}", {name}}})',
                    f'NetFastPortDelete(data: {{id: "{port}"}})',
                    f"BuiltinTagCreate(data: {{{name}}})",
                    f'BuiltinTagUpdate(data: {{id: "{tag}", description: {{value: "d{self._made}"}}}})',
                    f'BuiltinTagDelete(data: {{id: "{tag}"}})',
                    f'RelationshipAdd(data: {{id: "{router}", name: "tags", nodes: [{{id: "{tag}"}}]}})',
                    f'RelationshipRemove(data: {{id: "{router}", name: "tags", nodes: [{{id: "{tag}"}}]}})',
                    f'RelationshipAdd(data: {{id: "{port}", name: "labels", nodes: [{{id: "{tag}"}}]}})',
                    f'CoreStandardGroupCreate(data: {{{name}, members: [{{id: "{router}"}}]}})',
                    f'CoreStandardGroupUpdate(data: {{id: "{group}", name: {{value: "g{some}"}}}})',
                    f'RelationshipAdd(data: {{id: "{group}", name: "members", nodes: [{{id: "{router}"}}]}})',
                    f'RelationshipRemove(data: {{id: "{group}", name: "members", nodes: [{{id: "{router}"}}]}})',
                    f'CoreStandardGroupDelete(data: {{id: "{group}"}})',
                ]
            )
        )


def plain(rows: Mapping[str, Row]) -> dict[str, Any]:
    """Write rows without the order of what a to-many relation brings."""
    return {
        key: (
            row.kind,
            row.hfid,
            [sorted(map(repr, value)) if isinstance(value, tuple) else value for value in row.values],
        )
        for key, row in rows.items()
    }


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("kind", "include", "filters"), [entry[1:] for entry in ENTRIES], ids=[e[0] for e in ENTRIES])
async def test_what_is_followed_equals_what_is_read_whole(
    kind: str, include: tuple[str, ...], filters: Filters, seed: int
) -> None:
    chance = random.Random(f"{seed} {kind} {filters}")  # noqa: S311 - reproducible, guards nothing
    clock = Times(chance.uniform(-600, 600))
    start = datetime.now(timezone.utc)
    infrahub = EmbeddedInfrahub.load(
        [Path(__file__).parent / "schema.yml"], [], now=lambda: start + timedelta(seconds=clock.seconds)
    )
    transport = EmbeddedTransport(infrahub)
    network, flaky = Network(transport, chance), Flaky(transport, chance)
    for mutation in ("NetAreaCreate", "NetAreaCreate", "NetPlaceCreate", "BuiltinTagCreate", "CoreStandardGroupCreate"):
        await network.run(f'{mutation}(data: {{name: {{value: "first{chance.random()}"}}}})')
    for _ in range(20):
        await network.change()
    clock.seconds += 20
    reader = InfrahubReader(flaky, clock=clock, page_size=chance.randint(1, 5))
    kinds = Kinds(reader)
    selection = await kinds.select(kind, include, filters)
    plan, dependencies = await kinds.plan(selection, in_pieces=True)
    watch = Watch(reader, overlap_seconds=300)
    following = Following(reader, watch.start)
    view = following.view(plan, dependencies)
    held: dict[str, Row] = {}
    is_whole = False

    for _ in range(STEPS):
        for _ in range(chance.randint(0, 3)):
            await network.change()
            clock.seconds += chance.choice([0.01, 0.4, 1.0, 40.0])
        clock.seconds += chance.choice([0.01, 0.3, 0.9, 2.0, 100.0, 400.0])
        flaky.rate = chance.choice([0.0, 0.0, 0.2])
        try:
            at = await reader.instant()
            if is_whole:
                following.learn(await watch.look(following.kinds, at=at))
                delta = await following.follow(view, at=at)
            else:
                delta, at = await following.read(view, at=at)
                is_whole = True
        except SourceError:
            continue  # nothing that this round missed may be lost for the next
        finally:
            flaky.rate = 0.0
        if delta.whole:
            held.clear()
        held.update((row.id, row) for row in rows_of(delta))
        for identifier in delta.removed:
            held.pop(identifier, None)
        read = {row.id: row async for page in reader.pages(selection, at=at) for row in page.rows}
        assert plain(held) == plain(read)
    assert is_whole
