"""A real OpenTelemetry collector takes what is pushed by either protocol, and hands all of it on to a receiver."""

import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

import anyio
import anyio.to_thread
import pytest
import yaml
from msgspec import Struct
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter.adapters.otlp import Destination, OtlpSink
from infrahub_exporter.adapters.prometheus import render
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from tests.e2e import loopback
from tests.e2e.children import Spawn, eventually, free_port
from tests.e2e.otlp.conftest import Receiver
from tests.e2e.peers.finding import find_peer

pytestmark = pytest.mark.anyio

COUNT = 100_000
NAMES = ("id", "hfid", *(f"label_{index}" for index in range(6)))
Address = Callable[[str], str]


@pytest.fixture
def collector(spawn: Spawn, receiver: Receiver, tmp_path: Path) -> Address:
    """Start a collector before the receiver; return its address by protocol."""
    onwards = {
        "endpoint": f"127.0.0.1:{receiver.port}",
        "tls": {"insecure": True},
        "compression": "none",
        "timeout": "60s",
        "sending_queue": {"enabled": False},
    }
    return start_collector(spawn, tmp_path / "collector.yaml", "otlp_grpc", onwards)


def start_collector(spawn: Spawn, path: Path, exporter: str, settings: Mapping[str, object]) -> Address:
    """Start a collector that hands on by one exporter, once it answers."""
    ports = {"grpc": free_port(), "http/protobuf": free_port()}
    listening = {
        "grpc": {"endpoint": f"127.0.0.1:{ports['grpc']}"},
        "http": {"endpoint": f"127.0.0.1:{ports['http/protobuf']}"},
    }
    pipeline = {"receivers": ["otlp"], "exporters": [exporter]}
    config = {
        "receivers": {"otlp": {"protocols": listening}},
        "exporters": {exporter: dict(settings)},
        "service": {"telemetry": {"metrics": {"level": "none"}}, "pipelines": {"metrics": pipeline}},
    }
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    child = spawn("otelcol", find_peer("otelcol"), "--config", str(path))
    eventually(lambda: _listens(ports["http/protobuf"]), child)
    return lambda protocol: f"http://127.0.0.1:{ports[protocol]}"


def _listens(port: int) -> bool:
    return loopback.get(f"http://127.0.0.1:{port}/").status_code == 404


def sink_to(address: str, protocol: str, compression: str = "none") -> OtlpSink:
    destination = Destination(endpoint=address, protocol=protocol, compression=compression, timeout_seconds=60.0)
    return OtlpSink(destination, version="1", environment={})


def devices(samples: tuple[Sample, ...]) -> Snapshot:
    fill = Section(("rack",), (Sample("r", ("r1",), 0.5),))
    state = Section(("id", "x_state"), (Sample("a", ("a", "up"), 1.0), Sample("a", ("a", "down"), 0.0)))
    families = (
        Family("x_device_info", FamilyType.INFO, "Devices", (Section(NAMES, samples),)),
        Family("x_fill_ratio", FamilyType.GAUGE, "Fill", (fill,), "ratio"),
        Family("x_state", FamilyType.STATESET, "State", (state,)),
    )
    return Snapshot(families, time.time())


def _pushed(sink: OtlpSink, number: int) -> bool:
    return eventually(lambda: sink.status.pushes >= number)


def fleet(count: int) -> tuple[Sample, ...]:
    return tuple(
        Sample(f"{index}", (f"{index:036d}", f"Device__{index}", *(f"value {index % 50}" for _ in NAMES[2:])))
        for index in range(count)
    )


