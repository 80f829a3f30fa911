import gc
import logging
import ssl
import weakref
from collections.abc import AsyncIterator, Callable, Mapping, Sequence

import anyio
import anyio.lowlevel
import msgspec
import pytest
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.adapters.stores import MemoryStore
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.errors import (
    ExporterError,
    SourceRejectedError,
    SourceUnavailableError,
    UnknownDiscoveryError,
)
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema, Snapshot, TargetGroup
from infrahub_exporter.domain.ports import Page
from infrahub_exporter.domain.publishing.formats import Format
from infrahub_exporter.domain.publishing.guard import GuardSpec
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.publishing.status import PoolStatus, PushStatus

pytestmark = pytest.mark.anyio
DOCUMENT = "{ Device { edges { node { id name { value } } } } }"
NAME = {"name": AttributeSchema("name", "Text"), "port": AttributeSchema("port", "Number")}
SCHEMA = [KindSchema("Device", NAME, {}), KindSchema("Site", NAME, {})]
QUERY = DiscoverySpec(name="q", paths=("/sd/q",), target_field="name", document=DOCUMENT)
BY_KIND = DiscoverySpec(name="k", paths=("/sd/k",), target_field="name", port_field="port", kind="Device")
DEVICES = MetricSpec(kind="Device", include=("name",))
SITES = MetricSpec(kind="Site", include=("name",))


