"""Whatever happens: the series that are kept over changes are those that a fresh exporter makes of everything."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.conditions import Check
from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.series import CountSpec, SeriesSpec, SumSpec
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.publishing.guard import GuardSpec
from tests.unit.following.world import STEPS, Line, World

SERIES = (
    SeriesSpec(
        name="link",
        kind="NetPort",
        rows="cable.ends[other]",
        value=1,
        labels={"near": "^^name", "far": "name", "router": "router.name", "city": "^^router.city.name"},
    ),
    SeriesSpec(
        name="far_routers",
        kind="NetRouter",
        rows="ports[].cable.ends[other]",
        match={"router.city.name": "^^^city.name"},
        count=CountSpec(by={"near": "^^^name", "far": "router.name"}),
    ),
    SeriesSpec(name="routers", kind="NetRouter", count=CountSpec(by={"city": "city.name", "state": "state"})),
    SeriesSpec(name="cables", kind="NetCable", count=CountSpec(by={"media": "media"}, zeros=("media",))),
    SeriesSpec(name="media", kind="NetCable", value="media", labels={"cable": "name"}),
    SeriesSpec(name="memberships", kind="NetRouter", rows="member_of_groups[]", count=CountSpec(by={"group": "name"})),
    SeriesSpec(name="speed", kind="NetFastPort", value="speed", labels={"router": "router.name", "port": "name"}),
    SeriesSpec(name="speeds", kind="NetFastPort", sum=SumSpec(of="speed", by={"router": "router.name"})),
    SeriesSpec(name="holes", kind="NetRouter", missing=("city", "tags[].name"), labels={"state": "state"}),
    SeriesSpec(
        name="cities",
        kind="NetRouter",
        value=1,
        labels={"city": "city.name", "routers": "name", "tags": "tags[].name"},
        distinct=("city",),
    ),
    SeriesSpec(name="thing", kind="NetRouter", value=1, labels={"name": "name"}),
    SeriesSpec(name="thing", kind="NetSpot", value=2, labels={"name": ("name", "id"), "zip": Form(path="id", map={})}),
    SeriesSpec(
        name="up",
        kind="NetRouter",
        filters={"state__value": "up"},
        where={"city.name": Check(matches="c[01]")},
        exclude={"tags[].name": ("t0",)},
        count=CountSpec(),
    ),
)


class Round(NamedTuple):
    """What happens between two looks, and after how many requests the second one fails."""

    changes: Sequence[tuple[str, int, int]]
    fails: int | None


CHANGES = st.lists(st.tuples(st.sampled_from(list(STEPS)), st.integers(0, 7), st.integers(0, 7)), max_size=4)
ROUNDS = st.lists(st.builds(Round, CHANGES, st.one_of(st.none(), st.integers(0, 20))), min_size=1, max_size=6)


def exporter(line: Line, world: World) -> Exporter:
    return Exporter(
        metrics=[MetricSpec(kind="NetRouter", include=("name",))],
        series=SERIES,
        discoveries=(),
        source=InfrahubReader(line, clock=world.times, page_size=3),
        clock=world.times,
        poll_interval_seconds=60.0,
        version="0",
        guard=GuardSpec(enabled=False),
    )


def published(subject: Exporter) -> Mapping[str, Mapping[frozenset[tuple[str, str]], float]]:
    """Return the series of each metric, each of which is there once."""
    found: dict[str, dict[frozenset[tuple[str, str]], float]] = {}
    for family in subject.snapshot.families:
        series = found.setdefault(family.name, {})
        for section in family.sections:
            for sample in section.samples:
                labels = frozenset(pair for pair in zip(section.label_names, sample.labels, strict=True) if pair[1])
                assert labels not in series
                series[labels] = sample.value
    return found


async def follow(rounds: Sequence[Round]) -> None:
    world = World()
    world.populate()
    line = Line(world)
    subject = exporter(line, world)
    for each in (Round((), None), *rounds, Round((), None)):
        for change in each.changes:
            world.change(*change)
            world.times.wait(0.4)
        world.times.wait(60.0)
        line.failing = each.fails
        await subject.refresh()
        line.failing = None
        if all(entry.success for entry in subject.status.entries):
            fresh = exporter(Line(world), world)
            await fresh.refresh()
            assert published(subject) == published(fresh)
            assert [entry.skipped for entry in subject.status.entries] == [
                entry.skipped for entry in fresh.status.entries
            ]
        else:
            assert each.fails is not None


@settings(max_examples=15)
@given(ROUNDS)
def test_what_is_kept_equals_what_is_made_anew(rounds: Sequence[Round]) -> None:
    anyio.run(follow, rounds)
