"""Whatever an answer of Infrahub says in the place of something else, nothing but a failed refresh comes of it."""

import ssl
from collections.abc import Mapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

import anyio
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec import Struct

from infrahub_exporter import Exporter
from infrahub_exporter.adapters.clock import SystemClock
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.forms import Written
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.errors import ExporterError
from infrahub_exporter.domain.ports import Reply

SCHEMA = """
version: "1.0"
nodes:
  - name: Site
    namespace: Net
    human_friendly_id: [name__value]
    attributes: [{name: name, kind: Text, unique: true}]
  - name: Router
    namespace: Net
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: address, kind: IPHost, optional: true}
      - {name: state, kind: Dropdown, optional: true, choices: [{name: up}, {name: down}]}
      - {name: weight, kind: Number, optional: true}
    relationships:
      - {name: site, peer: NetSite, cardinality: one, kind: Attribute, optional: true}
      - {name: others, peer: NetSite, identifier: others, cardinality: many, kind: Generic, optional: true}
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: NetSite, data: [{name: a}, {name: b}]}
---
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: NetRouter
  data:
    - {name: r1, address: 10.0.0.1/24, state: up, weight: 7, site: [a], others: [[a], [b]]}
    - {name: r2, address: 10.0.0.2/24, site: [b]}
    - {name: r3}
"""
QUERY = "{ NetRouter { edges { node { id name { value } address { value } site { node { name { value } } } } } } }"
CHANGE = 'mutation Change($weight: BigInt) { NetRouterUpdate(data: {hfid: ["r1"], weight: {value: $weight}}) { ok } }'
GONE = "(gone)"
WRONG: tuple[object, ...] = (
    *(None, GONE, True, 0, -1, 2**80, 1e300, "", "x", "18000000-0000-0000-0000-000000000000"),
    *("2026-01-01T00:00:00Z", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"),
    *(
        [],
        {},
        [None],
        [[]],
        {"edges": []},
        {"edges": [None]},
        {"edges": [{"node": None}]},
        {"value": {}},
        {"count": -1},
    ),
)


class Garble(Struct, frozen=True):
    """Which requests from a time on are answered wrongly, in which place, and what stands there."""

    requests: frozenset[int]
    way: tuple[int, ...]
    wrong: object


class GarblingTransport:
    """Hands on what Infrahub answers, but for what is garbled."""

    def __init__(self, inner: EmbeddedTransport) -> None:
        self._inner = inner
        self.garble: Garble | None = None
        self.asked = 0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        return self._garbled(await self._inner.graphql(document, variables, at=at))

    async def get(self, path: str) -> Reply:
        return self._garbled(await self._inner.get(path))

    async def close(self) -> None:
        pass

    def _garbled(self, reply: Reply) -> Reply:
        self.asked += 1
        if self.garble is None or self.asked not in self.garble.requests or reply.status != HTTPStatus.OK:
            return reply
        if isinstance(self.garble.wrong, Exception):
            raise self.garble.wrong
        tree = msgspec.json.decode(reply.body)
        return Reply(reply.status, reply.headers, msgspec.json.encode(_wrong(tree, self.garble.way, self.garble.wrong)))


def _wrong(tree: Any, way: tuple[int, ...], wrong: object) -> Any:
    """Put something in the place that a way down the tree ends at."""
    children = list(tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ())
    if not way or not children:
        return wrong
    key, child = children[way[0] % len(children)]
    changed = _wrong(child, way[1:], wrong)
    if changed == GONE:
        pairs = [(name, each) for name, each in children if name != key]
    else:
        pairs = [(name, changed if name == key else each) for name, each in children]
    return dict(pairs) if isinstance(tree, dict) else [each for _, each in pairs]


@pytest.fixture(scope="module")
def infrahub(tmp_path_factory: pytest.TempPathFactory) -> EmbeddedInfrahub:
    schema, objects = (tmp_path_factory.mktemp("network") / name for name in ("schema.yml", "objects.yml"))
    schema.write_text(SCHEMA, encoding="utf-8")
    objects.write_text(OBJECTS, encoding="utf-8")
    return EmbeddedInfrahub.load([schema], [objects])


GARBLES = st.builds(
    Garble,
    requests=st.frozensets(st.integers(1, 9), min_size=1),
    way=st.lists(st.integers(0, 11), max_size=9).map(tuple),
    wrong=st.sampled_from(WRONG),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(garbles=st.lists(GARBLES, min_size=1, max_size=2), weight=st.integers(0, 9))
def test_whatever_answers_say_no_refresh_dies_of_it(
    infrahub: EmbeddedInfrahub, garbles: list[Garble], weight: int
) -> None:
    anyio.run(_refreshed, infrahub, garbles, weight)


UNFORESEEN = st.builds(
    Garble,
    requests=st.frozensets(st.integers(1, 9), min_size=1),
    way=st.just(()),
    wrong=st.sampled_from((ZeroDivisionError(), RecursionError(), MemoryError(), OverflowError(), ssl.SSLError())),
)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(unforeseen=st.lists(UNFORESEEN, min_size=1, max_size=2), weight=st.integers(0, 9))
def test_whatever_a_request_ends_in_no_refresh_dies_of_it(
    infrahub: EmbeddedInfrahub, unforeseen: list[Garble], weight: int
) -> None:
    anyio.run(_refreshed, infrahub, unforeseen, weight)


async def _refreshed(infrahub: EmbeddedInfrahub, garbles: list[Garble], weight: int) -> None:
    well = EmbeddedTransport(infrahub)
    transport = GarblingTransport(well)
    exporter = _exporter(transport)
    if len(garbles) == 1:
        await exporter.refresh()
    for garble in garbles:
        await well.graphql(CHANGE, {"weight": weight})
        transport.asked, transport.garble = 0, garble
        await exporter.refresh()
        for path in ("file", "kind"):
            with suppress(ExporterError):
                assert isinstance(msgspec.json.decode(await exporter.discovery(path)), list)
        assert exporter.metrics_text()
    transport.garble = None
    await exporter.refresh()


def _exporter(transport: GarblingTransport) -> Exporter:
    clock = SystemClock()
    include = ("name", "state", "state.label", "weight", "address.ip", "site.name", "site", "others[].name")
    mapped: dict[str, Written] = {"name": "name", "site": "site.name"}
    return Exporter(
        metrics=[MetricSpec(kind="NetRouter", include=include)],
        discoveries=[
            DiscoverySpec(
                name="file", paths=("/sd/file",), target_field="address.value", label_mappings=mapped, document=QUERY
            ),
            DiscoverySpec(
                name="kind", paths=("/sd/kind",), target_field="address.ip", label_mappings=mapped, kind="NetRouter"
            ),
        ],
        source=InfrahubReader(transport, clock=clock, page_size=2),
        clock=clock,
        poll_interval_seconds=60.0,
        version="0",
        outline=outline,
    )
