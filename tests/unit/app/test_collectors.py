"""Collectors in the exporter: their settings, their pace, what they publish, and what outlives a failure."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from infrahub_exporter import build_exporter
from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.adapters.stores import MemoryStore
from infrahub_exporter.app.configuration.settings import Settings, parse_settings
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.access.webhooks import Touched
from infrahub_exporter.domain.asking.collecting import READS, CollectorSpec
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.errors import ConfigError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.status import EntryStatus

pytestmark = pytest.mark.anyio
BRANCHES = CollectorSpec(collector="branches")
SERVER = CollectorSpec(collector="server")
DEVICES = MetricSpec(kind="Device", include=("name",))
SCHEMA = [
    KindSchema("Device", {"name": AttributeSchema("name", "Text")}, {}),
    KindSchema("CoreProposedChange", {}, {}),
]


class Ticks:
    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Source(MemorySource):
    """An Infrahub with some branches and a version; what is asked of either fails as a test wants."""

    def __init__(self) -> None:
        super().__init__([{"id": "1", "kind": "Device", "name": "a"}], schema=SCHEMA)
        self.branches = ["main", "fix"]
        self.failures: dict[str, Exception] = {}
        self.asked: list[str] = []

    async def run(
        self,
        document: str,
        variables: Mapping[str, JSON] | None = None,  # noqa: ARG002 - the port's
    ) -> Mapping[str, JSON]:
        of = "InfrahubBranch" if "InfrahubBranch" in document else "InfrahubInfo"
        self.asked.append(of)
        if of in self.failures:
            raise self.failures[of]
        if of == "InfrahubInfo":
            return {"InfrahubInfo": {"version": "1.11.9"}, "InfrahubStatus": {"workers": {"edges": []}}}
        return {
            "InfrahubBranch": {
                "edges": [
                    {
                        "node": {
                            "name": {"value": name},
                            "status": {"value": "OPEN"},
                            "is_default": {"value": name == "main"},
                            "created_at": "2026-01-01T00:00:00Z",
                        }
                    }
                    for name in self.branches
                ]
            }
        }


def exporter(
    source: Source,
    *collectors: CollectorSpec,
    clock: Ticks | None = None,
    metrics: Sequence[MetricSpec] = (),
    limits: Limits | None = None,
    store: MemoryStore | None = None,
) -> Exporter:
    return Exporter(
        metrics=metrics,
        collectors=collectors,
        discoveries=[],
        source=source,
        clock=clock or Ticks(),
        poll_interval_seconds=60.0,
        version="0.1.0",
        limits=limits,
        store=store,
        own_metrics=False,
    )


def status(made: Exporter, name: str) -> EntryStatus:
    return next(entry for entry in made.status.entries if entry.name == name)


def samples(made: Exporter) -> list[str]:
    return [line for line in made.metrics_text().splitlines() if not line.startswith("#") and not line.endswith(" 0")]


async def test_what_collectors_find_stands_beside_what_is_read_as_rows() -> None:
    made = exporter(Source(), BRANCHES, SERVER, metrics=[DEVICES])
    await made.refresh()
    assert samples(made) == [
        'infrahub_device_info{id="1",hfid="1",name="a"} 1',
        'infrahub_branches{status="OPEN"} 2',
        'infrahub_branch_created_timestamp_seconds{branch="fix"} 1767225600',
        'infrahub_server_info{version="1.11.9"} 1',
    ]
    assert [(each.source, each.name, each.published) for each in made.status.entries] == [
        ("kind", "Device", 1),
        ("collector", "branches", 8),
        ("collector", "server", 3),
    ]


async def test_with_collectors_alone_there_is_nothing_before_the_first_good_answer() -> None:
    source = Source()
    source.failures["InfrahubInfo"] = SourceRejectedError("You do not have one of the following permissions")
    made = exporter(source, SERVER)
    await made.refresh()
    assert made.metrics_body() is None
    assert made.status.ready, "it would be the same for ever"


async def test_one_that_is_refused_harms_no_other_and_keeps_its_last_good_numbers() -> None:
    source, clock = Source(), Ticks()
    made = exporter(source, BRANCHES, SERVER, clock=clock)
    await made.refresh()
    source.failures["InfrahubBranch"] = SourceRejectedError("no")
    clock.now = 2000.0
    await made.refresh()
    assert 'infrahub_branches{status="OPEN"} 2' in samples(made)
    assert (status(made, "branches").success, status(made, "branches").errors) == (False, {"rejected": 1})
    assert status(made, "server").success
    assert made.snapshot.at == 2000.0
    assert made.snapshot.read_at == {"infrahub_branches": 1000.0, "infrahub_branch_created_timestamp_seconds": 1000.0}


async def test_a_family_that_stays_equal_stays_the_same_object() -> None:
    made = exporter(Source(), BRANCHES)
    await made.refresh()
    before = made.snapshot.families
    await made.refresh()
    assert all(one is other for one, other in zip(before, made.snapshot.families, strict=True))


async def test_what_was_refused_waits_its_time_unless_an_outage_is_over() -> None:
    source, clock = Source(), Ticks()
    made = exporter(source, BRANCHES, SERVER, clock=clock)
    (branches, _) = made._inventory.entries.collectors
    await made.refresh()
    source.failures["InfrahubBranch"] = SourceRejectedError("no")
    await made._inventory.run(branches)
    await made._inventory.run(branches)
    source.asked.clear()
    await made._inventory.run(branches)
    assert source.asked == ["InfrahubBranch"], "Infrahub answers something, so an outage may be over"
    await made._inventory.run(branches)
    assert source.asked == ["InfrahubBranch"], "it was refused though all else went well"
    clock.now += 3600.0
    source.failures.clear()
    await made._inventory.run(branches)
    assert status(made, "branches").success


async def test_past_a_limit_the_last_good_numbers_stay(caplog: pytest.LogCaptureFixture) -> None:
    source = Source()
    made = exporter(source, CollectorSpec(collector="branches", max_series=10), limits=Limits(max_label_length=20))
    await made.refresh()
    assert status(made, "branches").series_limit_ratio == 0.8
    assert "collector branches has 8 series, max_series allows 10" in caplog.text
    source.branches = ["main", "a", "b", "c", "d"]
    await made.refresh()
    assert str(status(made, "branches").error) == "there are 11 series, max_series of this entry allows 10"
    source.branches = ["main", "a long name of a branch"]
    await made.refresh()
    assert "label 'branch'" in str(status(made, "branches").error)
    assert 'infrahub_branches{status="OPEN"} 2' in samples(made)


async def test_their_series_count_for_the_limit_over_all() -> None:
    made = exporter(Source(), BRANCHES, SERVER, metrics=[DEVICES], limits=Limits(max_series=10))
    await made.refresh()
    error = "there are 3 series beside 9 of other kinds, limits.max_series allows 10"
    assert [(each.name, str(each.error)) for each in made.status.entries if each.error] == [("server", error)]


async def test_a_restart_while_infrahub_is_down_serves_what_was_kept() -> None:
    source, store = Source(), MemoryStore()
    async with exporter(source, BRANCHES, store=store) as former:
        await former.refresh()
        wanted = samples(former)
    source.failures = dict.fromkeys(("InfrahubBranch", "InfrahubInfo"), SourceUnavailableError("down"))
    async with exporter(source, BRANCHES, SERVER, store=store) as made:
        assert samples(made) == wanted
        assert status(made, "branches").is_restored
        await made.refresh()
        assert samples(made) == wanted
    async with exporter(source, CollectorSpec(collector="server", contents=("X",)), store=store) as other:
        assert other.snapshot.families == ()


async def test_a_reload_goes_on_from_what_was_there() -> None:
    source = Source()
    former = exporter(source, BRANCHES)
    await former.refresh()
    made = exporter(source, SERVER, CollectorSpec(collector="branches", refresh_interval_seconds=5.0))
    await made.resume(former.handover())
    assert samples(made) == samples(former)
    assert status(made, "server").succeeded_at is None


async def test_each_is_asked_at_a_pace_of_its_own_in_the_background() -> None:
    source = Source()
    async with exporter(source, BRANCHES, CollectorSpec(collector="server", refresh_interval_seconds=3600.0)) as made:
        with anyio.fail_after(10):
            while len(made.snapshot.families) < 4:
                await anyio.lowlevel.checkpoint()
    assert sorted(source.asked) == ["InfrahubBranch", "InfrahubInfo"]


async def test_a_hint_hurries_those_that_show_what_it_touches() -> None:
    made = exporter(Source(), *(CollectorSpec(collector=name) for name in READS))
    _, hurried = await made._inventory.depending(Touched(kinds=frozenset({"CoreProposedChange"})))
    assert [each.status.name for each in hurried] == ["proposed_changes", "validators"]
    _, hurried = await made._inventory.depending(Touched(everything=True))
    assert len(hurried) == len(READS)


def settings(collectors: object) -> Settings:
    tree = {"infrahub": {"address": "http://infrahub"}, "collectors": collectors}
    return parse_settings({**tree, "poll_interval_seconds": 30})


def test_a_collector_is_on_where_it_is_named() -> None:
    made = settings(
        {
            "branches": True,
            "server": False,
            "tasks": {"refresh_interval_seconds": 300, "max_series": 50},
            "proposed_changes": {"contents": ["DcimDevice"]},
            "pools": None,
        }
    )
    assert made.collector_specs == (
        CollectorSpec(collector="branches", refresh_interval_seconds=30.0),
        CollectorSpec(collector="proposed_changes", refresh_interval_seconds=30.0, contents=("DcimDevice",)),
        CollectorSpec(collector="tasks", refresh_interval_seconds=300.0, max_series=50),
    )
    assert made.measures
    assert not settings({"branches": False}).measures


@pytest.mark.parametrize(
    ("collectors", "message"),
    [
        ({"branch": True}, "collectors.branch: unknown key, did you mean 'branches'?"),
        (
            {"branches": {"contents": ["X"]}},
            "collectors.branches.contents: unknown key, expected one of refresh_interval_seconds, max_series",
        ),
        (
            {"branches": ["all"]},
            (
                "collectors.branches: expected true or false, or a mapping with keys such as "
                "refresh_interval_seconds, got a list"
            ),
        ),
        (
            {"proposed_changes": {"contents": ["not a kind"]}},
            (
                "collectors.proposed_changes.contents[0]: expected the name of a kind, such as InfraDevice, "
                "got 'not a kind'"
            ),
        ),
    ],
)
def test_what_is_wrong_is_named(collectors: object, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings(collectors)
    assert str(raised.value) == f"settings: {message}"


async def test_every_collector_works_on_an_infrahub_inside(tmp_path: Path) -> None:
    schema = tmp_path / "schema.yml"
    schema.write_text('version: "1.0"\nnodes: [{name: Thing, namespace: Test, attributes: [{name: name, kind: Text}]}]')
    transport = EmbeddedTransport(EmbeddedInfrahub.load([schema], []))
    source = InfrahubReader(transport, clock=Ticks(), page_size=10, branch="main")
    contents = {name: ("BuiltinTag",) if name == "proposed_changes" else () for name in READS}
    made = Exporter(
        metrics=[],
        collectors=[CollectorSpec(collector=name, contents=kinds) for name, kinds in contents.items()],
        discoveries=[],
        source=source,
        clock=Ticks(),
        poll_interval_seconds=60.0,
        version="0.1.0",
        own_metrics=False,
    )
    await made.refresh()
    assert {each.name: each.error for each in made.status.entries} == dict.fromkeys(READS)
    assert samples(made) == ['infrahub_branches{status="OPEN"} 1', 'infrahub_server_info{version="1.11.9"} 1']


def test_the_settings_reach_the_exporter() -> None:
    made = build_exporter(settings({"branches": True}), source=Source(), environment={})
    assert [(each.source, each.name) for each in made.status.entries] == [("collector", "branches")]
