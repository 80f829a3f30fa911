"""An OTLP collector that only counts: `collector.py PORT FILE [http]` keeps points and pushes in the file."""

import sys
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import (
    MetricsServiceServicer,
    add_MetricsServiceServicer_to_server,
)


class Counter(MetricsServiceServicer):
    """Count, and take everything."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._points = 0
        self._pushes = 0
        self._first = ""

    def Export(  # noqa: N802 - the protocol's name
        self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext
    ) -> ExportMetricsServiceResponse:
        """Count the points of a request."""
        del context
        self.count(request)
        return ExportMetricsServiceResponse()

    def count(self, request: ExportMetricsServiceRequest) -> None:
        """Count, and keep the numbers."""
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    points = getattr(metric, str(metric.WhichOneof("data"))).data_points
                    self._points += len(points)
                    self._first = self._first or str(points[0].attributes)
                    self._pushes += str(points[0].attributes) == self._first  # each push begins with the same point
        made = self._path.with_suffix(".new")
        made.write_text(f"{self._points} {self._pushes}")
        made.replace(self._path)


def over_http(counter: Counter, port: int) -> ThreadingHTTPServer:
    """Make a server that counts what is posted."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            """Count a request."""
            counter.count(ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is called
            """Say nothing."""

    return ThreadingHTTPServer(("127.0.0.1", port), Handler)


def over_grpc(counter: Counter, port: int) -> grpc.Server:
    """Make a server that takes messages up to gRPC's 4 MiB, as a collector does."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    add_MetricsServiceServicer_to_server(counter, server)  # type: ignore[no-untyped-call] # generated
    server.add_insecure_port(f"127.0.0.1:{port}")
    return server


def main(port: str, file: str, protocol: str = "grpc") -> None:
    """Serve until killed."""
    counter = Counter(Path(file))
    if protocol == "http":
        receiver = over_http(counter, int(port))
        Path(file).write_text("0 0")
        receiver.serve_forever()
    server = over_grpc(counter, int(port))
    server.start()
    Path(file).write_text("0 0")
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