class Ticks:
    """Time that a test sets; every reading of the monotonic clock is a second later than the last."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.ticks = 0.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        self.ticks += 1.0
        return self.ticks


class Source(MemorySource):
    """An inventory whose reads fail, or wait, as a test wants."""

    def __init__(self) -> None:
        nodes: list[Mapping[str, object]] = [
            {"id": "1", "kind": "Device", "hfid": ("a",), "name": "a", "port": 9100},
            {"id": "2", "kind": "Device", "name": "b", "port": 70000},
            {"id": "3", "kind": "Site", "name": "paris"},
        ]
        answer: Mapping[str, JSON] = {"Device": {"edges": [{"node": {"id": "1", "name": {"value": "a"}}}]}}
        super().__init__(nodes, schema=SCHEMA, answers={DOCUMENT: answer})
        self.failures: dict[str, Exception] = {}
        self.gate: anyio.Event | None = None
        self.reads: list[str] = []

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        await self._ask(selection.kind)
        async for page in super().pages(selection, at=at, offset=offset):
            yield page

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        await self._ask("query")
        return await super().run(document, variables)

    async def _ask(self, what: str) -> None:
        self.reads.append(what)
        if self.gate is not None:
            await self.gate.wait()
        if what in self.failures:
            raise self.failures[what]


class Pushes:
    """A pusher that keeps what it got."""

    def __init__(self) -> None:
        self.snapshots: list[Snapshot] = []
        self.statuses = (PushStatus(pushes=7),)
        self.closed: list[float] = []

    def observe(self, own: object) -> None:
        del own

    async def publish(self, snapshot: Snapshot) -> None:
        self.snapshots.append(snapshot)

    async def run(self) -> None:
        await anyio.sleep_forever()

    async def close(self, timeout_seconds: float) -> None:
        self.closed.append(timeout_seconds)


def exporter(
    source: MemorySource,
    *,
    metrics: Sequence[MetricSpec] = (DEVICES,),
    discoveries: Sequence[DiscoverySpec] = (QUERY, BY_KIND),
    pusher: Pushes | None = None,
    interval: float = 3600.0,
    guard: GuardSpec | None = None,
    limits: Limits | None = None,
    store: MemoryStore | None = None,
    own_metrics: bool = True,
) -> Exporter:
    return Exporter(
        metrics=metrics,
        discoveries=discoveries,
        source=source,
        clock=Ticks(),
        poll_interval_seconds=interval,
        version="1",
        pusher=pusher,
        guard=guard,
        limits=limits,
        store=store,
        source_id="here",
        own_metrics=own_metrics,
    )


def inventory(exporter: Exporter) -> list[str]:
    return [
        line
        for line in exporter.metrics_text().splitlines()
        if line.startswith("infrahub_") and "_exporter_" not in line
    ]


async def until(condition: Callable[[], object]) -> None:
    """Let the background work go on until something is so."""
    with anyio.fail_after(5):
        while not condition():
            await anyio.wait_all_tasks_blocked()
            await anyio.lowlevel.checkpoint()


async def settled(exporter: Exporter) -> None:
    await until(lambda: exporter.status.ready and exporter.metrics_body() is not None)


async def test_one_round_publishes_metrics_and_targets() -> None:
    subject = exporter(Source())

    await subject.refresh()

    assert inventory(subject) == [
        'infrahub_device_info{id="1",hfid="Device__a",name="a"} 1',
        'infrahub_device_info{id="2",hfid="2",name="b"} 1',
    ]
    assert subject.snapshot.series == 2
    assert subject.snapshot.at == 1000.0
    assert subject.target_groups("q") == (
        TargetGroup(("a",), {"__meta_infrahub_id": "1", "__meta_infrahub_kind": "Device"}),
    )
    assert await subject.discovery("k") == (
        b'[{"targets":["a:9100"],"labels":{"__meta_infrahub_id":"1","__meta_infrahub_kind":"Device"}}]'
    )
    assert [
        (each.source, each.name, each.nodes, each.published, dict(each.skipped)) for each in subject.status.entries
    ] == [
        ("kind", "Device", 2, 2, {"duplicate": 0}),
        (
            "query",
            "q",
            1,
            1,
            {"no_target": 0, "bad_target": 0, "bad_port": 0, "no_port": 0, "bad_label": 0, "bad_content": 0},
        ),
        (
            "query",
            "k",
            2,
            1,
            {"no_target": 0, "bad_target": 0, "bad_port": 1, "no_port": 0, "bad_label": 0, "bad_content": 0},
        ),
    ]


async def test_nothing_is_served_before_the_first_good_read() -> None:
    subject = exporter(Source())

    assert subject.metrics_body() is None
    assert not subject.status.ready
    assert subject.snapshot == Snapshot()
    with pytest.raises(SourceUnavailableError, match=r"^discovery 'q' has not been read yet$"):
        subject.target_groups("q")


async def test_without_kinds_the_own_metrics_are_served_from_the_start() -> None:
    subject = exporter(Source(), metrics=(), discoveries=())

    assert subject.status.ready
    assert b"infrahub_exporter_build_info" in (subject.metrics_body() or b"")


async def test_entries_of_one_kind_share_a_family_and_an_equal_series_stays_with_the_first() -> None:
    subject = exporter(Source(), metrics=(DEVICES, DEVICES, MetricSpec(kind="Device")), discoveries=())

    await subject.refresh()

    assert inventory(subject) == [
        'infrahub_device_info{id="1",hfid="Device__a",name="a"} 1',
        'infrahub_device_info{id="2",hfid="2",name="b"} 1',
        'infrahub_device_info{id="1",hfid="Device__a"} 1',
        'infrahub_device_info{id="2",hfid="2"} 1',
    ]
    assert [(each.name, each.published, each.skipped["duplicate"]) for each in subject.status.entries] == [
        ("Device", 2, 0),
        ("Device#2", 0, 2),
        ("Device#3", 2, 0),
    ]


async def test_one_failing_kind_stops_no_other_and_keeps_its_last_good_data() -> None:
    source = Source()
    subject = exporter(source, metrics=(DEVICES, SITES), discoveries=())
    await subject.refresh()
    source.failures["Device"] = SourceUnavailableError("down")
    source.nodes[2] = {"id": "3", "kind": "Site", "name": "zürich"}

    await subject.refresh()

    assert inventory(subject) == [
        'infrahub_device_info{id="1",hfid="Device__a",name="a"} 1',
        'infrahub_device_info{id="2",hfid="2",name="b"} 1',
        'infrahub_site_info{id="3",hfid="3",name="zürich"} 1',
    ]
    assert [(each.success, each.settled, dict(each.errors)) for each in subject.status.entries] == [
        (False, True, {"unavailable": 1}),
        (True, True, {}),
    ]
    assert subject.status.ready


async def test_an_empty_answer_is_data_and_empties_the_series() -> None:
    source = Source()
    subject = exporter(source, discoveries=(BY_KIND,))
    await subject.refresh()
    source.nodes.clear()

    await subject.refresh()

    assert inventory(subject) == []
    assert await subject.discovery("k") == b"[]"


async def test_a_failing_discovery_keeps_its_last_good_list() -> None:
    source = Source()
    subject = exporter(source)
    await subject.refresh()
    before = await subject.discovery("q")
    source.failures["query"] = SourceUnavailableError("down")

    await subject.refresh()

    assert await subject.discovery("q") == before
    assert subject.status.entries[1].success is False


async def test_a_discovery_that_never_succeeded_raises_its_last_error() -> None:
    source = Source()
    source.failures["query"] = SourceUnavailableError("down")
    subject = exporter(source)

    with pytest.raises(SourceUnavailableError, match=r"^down$"):
        await subject.discovery("q")
    with pytest.raises(SourceUnavailableError, match=r"^down$"):
        await subject.discovery("q")
    assert source.reads == ["query"]


async def test_an_unknown_discovery_is_said_so() -> None:
    subject = exporter(Source())

    with pytest.raises(UnknownDiscoveryError, match=r"^no discovery 'x' is configured$"):
        await subject.discovery("x")
    with pytest.raises(LookupError):
        subject.target_groups("x")


async def test_the_very_first_requests_wait_for_one_query_together() -> None:
    source = Source()
    source.gate = anyio.Event()
    subject = exporter(source)
    answers: list[bytes] = []

    async def ask() -> None:
        answers.append(await subject.discovery("q"))

    async with anyio.create_task_group() as tasks:
        for _ in range(16):
            tasks.start_soon(ask)
        await anyio.wait_all_tasks_blocked()
        assert answers == []
        source.gate.set()

    assert len(answers) == 16
    assert source.reads == ["query"]


async def test_lists_and_metrics_are_handed_out_without_a_word_to_infrahub() -> None:
    source = Source()
    subject = exporter(source)
    await subject.refresh()
    asked = list(source.reads)
    source.gate = anyio.Event()

    for _ in range(3):
        assert await subject.discovery("q") == (
            b'[{"targets":["a"],"labels":{"__meta_infrahub_id":"1","__meta_infrahub_kind":"Device"}}]'
        )
        assert (subject.metrics_body() or b"").startswith(b"# HELP infrahub_device_info ")
    assert source.reads == asked


async def test_the_first_request_does_not_wait_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("infrahub_exporter.app.exporter._FIRST_SECONDS", 0.01)
    source = Source()
    source.gate = anyio.Event()

    async with exporter(source) as subject:
        with pytest.raises(SourceUnavailableError, match=r"^discovery 'q' has not been read yet$"):
            await subject.discovery("q")


@pytest.mark.parametrize(
    ("failure", "ready"), [(SourceUnavailableError("down"), False), (SourceRejectedError("unknown kind"), True)]
)
async def test_an_infrahub_that_is_down_holds_readiness_back_but_a_rejected_entry_does_not(
    failure: ExporterError, *, ready: bool
) -> None:
    source = Source()
    source.failures["Device"] = failure
    subject = exporter(source, discoveries=())

    await subject.refresh()

    assert subject.status.ready is ready
    assert subject.metrics_body() is None


async def test_refreshes_run_in_the_background_until_the_exit() -> None:
    source, pushes = Source(), Pushes()
    subject = exporter(source, pusher=pushes)

    async with subject as entered:
        assert entered is subject
        await settled(subject)
        with pytest.raises(RuntimeError, match="runs already"):
            await subject.__aenter__()

    assert sorted(source.reads) == ["Device", "query"], "what the kind and the discovery show is read once"
    assert pushes.snapshots == [subject.snapshot]
    assert pushes.closed == [1.5]
    assert subject.status.pushes == (PushStatus(pushes=7),)


async def test_an_exporter_can_be_started_again() -> None:
    source = Source()
    subject = exporter(source, discoveries=())

    for _ in range(2):
        async with subject:
            await settled(subject)

    assert source.reads[0] == "Device"


async def test_each_kind_of_the_first_round_is_published_without_waiting_for_the_next() -> None:
    class Gated(Source):
        async def _ask(self, what: str) -> None:
            if what == "Site":
                await anyio.sleep_forever()
            await super()._ask(what)

    subject = exporter(Gated(), metrics=(DEVICES, SITES), discoveries=())
    async with subject:
        await until(lambda: subject.metrics_body() is not None)

    assert len(inventory(subject)) == 2


async def test_a_loop_that_dies_makes_the_exporter_unready_and_is_logged(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def dies(_inventory: Inventory) -> None:
        raise ZeroDivisionError("a bug")

    monkeypatch.setattr(Inventory, "round", dies)
    subject = exporter(Source(), discoveries=())

    async with subject:
        await until(lambda: subject.status.dead)

    assert subject.status.dead == ("rounds",)
    assert not subject.status.ready
    assert "the rounds loop has died" in caplog.text


@pytest.mark.parametrize(
    "error", [ZeroDivisionError("a bug"), RecursionError(), MemoryError(), OverflowError(), ssl.SSLError("bad record")]
)
@pytest.mark.parametrize(("read", "failed"), [("Device", {"Device", "k"}), ("query", {"q"})])
async def test_what_nobody_foresaw_in_a_read_is_a_failed_refresh_of_that_entry_alone(
    caplog: pytest.LogCaptureFixture, error: Exception, read: str, failed: set[str]
) -> None:
    source = Source()
    subject = exporter(source, metrics=(DEVICES, SITES))
    await subject.refresh()
    before = inventory(subject), subject.target_groups("q"), subject.target_groups("k")
    source.failures[read] = error
    for _ in range(3):
        await subject.refresh()

    statuses = {each.name: each for each in subject.status.entries}
    assert {name for name, each in statuses.items() if not each.success} == failed
    assert all(statuses[name].errors == {"unexpected": 3} for name in failed)
    assert before == (inventory(subject), subject.target_groups("q"), subject.target_groups("k"))
    told = [each for each in caplog.records if "was not foreseen" in each.message]
    assert [each.exc_info and each.exc_info[1] for each in told] == [error] * len(failed)

    source.failures.clear()
    await subject.refresh()
    assert subject.status.ready
    assert all(each.success for each in subject.status.entries)


async def test_the_loops_go_on_after_what_nobody_foresaw() -> None:
    source = Source()
    source.failures.update({"Device": MemoryError(), "query": RecursionError()})
    subject = exporter(source)

    async with subject:
        await until(lambda: all(each.success is False for each in subject.status.entries))
        source.failures.clear()
        subject.hurry()
        await until(lambda: all(each.success for each in subject.status.entries))

    assert subject.status.dead == ()


async def test_the_log_has_one_line_per_change_of_state(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="infrahub_exporter")
    source = Source()
    subject = exporter(source, discoveries=())
    await subject.refresh()
    await subject.refresh()
    source.failures["Device"] = SourceUnavailableError("down")
    await subject.refresh()
    await subject.refresh()
    source.failures["Device"] = SourceRejectedError("no such kind")
    await subject.refresh()
    source.failures.clear()
    await subject.refresh()

    assert caplog.messages == [
        "kind Device is read: 2 nodes in 1.00 s",
        "kind Device cannot be read: down; its last good data stays",
        "kind Device cannot be read: no such kind; its last good data stays",
        "kind Device is read well again: 2 nodes",
    ]


async def test_a_host_registry_can_collect_the_snapshot() -> None:
    subject = exporter(Source(), discoveries=())
    registry = CollectorRegistry()
    registry.register(subject.collector())
    assert generate_latest(registry) == b""

    await subject.refresh()

    assert 'infrahub_device_info{hfid="Device__a",id="1",name="a"} 1.0' in generate_latest(registry).decode()


GUARD = GuardSpec(min_loss=1, confirmations=2)


async def test_a_shrink_is_held_until_it_is_confirmed(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, logger="infrahub_exporter")
    source = Source()
    subject = exporter(source, discoveries=(BY_KIND, QUERY), guard=GUARD)
    await subject.refresh()
    before = inventory(subject), await subject.discovery("k"), await subject.discovery("q")
    source.nodes[:] = source.nodes[2:]
    source.answers[DOCUMENT] = {"Device": {"edges": []}}

    seen = []
    for _ in range(3):
        await subject.refresh()
        seen.append((inventory(subject), await subject.discovery("k"), await subject.discovery("q")))

    assert seen == [before, before, ([], b"[]", b"[]")]
    assert [entry.hold is None for entry in subject.status.entries] == [True, True, True]
    assert sum(" is held: " in message for message in caplog.messages) == 3
    assert sum(" is no longer held: " in message for message in caplog.messages) == 3


async def test_what_is_held_can_be_released() -> None:
    source = Source()
    subject = exporter(source, guard=GUARD)
    await subject.refresh()
    source.nodes[:] = source.nodes[2:]
    await subject.refresh()
    assert len(inventory(subject)) == 2

    assert await subject.release("Device")
    assert inventory(subject) == []
    assert await subject.release("k")
    assert await subject.discovery("k") == b"[]"
    assert not await subject.release("Device")
    with pytest.raises(UnknownDiscoveryError, match=r"^no kind and no discovery 'nobody' is configured$"):
        await subject.release("nobody")


async def test_the_release_of_a_query_does_not_wait_for_a_round() -> None:
    source = Source()
    subject = exporter(source)
    source.gate = anyio.Event()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(subject.refresh)
        await until(lambda: source.reads)
        with anyio.fail_after(5):
            assert not await subject.release("q")
        source.gate.set()


async def test_a_recovery_ends_a_hold_and_nothing_was_lost() -> None:
    source = Source()
    subject = exporter(source, guard=GUARD)
    await subject.refresh()
    before, nodes = inventory(subject), list(source.nodes)
    source.nodes[:] = nodes[2:]
    await subject.refresh()
    source.nodes[:] = nodes
    await subject.refresh()

    assert inventory(subject) == before
    assert subject.status.entries[0].hold is None


@pytest.mark.parametrize(
    ("limits", "message"),
    [
        (Limits(max_series=1), "there are 2 series, limits.max_series allows 1"),
        (Limits(max_label_length=3), "label 'hfid' of node 1 has 9 characters, limits.max_label_length allows 3"),
    ],
)
async def test_past_a_limit_the_last_good_data_stays(limits: Limits, message: str) -> None:
    source = Source()
    subject = exporter(source, discoveries=(), limits=limits)

    await subject.refresh()

    assert subject.metrics_body() is None
    assert str(subject.status.entries[0].error) == message


async def test_a_restart_while_infrahub_is_down_serves_what_was_kept_at_once() -> None:
    source, store = Source(), MemoryStore()
    async with exporter(source, store=store) as first:
        await settled(first)
        before = inventory(first), await first.discovery("k"), await first.discovery("q")
    for what in ("Device", "query"):
        source.failures[what] = SourceUnavailableError("down")

    async with exporter(source, store=store) as second:
        after = inventory(second), await second.discovery("k"), await second.discovery("q")
        assert second.status.ready
        assert all(entry.is_restored for entry in second.status.entries)
        assert after == before
        await until(lambda: all(entry.error is not None for entry in second.status.entries))
        assert inventory(second) == before[0]

    source.failures.clear()
    async with exporter(source, store=store) as third:
        await until(lambda: all(entry.success for entry in third.status.entries))
        assert not any(entry.is_restored for entry in third.status.entries)
        assert inventory(third) == before[0]


async def test_what_another_infrahub_or_spec_left_is_not_served() -> None:
    source, store = Source(), MemoryStore()
    async with exporter(source, store=store) as first:
        await settled(first)
    source.failures["Device"] = SourceUnavailableError("down")

    other = MetricSpec(kind="Device", include=("name", "port"))
    async with exporter(source, metrics=(other,), discoveries=(), store=store) as second:
        assert second.metrics_body() is None


async def test_a_snapshot_of_a_round_without_changes_is_as_new_as_the_round() -> None:
    pushes = Pushes()
    source = Source()
    subject = exporter(source, discoveries=(), pusher=pushes)
    await subject.refresh()
    ticks = subject._inventory._clock
    assert isinstance(ticks, Ticks)
    ticks.now = 2000.0
    await subject.refresh()

    assert [snapshot.at for snapshot in pushes.snapshots] == [1000.0, 2000.0]


async def test_both_formats_end_once_with_the_own_metrics_in_the_same_format() -> None:
    subject = exporter(Source(), discoveries=())
    await subject.refresh()

    body = (subject.metrics_body(Format.OPENMETRICS) or b"").decode()
    types = {family.name: family.type for family in text_string_to_metric_families(body)}

    assert body.count("# EOF") == 1
    assert body.endswith("\n# EOF\n")
    assert (types["infrahub_device"], types["infrahub_exporter_build"], types["infrahub_exporter_ready"]) == (
        "info",
        "info",
        "gauge",
    )
    assert "# EOF" not in subject.metrics_text()


async def test_families_by_name_are_settled_unless_own_metrics_are_among_them() -> None:
    subject = exporter(Source(), discoveries=())
    await subject.refresh()

    devices = subject.exposition(names={"infrahub_device_info"})
    open_metrics = subject.exposition(Format.OPENMETRICS, {"infrahub_device"})
    both = subject.exposition(names={"infrahub_device_info", "infrahub_exporter_ready"})

    assert devices is not None
    assert open_metrics is not None
    assert both is not None
    assert b"".join(devices.plain).decode() == (
        "# HELP infrahub_device_info Nodes of kind Device in Infrahub.\n"
        "# TYPE infrahub_device_info gauge\n"
        'infrahub_device_info{id="1",hfid="Device__a",name="a"} 1\n'
        'infrahub_device_info{id="2",hfid="2",name="b"} 1\n'
    )
    assert b"".join(open_metrics.plain).endswith(b'infrahub_device_info{id="2",hfid="2",name="b"} 1\n# EOF\n')
    assert b"".join(both.plain) == b"".join(devices.plain) + (
        b"# HELP infrahub_exporter_ready 1 when /-/ready answers 200.\n"
        b"# TYPE infrahub_exporter_ready gauge\n"
        b"infrahub_exporter_ready 1.0\n"
    )
    assert [each.etag is None for each in (devices, open_metrics, both)] == [False, False, True]


async def test_a_whole_body_is_settled_where_own_metrics_are_left_out() -> None:
    with_own, without = exporter(Source(), discoveries=()), exporter(Source(), discoveries=(), own_metrics=False)
    await with_own.refresh()
    await without.refresh()

    one, other = with_own.exposition(), without.exposition()

    assert one is not None
    assert other is not None
    assert (one.etag, b"infrahub_exporter_ready" in b"".join(other.plain)) == (None, False)
    assert other.etag is not None
    assert b"infrahub_exporter_ready 1.0\n" in without.own_metrics_body()


async def test_what_is_pushed_says_which_metric_was_read_earlier_than_the_others() -> None:
    source, pushes = Source(), Pushes()
    subject = exporter(source, metrics=(DEVICES, SITES), discoveries=(), pusher=pushes)
    await subject.refresh()
    ticks = subject._inventory._clock
    assert isinstance(ticks, Ticks)
    ticks.now = 2000.0
    source.failures["Site"] = SourceUnavailableError("down")
    await subject.refresh()

    assert [(each.at, each.read_at) for each in pushes.snapshots[-1:]] == [(2000.0, {"infrahub_site_info": 1000.0})]


async def test_what_is_held_is_told_each_reading_and_row_once() -> None:
    subject = exporter(Source(), metrics=(DEVICES, SITES), discoveries=(BY_KIND,))
    assert subject.status.pool == PoolStatus()
    await subject.refresh()

    assert subject.status.pool == PoolStatus(readings=2, views=3, rows={"Device": 2, "Site": 1})


async def test_an_entry_past_its_own_limit_fails_and_harms_no_other(caplog: pytest.LogCaptureFixture) -> None:
    source = Source()
    bounded = MetricSpec(kind="Device", include=("name",), max_series=2)
    subject = exporter(source, metrics=(bounded, MetricSpec(kind="Site", include=("name",))), discoveries=())
    await subject.refresh()
    await subject.refresh()
    (devices, _) = subject.status.entries
    assert (devices.success, devices.published, devices.series_limit_ratio) == (True, 2, 1.0)
    warnings = [each.getMessage() for each in caplog.records if each.levelno == logging.WARNING]
    assert warnings == ["kind Device has 2 series, max_series allows 2"]
    source.nodes.append({"id": "9", "kind": "Device", "name": "too many"})
    source.nodes.append({"id": "10", "kind": "Site", "name": "lyon"})
    await subject.refresh()
    (devices, sites) = subject.status.entries
    assert str(devices.error) == "there are 3 series, max_series of this entry allows 2"
    assert (devices.published, devices.series_limit_ratio, sites.published) == (2, 1.5, 2)
    assert b'infrahub_exporter_series_limit_ratio{name="Device"} 1.5' in subject.own_metrics_body()
    source.nodes[:] = [each for each in source.nodes if each["kind"] != "Device" or each["id"] == "1"]
    await subject.refresh()
    (devices, _) = subject.status.entries
    assert (devices.success, devices.published, devices.series_limit_ratio) == (True, 1, 0.5)


async def test_a_reload_to_a_lower_limit_is_held_against_what_is_there() -> None:
    source = Source()
    former = exporter(source, discoveries=())
    heir = exporter(source, metrics=(msgspec.structs.replace(DEVICES, max_series=1),), discoveries=())
    former.retire(heir.parts)
    async with former:
        await former.refresh()
    await heir.resume(former.handover())
    assert heir.status.entries[0].success
    await heir.refresh()
    (devices,) = heir.status.entries
    assert str(devices.error) == "there are 2 series, max_series of this entry allows 1"
    assert devices.published == 2


class Answer:
    """A large answer."""


async def test_an_error_that_is_kept_holds_on_to_no_answer() -> None:
    held: list[weakref.ref[Answer]] = []

    class Refusing(Source):
        async def _ask(self, what: str) -> None:
            answer = Answer()
            held.append(weakref.ref(answer))
            await super()._ask(what)

    source = Refusing()
    source.failures["query"] = SourceRejectedError("refused")
    subject = exporter(source, metrics=(), discoveries=(QUERY,))
    await subject.refresh()
    gc.collect()
    assert [each() for each in held] == [None]
    tracebacks = []
    for _ in range(2):
        with pytest.raises(SourceRejectedError) as raised:
            subject.target_groups(QUERY.name)
        tracebacks.append(len(raised.traceback))
    assert tracebacks[0] == tracebacks[1]
