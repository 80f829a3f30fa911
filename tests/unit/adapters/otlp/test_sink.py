"""The push against a real gRPC server: what arrives, what is counted, what is logged."""

import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import anyio.to_thread
import grpc
import pytest
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.duration_pb2 import Duration
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric, NumberDataPoint

from infrahub_exporter.adapters.otlp import Destination, OtlpSink, OtlpSinks
from infrahub_exporter.adapters.otlp.sink import Bodies
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from infrahub_exporter.domain.ports import SnapshotSink
from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint
from infrahub_exporter.domain.publishing.status import PushStatus

if TYPE_CHECKING:
    from tests.unit.adapters.otlp.conftest import Answer, Collector

pytestmark = pytest.mark.anyio

NAME = "infrahub_device_info"
LEAF, SPINE = Sample("a", ("a", "leaf")), Sample("b", ("b", "spine"))


def snapshot(*samples: Sample, at: float = 1000.0) -> Snapshot:
    return Snapshot((Family(NAME, FamilyType.INFO, "Devices", (Section(("id", "role"), samples),)),), at)


class Wall:
    """A clock that stands still; the sink reads it once at the end of each push, which `pushes` waits for."""

    def __init__(self) -> None:
        self._read = 0
        self._event: anyio.Event | None = None

    def __call__(self) -> float:
        self._read += 1
        if self._event is not None:
            self._event.set()
        return 5000.0

    async def pushes(self, number: int) -> None:
        with anyio.fail_after(60):
            while self._read < number:
                self._event = anyio.Event()
                await self._event.wait()


def sink_to(collector: "Collector", **options: Any) -> OtlpSink:
    values: dict[str, Any] = {
        "version": "1.2",
        "environment": {},
        "endpoint": collector.endpoint,
        "timeout_seconds": 30.0,
        "instance_id": "one",
        "backoff_seconds": 0.01,
        "wall": Wall(),
        **options,
    }
    named = {key: values.pop(key) for key in Destination.__struct_fields__ if key in values}
    return OtlpSink(Destination(**named), **values)


@asynccontextmanager
async def running(sink: OtlpSink) -> AsyncIterator[None]:
    """Run the sink around a test, and close it at the end."""
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        yield
        await sink.close(30.0)


def metrics(request: ExportMetricsServiceRequest) -> list[Metric]:
    return [metric for each in request.resource_metrics for scope in each.scope_metrics for metric in scope.metrics]


def points(request: ExportMetricsServiceRequest) -> Iterator[NumberDataPoint]:
    for metric in metrics(request):
        yield from metric.sum.data_points


def ids(request: ExportMetricsServiceRequest) -> list[tuple[str, int]]:
    return [(point.attributes[0].value.string_value, point.flags) for point in points(request)]


def aborting(code: grpc.StatusCode, message: str = "no") -> "Answer":
    def answer(context: grpc.ServicerContext) -> ExportMetricsServiceResponse:
        context.abort(code, message)

    return answer


def partial(rejected: int, message: str) -> "Answer":
    success = ExportMetricsPartialSuccess(rejected_data_points=rejected, error_message=message)
    return lambda _: ExportMetricsServiceResponse(partial_success=success)


def exhausted_for(delay: Duration) -> "Answer":
    def answer(context: grpc.ServicerContext) -> ExportMetricsServiceResponse:
        detail = AnyMessage()
        detail.Pack(RetryInfo(retry_delay=delay))
        status = Status(code=8, message="busy", details=[detail])
        context.set_trailing_metadata((("grpc-status-details-bin", status.SerializeToString()),))
        return aborting(grpc.StatusCode.RESOURCE_EXHAUSTED, "busy")(context)

    return answer


A_MOMENT = exhausted_for(Duration(nanos=1_000_000))


async def test_it_is_a_snapshot_sink(collector: "Collector") -> None:
    assert isinstance(sink_to(collector), SnapshotSink)


