"""An OTLP receiver over the published protocol: writes each point that it is sent to a file, a JSON text a line.

Started as `receiver.py PORT FILE`. The largest message that it takes is gRPC's default, 4 MiB, as a collector's.
"""

import json
import sys
from collections.abc import Iterable
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
from opentelemetry.proto.common.v1.common_pb2 import KeyValue


class Receiver(MetricsServiceServicer):
    """Write down what comes."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("w", encoding="utf-8")
        self._requests = 0

    def Export(  # noqa: N802 -- the protocol's name
        self, request: ExportMetricsServiceRequest, context: grpc.ServicerContext
    ) -> ExportMetricsServiceResponse:
        """Answer full success."""
        self._requests += 1
        size = request.ByteSize()
        headers = {str(key): value for key, value in context.invocation_metadata()}
        for resource in request.resource_metrics:
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    shape = str(metric.WhichOneof("data"))
                    for point in getattr(metric, shape).data_points:
                        line = {
                            "request": self._requests,
                            "headers": {key: headers[key] for key in headers if key.startswith("x-")},
                            "bytes": size,
                            "resource": _texts(resource.resource.attributes),
                            "metric": metric.name,
                            "shape": shape,
                            "attributes": _texts(point.attributes),
                            "value": getattr(point, point.WhichOneof("value") or "as_double"),
                            "was": _texts(metric.metadata),
                            "flags": point.flags,
                            "start": point.start_time_unix_nano,
                            "time": point.time_unix_nano,
                        }
                        self._file.write(json.dumps(line) + "\n")
        self._file.flush()
        return ExportMetricsServiceResponse()


def _texts(attributes: Iterable[KeyValue]) -> dict[str, str]:
    return {each.key: str(getattr(each.value, str(each.value.WhichOneof("value")))) for each in attributes}


def main(port: str, path: str) -> None:
    """Serve until killed."""
    server = grpc.server(futures.ThreadPoolExecutor(1))
    add_MetricsServiceServicer_to_server(Receiver(Path(path)), server)  # type: ignore[no-untyped-call] # generated
    server.add_insecure_port(f"127.0.0.1:{port}")
    server.start()
    print("ready", flush=True)
    server.wait_for_termination()


if __name__ == "__main__":
    main(*sys.argv[1:])
