"""The sinks keep their port's contract."""

import queue
import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import anyio
import anyio.to_thread
import grpc
import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)
from opentelemetry.proto.metrics.v1.metrics_pb2 import DataPointFlags
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter.adapters.otlp import Destination, OtlpSink
from infrahub_exporter.adapters.prometheus import PrometheusSink
from infrahub_exporter.testing import RemoteSnapshotSinkContract, SnapshotSinkContract
from infrahub_exporter.testing.sinks import Series, Shown

_GONE = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
_PATIENCE_SECONDS = 10


class TestPrometheusSink(SnapshotSinkContract):
    @pytest.fixture
    def sink(self) -> PrometheusSink:
        return PrometheusSink()

    @pytest.fixture
    def shown(self, sink: PrometheusSink) -> Shown:
        async def shown() -> list[Series]:
            assert sink.body is not None
            families = text_string_to_metric_families(sink.body.decode())
            return [(sample.name, sample.labels, sample.value) for family in families for sample in family.samples]

        return shown


class Collector(MetricsServiceServicer):
    """The OTLP metrics service: hands on what it gets."""

    def __init__(self) -> None:
        self.received: queue.SimpleQueue[ExportMetricsServiceRequest] = queue.SimpleQueue()
        self.silent = False
        self.over = threading.Event()

    def Export(  # noqa: N802 (the name that the generated service calls)
        self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext
    ) -> ExportMetricsServiceResponse:
        del context
        if self.silent:
            self.over.wait()
        self.received.put(request)
        return ExportMetricsServiceResponse()


@pytest.fixture
def collector() -> Collector:
    return Collector()


@pytest.fixture
def endpoint(collector: Collector) -> Iterator[str]:
    with ThreadPoolExecutor(max_workers=2) as workers:
        server = grpc.server(workers)
        add_MetricsServiceServicer_to_server(collector, server)  # type: ignore[no-untyped-call]  # it is generated
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"http://127.0.0.1:{port}"
        collector.over.set()
        server.stop(grace=None).wait()


async def _running(endpoint: str, protocol: str) -> AsyncIterator[OtlpSink]:
    destination = Destination(endpoint=endpoint, protocol=protocol, timeout_seconds=_PATIENCE_SECONDS)
    sink = OtlpSink(destination, version="0", environment={})
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        yield sink
        tasks.cancel_scope.cancel()
    await sink.close(0)


class TestOtlpSink(RemoteSnapshotSinkContract):
    @pytest.fixture
    def protocol(self) -> str:
        return "grpc"

    @pytest.fixture
    async def sink(self, endpoint: str, protocol: str) -> AsyncIterator[OtlpSink]:
        async for sink in _running(endpoint, protocol):
            yield sink

    @pytest.fixture
    def shown(self, collector: Collector) -> Shown:
        async def shown() -> list[Series]:
            request = await anyio.to_thread.run_sync(lambda: collector.received.get(timeout=_PATIENCE_SECONDS))
            return list(_series(request))

        return shown

    @pytest.fixture
    async def lost(self, lost_port: int, protocol: str) -> AsyncIterator[OtlpSink]:
        async for sink in _running(f"http://127.0.0.1:{lost_port}", protocol):
            yield sink

    @pytest.fixture
    async def silent(self, collector: Collector, endpoint: str, protocol: str) -> AsyncIterator[OtlpSink]:
        collector.silent = True
        async for sink in _running(endpoint, protocol):
            yield sink


class TestOtlpSinkOverHttp(TestOtlpSink):
    @pytest.fixture
    def protocol(self) -> str:
        return "http/protobuf"

    @pytest.fixture
    def endpoint(self, collector: Collector) -> Iterator[str]:
        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                if collector.silent:
                    collector.over.wait()
                collector.received.put(ExportMetricsServiceRequest.FromString(body))
                with suppress(OSError):  # who pushed may be gone
                    self.send_response(200)
                    self.end_headers()

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is called
                del format, args

        with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
            thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
            thread.start()
            yield f"http://127.0.0.1:{server.server_port}"
            collector.over.set()
            server.shutdown()
            thread.join()


def _series(request: ExportMetricsServiceRequest) -> Iterator[Series]:
    for resource in request.resource_metrics:
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                points = metric.sum.data_points or metric.gauge.data_points
                for point in points:
                    if not point.flags & _GONE:
                        labels = {each.key: each.value.string_value for each in point.attributes}
                        yield metric.name, labels, point.as_double