async def test_a_snapshot_arrives_with_resource_scope_and_its_own_time(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall, resource_attributes={"service.name": "inventory"})
    async with running(sink):
        await sink.publish(snapshot(LEAF, at=1000.5))
        await wall.pushes(1)
    (first, last) = collector.requests
    assert first == last
    attributes = {each.key: each.value.string_value for each in first.resource_metrics[0].resource.attributes}
    assert attributes["service.name"] == "inventory"
    assert attributes["service.instance.id"] == "one"
    assert attributes["service.version"] == "1.2"
    scope = first.resource_metrics[0].scope_metrics[0].scope
    assert (scope.name, scope.version) == ("infrahub_exporter", "1.2")
    assert [metric.name for metric in metrics(first)] == [NAME]
    (point,) = points(first)
    assert (point.start_time_unix_nano, point.time_unix_nano) == (0, 1_000_500_000_000)
    assert str(collector.headers[0]["user-agent"]).startswith("OTel-OTLP-Exporter-Python/")
    assert sink.status == PushStatus(pushes=2, points_delivered=2, last_success_timestamp_seconds=5000.0)


async def test_nothing_is_pushed_before_the_first_snapshot(collector: "Collector") -> None:
    sink = sink_to(collector)
    async with running(sink):
        await anyio.wait_all_tasks_blocked()
    assert collector.headers == []
    assert sink.status == PushStatus()


