"""A collector on loopback, and snapshots to push to it."""

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

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

Answer = Callable[[grpc.ServicerContext], ExportMetricsServiceResponse]


class Collector(MetricsServiceServicer):
    """The OTLP metrics service: keeps what it accepts; `answers` are taken in turn before it does."""

    def __init__(self) -> None:
        self.requests: list[ExportMetricsServiceRequest] = []
        self.headers: list[dict[str, str | bytes]] = []
        self.answers: list[Answer] = []
        self.called = threading.Event()
        self.unblocked = threading.Event()
        self.port = 0

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def Export(  # noqa: N802 (the name that the generated service calls)
        self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext
    ) -> ExportMetricsServiceResponse:
        self.headers.append(dict(context.invocation_metadata()))
        self.called.set()
        if self.answers:
            return self.answers.pop(0)(context)
        self.requests.append(request)
        return ExportMetricsServiceResponse()

    def hang(self, _: grpc.ServicerContext) -> ExportMetricsServiceResponse:
        """Answer when the test is over."""
        self.unblocked.wait()
        return ExportMetricsServiceResponse()


@pytest.fixture
def collector() -> Iterator[Collector]:
    servicer = Collector()
    with ThreadPoolExecutor(max_workers=4) as workers:
        server = grpc.server(workers)
        register: Callable[[MetricsServiceServicer, grpc.Server], None] = add_MetricsServiceServicer_to_server
        register(servicer, server)
        servicer.port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield servicer
        servicer.unblocked.set()
        server.stop(grace=None).wait()


@pytest.fixture
def unused_endpoint() -> Callable[[], str]:
    """Give an address on which nobody listens."""

    def endpoint() -> str:
        with socket.socket() as listener:
            listener.bind(("127.0.0.1", 0))
            return f"http://127.0.0.1:{listener.getsockname()[1]}"

    return endpoint
