"""Destinations of the push as they are configured, and what reaches each of them."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter

pytestmark = pytest.mark.anyio

DEMO = Path(__file__).parents[3] / "demo"


class Receiver(ThreadingHTTPServer):
    """An OTLP receiver over HTTP that keeps headers and names of metrics by path."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.got: dict[str, tuple[dict[str, str], set[str]]] = {}


class _Handler(BaseHTTPRequestHandler):
    server: Receiver

    def do_POST(self) -> None:
        message = ExportMetricsServiceRequest.FromString(self.rfile.read(int(self.headers["content-length"])))
        names = {
            metric.name for each in message.resource_metrics for scope in each.scope_metrics for metric in scope.metrics
        }
        headers = {key.lower(): value for key, value in self.headers.items()}
        _, before = self.server.got.get(self.path, ({}, set()))
        self.server.got[self.path] = headers, before | names
        self.send_response(200)
        self.send_header("content-length", "0")
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name that is called
        del format, args


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


async def pushed(otlp: dict[str, Any], environment: dict[str, str]) -> None:
    """Read the demo once and push it, as the end of a run does."""
    tree = {
        "infrahub": {"embedded": {"schema": ["schema.yml"], "objects": ["objects.yml"]}},
        "metrics": {"kind": [{"kind": "LocationRack", "include": ["name"]}]},
        "exporters": {"otlp": {"enabled": True, **otlp}},
    }
    exporter = build_exporter(parse_settings(tree, directory=DEMO), environment=environment)
    await exporter.refresh()
    async with exporter:
        pass


async def test_a_single_destination_is_completed_by_the_variables(receiver: Receiver) -> None:
    variables = {
        "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": f"http://127.0.0.1:{receiver.server_port}/own",
        "OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-key=theirs",
    }
    await pushed({"own_metrics": True}, variables)
    ((headers, names),) = receiver.got.values()
    assert list(receiver.got) == ["/own"]
    assert headers["x-key"] == "theirs"
    assert {"infrahub_locationrack_info", "infrahub_exporter_build_info"} <= names


async def test_no_variable_reaches_one_of_several_destinations(receiver: Receiver) -> None:
    base = f"http://127.0.0.1:{receiver.server_port}"
    variables = {"OTEL_EXPORTER_OTLP_HEADERS": "x-key=theirs", "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip"}
    destinations = [
        {"name": "a", "protocol": "http/protobuf", "endpoint": f"{base}/a", "headers": {"x-key": "ours"}},
        {"name": "b", "protocol": "http/protobuf", "endpoint": f"{base}/b"},
    ]
    await pushed({"destinations": destinations}, variables)
    assert {path: (headers.get("x-key"), names) for path, (headers, names) in receiver.got.items()} == {
        "/a/v1/metrics": ("ours", {"infrahub_locationrack_info"}),
        "/b/v1/metrics": (None, {"infrahub_locationrack_info"}),
    }
    assert [headers.get("content-encoding") for headers, _ in receiver.got.values()] == [None, None]