@pytest.mark.parametrize(
    ("protocol", "compression", "count"),
    [
        ("grpc", "none", COUNT),
        ("http/protobuf", "none", COUNT),
        ("grpc", "gzip", 1000),
        ("http/protobuf", "gzip", 1000),
    ],
)
async def test_every_one_of_a_hundred_thousand_points_passes_a_collector(
    collector: Address, receiver: Receiver, protocol: str, compression: str, count: int
) -> None:
    sink = sink_to(collector(protocol), protocol, compression)
    await sink.publish(devices(fleet(count)))
    with anyio.fail_after(120):
        await sink.close(110.0)
    assert sink.status.failures == {}
    assert sink.status.points_delivered == count + 3
    points = receiver.points()
    series = {tuple(sorted(each["attributes"].items())) for each in points if each["metric"] == "x_device_info"}
    assert len(series) == count
    expected = {tuple(sorted(zip(NAMES, sample.labels, strict=True))) for sample in fleet(count)}
    assert series == expected
    shapes = {each["metric"]: (each["shape"], each["was"], each["start"]) for each in points}
    assert shapes == {
        "x_device_info": ("sum", {"prometheus.type": "info"}, 0),
        "x_fill_ratio": ("gauge", {}, 0),
        "x_state": ("sum", {"prometheus.type": "stateset"}, 0),
    }


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_what_vanishes_is_marked_once_through_a_collector(
    collector: Address, receiver: Receiver, protocol: str
) -> None:
    sink = sink_to(collector(protocol), protocol)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        for number, count in enumerate((3, 1, 1), start=1):
            await sink.publish(devices(fleet(count)))
            await anyio.to_thread.run_sync(_pushed, sink, number)
        await sink.close(30.0)
    names = [
        (each["attributes"]["hfid"], each["flags"]) for each in receiver.points() if each["metric"] == "x_device_info"
    ]
    first = [("Device__0", 0), ("Device__1", 0), ("Device__2", 0)]
    second = [("Device__0", 0), ("Device__1", 1), ("Device__2", 1)]
    assert names == [*first, *second, ("Device__0", 0), ("Device__0", 0)]


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_a_collector_that_cannot_hand_on_is_a_failure_that_ends_with_it(
    collector: Address, receiver: Receiver, protocol: str
) -> None:
    receiver.child.end()
    destination = Destination(endpoint=collector(protocol), protocol=protocol, timeout_seconds=2.0)
    sink = OtlpSink(destination, version="1", environment={})
    await sink.publish(devices(fleet(1)))
    await sink.close(30.0)
    assert sink.status.points_delivered == 0
    assert set(sink.status.failures) <= {"unavailable", "deadline_exceeded", "503", "500"}
    assert sink.status.last_error


class Exposing(Struct):
    """A collector with an exporter for Prometheus."""

    address: Address
    url: str

    def shows(self, families: Sequence[Family]) -> bool:
        """Tell whether it has the series of these families, with the types, texts and values of `/metrics`."""
        return _exposed(loopback.get(self.url).raise_for_status().text) == _exposed(render(families).decode())


@pytest.fixture
def exposing(spawn: Spawn, tmp_path: Path) -> Exposing:
    place = f"127.0.0.1:{free_port()}"
    settings = {"endpoint": place, "without_scope_info": True}
    return Exposing(
        start_collector(spawn, tmp_path / "collector.yaml", "prometheus", settings), f"http://{place}/metrics"
    )


def _exposed(text: str) -> dict[tuple[str, str, str], dict[frozenset[tuple[str, str]], float]]:
    """Read series by their family's name, type and help, without who has pushed them."""
    return {
        (family.name, family.type, family.documentation): {
            frozenset((key, value) for key, value in sample.labels.items() if key not in {"job", "instance"}): (
                sample.value
            )
            for sample in family.samples
        }
        for family in text_string_to_metric_families(text)
        if family.name != "target_info"
    }


@pytest.mark.parametrize("protocol", ["grpc", "http/protobuf"])
async def test_its_exporter_for_prometheus_shows_what_a_scrape_would_and_nothing_that_has_vanished(
    exposing: Exposing, protocol: str
) -> None:
    sink = sink_to(exposing.address(protocol), protocol)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        for number, count in enumerate((1000, 1), start=1):
            snapshot = devices(fleet(count))
            await sink.publish(snapshot)
            await anyio.to_thread.run_sync(_pushed, sink, number)
            assert await anyio.to_thread.run_sync(eventually, partial(exposing.shows, snapshot.families))
        await sink.close(30.0)
    assert sink.status.failures == {}