async def test_an_empty_snapshot_is_no_request_and_no_push(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(Snapshot())
    await sink.close(30.0)
    assert collector.headers == []
    assert sink.status == PushStatus()


async def test_each_new_snapshot_is_pushed_without_a_start(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    async with running(sink):
        for number in (1, 2, 3):
            await sink.publish(snapshot(LEAF, at=1000.0 + number))
            await wall.pushes(number)
    times = [
        (point.start_time_unix_nano, point.time_unix_nano) for each in collector.requests for point in points(each)
    ]
    assert times == [(0, 1_001_000_000_000), (0, 1_002_000_000_000), (0, 1_003_000_000_000), (0, 1_003_000_000_000)]


async def test_at_an_interval_the_newest_is_pushed_again_with_its_own_time(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall, interval_seconds=0.001)
    async with running(sink):
        await sink.publish(snapshot(LEAF))
        await wall.pushes(3)
    assert {point.time_unix_nano for each in collector.requests for point in points(each)} == {1_000_000_000_000}


async def test_a_hundred_thousand_points_all_arrive_in_requests_under_four_mebibytes(collector: "Collector") -> None:
    names = ("id", "hfid", *(f"label_{index}" for index in range(6)))
    samples = tuple(
        Sample(f"{index}", (f"{index:036d}", f"InfraDevice__{index}", *(f"value {index % 50}" for _ in names[2:])))
        for index in range(100_001)
    )
    whole = Snapshot((Family(NAME, FamilyType.INFO, "Devices", (Section(names, samples),)),), 1000.0)
    sink = sink_to(collector, compression="gzip")
    await sink.publish(whole)
    await sink.close(60.0)
    assert sink.status.points_delivered == 100_001
    assert len(collector.requests) > 5
    assert all(each.ByteSize() < 4 * 1024 * 1024 for each in collector.requests)
    arrived = [
        tuple(attribute.value.string_value for attribute in point.attributes)
        for each in collector.requests
        for point in points(each)
    ]
    order = sorted(range(len(names)), key=names.__getitem__)
    assert arrived == [tuple(sample.labels[index] for index in order) for sample in samples]


async def test_a_vanished_series_is_marked_once(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    async with running(sink):
        for number, samples in enumerate([(LEAF, SPINE), (LEAF,), (LEAF,)], start=1):
            await sink.publish(snapshot(*samples))
            await wall.pushes(number)
    assert [ids(each) for each in collector.requests] == [
        [("a", 0), ("b", 0)],
        [("a", 0), ("b", 1)],
        [("a", 0)],
        [("a", 0)],
    ]


async def test_a_mark_that_did_not_arrive_is_sent_again(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    async with running(sink):
        await sink.publish(snapshot(LEAF, SPINE))
        await wall.pushes(1)
        collector.answers.append(aborting(grpc.StatusCode.INTERNAL))
        await sink.publish(snapshot(LEAF))
        await wall.pushes(2)
        await sink.publish(snapshot(LEAF))
        await wall.pushes(3)
    assert [ids(each) for each in collector.requests] == [
        [("a", 0), ("b", 0)],
        [("a", 0), ("b", 1)],
        [("a", 0)],
    ]
    assert sink.status.failures == {"internal": 1}
    assert sink.status.points_dropped == 2


@pytest.mark.parametrize(
    "answers",
    [
        [aborting(grpc.StatusCode.UNAVAILABLE), aborting(grpc.StatusCode.ABORTED)],
        [A_MOMENT, A_MOMENT],
    ],
    ids=["unavailable then aborted", "exhausted with RetryInfo"],
)
async def test_a_passing_failure_is_tried_again_within_the_push(
    collector: "Collector", answers: "list[Answer]"
) -> None:
    collector.answers = list(answers)
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert len(collector.headers) == 3
    assert sink.status == PushStatus(pushes=1, points_delivered=1, last_success_timestamp_seconds=5000.0)


@pytest.mark.parametrize(
    "code", [grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.PERMISSION_DENIED]
)
async def test_a_refusal_is_counted_and_not_tried_again(collector: "Collector", code: grpc.StatusCode) -> None:
    collector.answers.append(aborting(code, "too\nmuch"))
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF, SPINE))
    await sink.close(30.0)
    name = code.name.lower()
    assert len(collector.headers) == 1
    assert sink.status == PushStatus(points_dropped=2, failures={name: 1}, last_error=f"{name}: too much")


def heavy(answer: "Answer", collector: "Collector") -> Snapshot:
    """Make a snapshot of two requests, the first of which is refused."""
    collector.answers.append(answer)
    rows = tuple(Sample(each, (each, each * 2_100_000)) for each in "ab")
    return snapshot(*rows)


async def test_a_refused_request_does_not_hold_back_the_next(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(heavy(aborting(grpc.StatusCode.INVALID_ARGUMENT), collector))
    await sink.close(30.0)
    assert [each for request in collector.requests for each in ids(request)] == [("b", 0)]
    assert (sink.status.points_delivered, sink.status.points_dropped) == (1, 1)


async def test_after_a_refusal_of_the_sender_the_rest_is_not_tried(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(heavy(aborting(grpc.StatusCode.UNAUTHENTICATED), collector))
    await sink.close(30.0)
    assert len(collector.headers) == 1
    assert sink.status == PushStatus(
        points_dropped=2, failures={"unauthenticated": 1}, last_error="unauthenticated: no"
    )


async def test_a_delay_longer_than_the_time_left_ends_the_push(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(heavy(exhausted_for(Duration(seconds=3600)), collector))
    await sink.close(30.0)
    assert len(collector.headers) == 1
    assert sink.status == PushStatus(
        points_dropped=2, failures={"resource_exhausted": 1}, last_error="resource_exhausted: busy"
    )


async def test_a_point_too_large_for_any_request_is_dropped_and_counted(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF, Sample("b", ("b", "x" * 4_000_000))))
    await sink.close(30.0)
    assert [ids(each) for each in collector.requests] == [[("a", 0)]]
    assert (sink.status.points_delivered, sink.status.points_dropped) == (1, 1)
    assert lines(caplog) == [
        f"OTLP push to {collector.endpoint}: 1 point is larger than any request may be and is not sent"
    ]


async def test_rejected_points_are_counted_logged_once_and_not_sent_again(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "infrahub_exporter.otlp")
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    collector.answers = [partial(1, "too old"), partial(2, "")]
    async with running(sink):
        for number in (1, 2):
            await sink.publish(snapshot(LEAF, SPINE))
            await wall.pushes(number)
        assert sink.status == PushStatus(
            pushes=2,
            points_delivered=1,
            points_rejected=3,
            last_success_timestamp_seconds=5000.0,
            last_error="the collector rejected 2 points: it gave no reason",
        )
    assert len(collector.headers) == 3
    assert lines(caplog) == [
        f"OTLP push to {collector.endpoint}: the collector rejected 1 point: too old",
        f"OTLP push to {collector.endpoint} works: 2 points",
    ]


async def test_a_message_without_rejections_is_a_warning(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    collector.answers = [partial(0, "slow down")]
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert (sink.status.points_delivered, sink.status.points_rejected) == (1, 0)
    assert lines(caplog) == [f"OTLP push to {collector.endpoint}: the collector warns: slow down"]


def lines(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.name == "infrahub_exporter.otlp"]


async def test_a_change_of_state_is_one_line(collector: "Collector", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "infrahub_exporter.otlp")
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    async with running(sink):
        for number, answer in enumerate([None, "down", "down", None, None], start=1):
            if answer is not None:
                collector.answers.append(aborting(grpc.StatusCode.INTERNAL, answer))
            await sink.publish(snapshot(LEAF))
            await wall.pushes(number)
    assert lines(caplog) == [
        f"OTLP push to {collector.endpoint} works: 1 point",
        f"OTLP push to {collector.endpoint}: internal: down",
        f"OTLP push to {collector.endpoint} works: 1 point",
    ]


async def test_headers_are_sent_and_never_shown(collector: "Collector", caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    collector.answers.append(aborting(grpc.StatusCode.UNAUTHENTICATED, "unknown token s3cret"))
    sink = sink_to(collector, headers={"Authorization": "Bearer s3cret"})
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert collector.headers[0]["authorization"] == "Bearer s3cret"
    assert sink.status.last_error == "unauthenticated: unknown token ***"
    assert "s3cret" not in caplog.text + repr(sink.status) + repr(vars(sink))


async def test_the_environment_fills_what_the_configuration_leaves_open(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    environment = {
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9",
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": collector.endpoint,
        "OTEL_EXPORTER_OTLP_HEADERS": "x-team=net%20ops",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/json",
    }
    sink = sink_to(collector, endpoint=None, environment=environment)
    async with running(sink):
        await sink.publish(snapshot(LEAF))
    assert collector.headers[0]["x-team"] == "net ops"
    assert lines(caplog) == ["OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not spoken, the push uses grpc"]


async def test_the_variables_of_the_process_do_not_reach_past_the_given_environment(
    collector: "Collector", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_METRICS_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_HEADERS", "x-team=other")
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_COMPRESSION", "none")  # which the package alone would refuse
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert sink.status.pushes == 1
    assert "x-team" not in collector.headers[0]


async def test_a_certificate_that_cannot_be_read_is_a_failed_push(collector: "Collector", tmp_path: Path) -> None:
    path = tmp_path / "absent.pem"
    sink = sink_to(collector, endpoint="https://127.0.0.1:9", certificate=str(path))
    await sink.publish(snapshot(LEAF, SPINE))
    await sink.close(30.0)
    assert sink.status == PushStatus(
        points_dropped=2,
        failures={"credentials": 1},
        last_error=f"credentials: [Errno 2] No such file or directory: '{path}'",
    )


async def test_a_credential_provider_that_is_not_installed_is_a_failed_push(
    collector: "Collector", monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OTEL_PYTHON_EXPORTER_OTLP_GRPC_CREDENTIAL_PROVIDER", "absent")
    sink = sink_to(collector, endpoint="https://127.0.0.1:9")
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert sink.status.failures == {"credentials": 1}
    assert "'absent' not found" in str(sink.status.last_error)


async def test_a_collector_that_is_away_is_a_failure_that_says_so_and_ends_when_it_returns(
    collector: "Collector", unused_endpoint: Callable[[], str]
) -> None:
    sink = sink_to(collector, endpoint=unused_endpoint(), timeout_seconds=0.2)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert sink.status.pushes == 0
    assert sink.status.points_dropped == 1
    assert set(sink.status.failures) <= {"unavailable", "deadline_exceeded"}
    assert sink.status.last_error is not None


async def test_close_does_not_wait_longer_than_told_for_a_collector_that_hangs(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    collector.answers = [collector.hang, collector.hang]
    sink = sink_to(collector, timeout_seconds=600.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await sink.publish(snapshot(LEAF))
        await anyio.to_thread.run_sync(collector.called.wait)
        with anyio.fail_after(60):
            await sink.close(0.05)
    assert lines(caplog) == [f"the last OTLP push to {collector.endpoint} was not over in 0.05 s"]
    assert sink.status == PushStatus()


async def test_the_last_push_is_cut_short_too(collector: "Collector") -> None:
    collector.answers = [collector.hang]
    sink = sink_to(collector, timeout_seconds=600.0)
    await sink.publish(snapshot(LEAF))
    with anyio.fail_after(60):
        await sink.close(0.05)
    assert sink.status.pushes == 0


async def test_a_push_under_way_does_not_hold_up_publishing(collector: "Collector") -> None:
    wall = Wall()
    collector.answers = [collector.hang]
    sink = sink_to(collector, wall=wall)
    async with running(sink):
        await sink.publish(snapshot(LEAF, at=1.0))
        await anyio.to_thread.run_sync(collector.called.wait)
        for at in (2.0, 3.0):
            await sink.publish(snapshot(LEAF, at=at))
        collector.unblocked.set()
        await wall.pushes(2)
    assert [point.time_unix_nano for each in collector.requests for point in points(each)] == [3_000_000_000] * 2


async def test_a_cancelled_run_ends_and_close_still_pushes(collector: "Collector") -> None:
    sink = sink_to(collector)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await anyio.wait_all_tasks_blocked()
        tasks.cancel_scope.cancel()
    await sink.publish(snapshot(LEAF))
    with anyio.CancelScope() as scope:
        scope.cancel()
        await sink.close(30.0)
    assert [ids(each) for each in collector.requests] == [[("a", 0)]]


async def test_closing_twice_pushes_once(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    await sink.close(30.0)
    assert len(collector.requests) == 1


async def test_a_closed_sink_can_run_again(collector: "Collector") -> None:
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await sink.publish(snapshot(LEAF))
        with anyio.fail_after(60):
            while len(collector.requests) < 2:
                await anyio.wait_all_tasks_blocked()
        await sink.close(30.0)


async def test_what_was_read_too_long_ago_is_not_sent_until_it_is_fresh_again(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "infrahub_exporter.otlp")
    wall = Wall()  # it is 5000
    sink = sink_to(collector, wall=wall, max_age_seconds=100.0)
    async with running(sink):
        await sink.publish(snapshot(LEAF, at=4899.0))
        await wall.pushes(2)
        assert sink.status == PushStatus(last_error="1 metric was read too long ago and is not sent")
        await sink.publish(snapshot(LEAF, at=4900.0))
        await wall.pushes(4)
    assert [point.time_unix_nano for each in collector.requests for point in points(each)] == [4_900_000_000_000] * 2
    assert lines(caplog) == [
        f"OTLP push to {collector.endpoint}: 1 metric was read too long ago and is not sent",
        f"OTLP push to {collector.endpoint} works: 1 point",
    ]


async def test_a_smaller_request_size_means_more_requests(collector: "Collector") -> None:
    rows = tuple(Sample(each, (each, each * 90_000)) for each in "abcd")
    sink = sink_to(collector, max_request_bytes=200_000)
    await sink.publish(snapshot(*rows))
    await sink.close(30.0)
    assert [each.ByteSize() <= 200_000 for each in collector.requests] == [True, True]
    assert sink.status.points_delivered == 4


class Unforeseen(Exception):  # noqa: N818 - it is none of ours
    """What no adapter has thought of."""


async def test_the_unforeseen_fails_a_push_with_one_traceback_and_is_tried_again(
    collector: "Collector", caplog: pytest.LogCaptureFixture
) -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall)
    whole, failing = sink._encode, [True, True, False, False]

    def encode(given: Snapshot) -> Any:
        if failing.pop(0):
            raise Unforeseen
        return whole(given)

    sink._encode = encode  # type: ignore[assignment,method-assign]
    async with running(sink):
        for number in (1, 2, 3):
            await sink.publish(snapshot(LEAF))
            await wall.pushes(number)
        assert sink.status.failures == {"unexpected": 2}
    assert [ids(each) for each in collector.requests] == [[("a", 0)], [("a", 0)]]
    assert [record.exc_info is not None for record in caplog.records] == [True, False]


async def test_a_collector_that_asks_to_be_left_alone_gets_nothing_meanwhile(collector: "Collector") -> None:
    wall = Wall()
    sink = sink_to(collector, wall=wall, interval_seconds=0.001)
    collector.answers = [exhausted_for(Duration(seconds=10**11))]
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await sink.publish(snapshot(LEAF))
        await wall.pushes(1)
        await anyio.wait_all_tasks_blocked()
        assert sink._pause_seconds == 300.0
        assert len(collector.headers) == 1
        await sink.close(30.0)
    assert len(collector.headers) == 2


async def test_several_destinations_fail_and_work_each_by_itself(collector: "Collector") -> None:
    good, bad = Wall(), Wall()
    walls = {"good": good, "bad": bad}
    collector.answers = [collector.hang]  # the first call, whosoever it is, hangs until the test is over

    def build(destination: Destination, bodies: Bodies) -> OtlpSink:
        return OtlpSink(destination, version="1", environment={}, bodies=bodies, wall=walls[destination.name])

    hanging = Destination(name="bad", endpoint=collector.endpoint, timeout_seconds=600.0)
    sinks = OtlpSinks([hanging, Destination(name="good", endpoint=collector.endpoint)], build)
    async with anyio.create_task_group() as tasks:
        first, second = sinks._sinks
        tasks.start_soon(first.run)
        await first.publish(snapshot(LEAF))
        await anyio.to_thread.run_sync(collector.called.wait)
        tasks.start_soon(second.run)
        for number in (1, 2, 3):
            await sinks.publish(snapshot(LEAF, at=1000.0 + number))
            await good.pushes(number)
        assert sinks.statuses == (
            PushStatus(destination="bad"),
            PushStatus(3, 3, 0, 0, {}, 5000.0, None, "good"),
        )
        collector.unblocked.set()
        await sinks.close(30.0)
    assert second._bodies is first._bodies
    assert first.status.pushes >= 2
    assert second.status.pushes == 4


async def test_all_destinations_run_and_close_together(
    collector: "Collector", unused_endpoint: Callable[[], str]
) -> None:
    def build(destination: Destination, bodies: Bodies) -> OtlpSink:
        return OtlpSink(destination, version="1", environment={}, bodies=bodies)

    away = Destination(name="away", endpoint=unused_endpoint(), timeout_seconds=0.1, max_request_bytes=300_000)
    sinks = OtlpSinks([away, Destination(name="here", endpoint=collector.endpoint)], build)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sinks.run)
        await sinks.publish(snapshot(LEAF))
        await anyio.to_thread.run_sync(collector.called.wait)
        await sinks.close(30.0)
    away_status, here = sinks.statuses
    assert (away_status.pushes, here.points_delivered > 0) == (0, True)
    assert away_status.last_error is not None


async def test_own_metrics_go_along_with_each_push_as_they_are_then(collector: "Collector") -> None:
    numbers = iter((1.0, 2.0))

    def own() -> tuple[OwnFamily, ...]:
        return (OwnFamily("x_total", "counter", "Help", (OwnPoint((), next(numbers)),)),)

    def build(destination: Destination, bodies: Bodies) -> OtlpSink:
        return OtlpSink(destination, version="1", environment={}, bodies=bodies, wall=lambda: 5000.0)

    for own_metrics, expected in ((False, [NAME]), (True, [NAME, "x_total"])):
        collector.requests.clear()
        sinks = OtlpSinks([Destination(endpoint=collector.endpoint)], build, own_metrics=own_metrics)
        sinks.observe(own)
        await sinks.publish(snapshot(LEAF))
        await sinks.close(30.0)
        assert [metric.name for each in collector.requests for metric in metrics(each)] == expected
    (point,) = points(collector.requests[1])
    assert (point.as_double, point.time_unix_nano) == (1.0, 5_000_000_000_000)
    assert sinks.statuses[0].points_delivered == 2


async def test_own_metrics_are_looked_at_on_the_event_loop_and_made_beside_it(collector: "Collector") -> None:
    threads: list[int] = []

    def own() -> Iterator[OwnFamily]:
        threads.append(threading.get_ident())
        return made()

    def made() -> Iterator[OwnFamily]:
        threads.append(threading.get_ident())
        yield OwnFamily("x_total", "counter", "Help", (OwnPoint((), 1.0),))

    sink = sink_to(collector)
    sink.observe(own)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    looked, wrote = threads
    assert looked == threading.get_ident() != wrote
    assert sink.status.points_delivered == 2


async def test_of_an_answer_over_grpc_four_mebibytes_are_read(collector: "Collector") -> None:
    collector.answers = [partial(0, "x" * (4 * 1024 * 1024))]
    sink = sink_to(collector)
    await sink.publish(snapshot(LEAF))
    await sink.close(30.0)
    assert sink.status.failures == {"resource_exhausted": 1}
