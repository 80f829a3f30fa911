"""An OTLP collector that only counts: `collector.py PORT FILE` keeps two numbers in the file: points, and pushes."""

import sys
from concurrent import futures
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
        return ExportMetricsServiceResponse()


if __name__ == "__main__":
    server = grpc.server(futures.ThreadPoolExecutor(1))  # messages up to gRPC's 4 MiB, as a collector takes them
    add_MetricsServiceServicer_to_server(Counter(Path(sys.argv[2])), server)  # type: ignore[no-untyped-call] # generated
    server.add_insecure_port(f"127.0.0.1:{sys.argv[1]}")
    server.start()
    Path(sys.argv[2]).write_text("0 0")
    server.wait_for_termination()
