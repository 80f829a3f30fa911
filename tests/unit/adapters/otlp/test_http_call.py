"""OTLP over HTTP against a real server on loopback: what is sent, what each answer means, what is bounded."""

import gzip
import socket
import ssl
import threading
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import Any

import anyio
import pytest
import trustme
from google.rpc.status_pb2 import Status
from msgspec import Struct
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsPartialSuccess,
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)

from infrahub_exporter.adapters.otlp import Destination, OtlpSink
from infrahub_exporter.adapters.otlp.calls import Accepted, Failed, Refused, deliver
from infrahub_exporter.adapters.otlp.connection import settle
from infrahub_exporter.adapters.otlp.http_call import HttpCall, retry_after
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from infrahub_exporter.domain.publishing.status import PushStatus

pytestmark = pytest.mark.anyio

PROTOBUF = {"content-type": "application/x-protobuf"}
NOW = 1_000_000_000.0


class Answer(Struct, frozen=True):
    """What the receiver says; a `length` other than the body's is one that it does not keep."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = MappingProxyType(PROTOBUF)
    length: int | None = None


class Receiver:
    """An OTLP receiver over HTTP: `answers` are taken in turn, then it takes everything."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, str], bytes]] = []
        self.answers: list[Answer] = []
        self.over = threading.Event()
        self.url = ""

    def answer(self) -> Answer:
        return self.answers.pop(0) if self.answers else Answer()


def _handler(receiver: Receiver) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.requests.append((self.path, {key.lower(): value for key, value in self.headers.items()}, body))
            answer = receiver.answer()
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("content-length", str(len(answer.body) if answer.length is None else answer.length))
            self.end_headers()
            self.wfile.write(answer.body)
            if answer.length is not None:
                self.wfile.flush()
                receiver.over.wait()

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the name that is called
            del format, args

    return Handler


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    yield from _served()


def _served(context: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    receiver = Receiver()
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(receiver))
    if context is not None:
        server.socket = context.wrap_socket(server.socket, server_side=True)
    receiver.url = f"{'http' if context is None else 'https'}://127.0.0.1:{server.server_port}/otlp"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield receiver
    receiver.over.set()
    server.shutdown()
    thread.join()
    server.server_close()


def call_to(url: str, **options: Any) -> HttpCall:
    connection = settle(Destination(endpoint=url, protocol="http/protobuf", **options), {})
    return HttpCall(connection, version="1.2", wall=lambda: NOW)


async def once(url: str, body: bytes = b"points", timeout_seconds: float = 30.0, **options: Any) -> Accepted | Failed:
    call = call_to(url, **options)
    try:
        return await call.once(body, timeout_seconds)
    finally:
        await call.close()


async def test_a_request_is_posted_with_its_headers_and_nothing_else(receiver: Receiver) -> None:
    assert await once(receiver.url, headers={"Authorization": "Bearer x", "X-Team": "net"}) == Accepted()
    ((path, headers, body),) = receiver.requests
    assert (path, body) == ("/otlp/v1/metrics", b"points")
    assert headers.pop("host").startswith("127.0.0.1:")
    assert headers == {
        "accept": "*/*",
        "accept-encoding": "identity",
        "authorization": "Bearer x",
        "connection": "keep-alive",
        "content-length": "6",
        "content-type": "application/x-protobuf",
        "user-agent": "infrahub-exporter/1.2",
        "x-team": "net",
    }


async def test_a_compressed_request_says_so(receiver: Receiver) -> None:
    assert await once(receiver.url, b"points" * 1000, compression="gzip") == Accepted()
    ((_, headers, body),) = receiver.requests
    assert headers["content-encoding"] == "gzip"
    assert int(headers["content-length"]) == len(body) < 200
    assert gzip.decompress(body) == b"points" * 1000


async def test_a_body_of_several_megabytes_arrives_whole_and_the_connection_stays(receiver: Receiver) -> None:
    body = bytes(range(256)) * 15_000
    call = call_to(receiver.url)
    ports = set()
    for _ in range(3):
        assert await call.once(body, 30.0) == Accepted()
        (pool,) = [call._client._transport._pool]  # type: ignore[attr-defined]
        ports |= {id(each) for each in pool.connections}
    await call.close()
    assert [each[2] for each in receiver.requests] == [body] * 3
    assert len(ports) == 1


def partial(rejected: int, message: str) -> bytes:
    success = ExportMetricsPartialSuccess(rejected_data_points=rejected, error_message=message)
    return ExportMetricsServiceResponse(partial_success=success).SerializeToString()


STATUS = Status(code=3, message="no such thing").SerializeToString()
TEXT = {"content-type": "text/plain; charset=utf-8"}
UNREADABLE = Failed(code="unreadable", message="200 with a body that is no OTLP answer", hopeless=True)


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200), Accepted()),
        (Answer(204, headers={}), Accepted()),
        (Answer(200, partial(0, "")), Accepted()),
        (Answer(200, partial(3, "too old")), Accepted(3, "too old")),
        (Answer(200, partial(0, "slow down")), Accepted(0, "slow down")),
        (Answer(200, b"<html>log in</html>", {"content-type": "text/html"}), UNREADABLE),
        (Answer(200, b"\xff\xff"), UNREADABLE),
        (Answer(400, STATUS), Failed(code="400", message="no such thing")),
        (Answer(400, b"\xff\xff"), Failed(code="400", message="Bad Request")),
        (
            Answer(400, b"bad \xff" + b"x" * 2000, TEXT),
            Failed(code="400", message="bad \N{REPLACEMENT CHARACTER}" + "x" * 995),
        ),
        (Answer(413), Failed(code="413", message="Request Entity Too Large")),
        (Answer(500, headers={"retry-after": "1"}), Failed(code="500", message="Internal Server Error")),
        (Answer(401, STATUS), Failed(code="401", message="no such thing", hopeless=True)),
        (Answer(404, b"404 page not found", TEXT), Failed(code="404", message="404 page not found", hopeless=True)),
        (
            Answer(307, headers={"location": "http://127.0.0.1:9/"}),
            Failed(code="307", message="a redirect, which is not followed", hopeless=True),
        ),
        (Answer(429), Failed(code="429", message="Too Many Requests", passing=True)),
        (
            Answer(429, headers={"retry-after": "7"}),
            Failed(code="429", message="Too Many Requests", passing=True, asked_seconds=7.0),
        ),
        (Answer(502), Failed(code="502", message="Bad Gateway", passing=True)),
        (Answer(503), Failed(code="503", message="Service Unavailable", passing=True)),
        (Answer(504), Failed(code="504", message="Gateway Timeout", passing=True)),
    ],
)
async def test_each_answer_means_what_the_specification_says(
    receiver: Receiver, answer: Answer, expected: Accepted | Failed
) -> None:
    receiver.answers = [answer]
    assert await once(receiver.url) == expected
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("0", 0.0),
        (" 120 ", 120.0),
        ("000000000000000000000000000120", 120.0),
        ("9" * 5000, 999_999_999.0),
        ("Sun, 09 Sep 2001 01:47:40 GMT", 60.0),
        ("Sun, 09 Sep 2001 01:40:00 GMT", 0.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 253_402_300_799.0 - NOW),
        ("Sun, 99 Sep 20010000000000000000 01:47:40 GMT", None),
        ("soon", None),
        ("-5", None),
        ("\N{SUPERSCRIPT TWO}", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_in_both_forms_and_of_any_size(value: str | None, expected: float | None) -> None:
    assert retry_after(value, NOW) == expected


@pytest.mark.parametrize("status", [200, 500])
async def test_of_an_answer_four_mebibytes_are_read(receiver: Receiver, status: int) -> None:
    receiver.answers = [Answer(status, b"\x00" * (4 * 1024 * 1024 + 1), length=10**12)]
    expected = Failed(code="unreadable", message="the answer is larger than 4194304 bytes")
    assert await once(receiver.url) == expected


async def test_an_answer_that_does_not_end_is_out_of_time(receiver: Receiver) -> None:
    receiver.answers = [Answer(200, b"\x0a", length=10)]
    assert await once(receiver.url, timeout_seconds=0.1) == Failed(
        code="deadline_exceeded", message="no answer in time", passing=True
    )


async def test_a_handshake_that_is_given_up_leaves_no_connection() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        call = call_to(f"https://127.0.0.1:{listener.getsockname()[1]}")
        failed = await call.once(b"points", 0.2)
        peer, _ = listener.accept()
        with peer:
            peer.settimeout(10)
            while peer.recv(65536):  # until the end of what came
                pass
        await call.close()
    assert failed == Failed(code="deadline_exceeded", message="no answer in time", passing=True)


async def test_nobody_there_is_a_passing_failure(unused_endpoint: Callable[[], str]) -> None:
    assert await once(unused_endpoint()) == Failed(
        code="unavailable", message="All connection attempts failed", passing=True
    )


@pytest.mark.parametrize("said", [b"", b"\x00\xff nonsense\r\n\r\n", b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nx"])
async def test_who_does_not_speak_http_to_the_end_is_a_passing_failure(said: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            connection, _ = listener.accept()
            with connection:
                connection.recv(65536)
                connection.sendall(said)

        thread = threading.Thread(target=serve)
        thread.start()
        answer = await once(f"http://127.0.0.1:{listener.getsockname()[1]}")
        thread.join()
    assert isinstance(answer, Failed)
    assert (answer.code, answer.passing, answer.message != "") == ("unavailable", True, True)


async def test_a_passing_failure_is_tried_again_until_it_is_taken(receiver: Receiver) -> None:
    receiver.answers = [Answer(503), Answer(429, headers={"retry-after": "0"}), Answer(200, partial(1, "no"))]
    call = call_to(receiver.url)
    assert await deliver(call, b"points", timeout_seconds=30.0, backoff_seconds=0.01) == Accepted(1, "no")
    await call.close()
    assert len(receiver.requests) == 3


@pytest.mark.parametrize("asked", ["31", "9" * 5000])
async def test_a_delay_longer_than_the_time_left_ends_it(receiver: Receiver, asked: str) -> None:
    receiver.answers = [Answer(503, headers={"retry-after": asked})]
    call = call_to(receiver.url)
    refused = await deliver(call, b"points", timeout_seconds=30.0)
    await call.close()
    assert isinstance(refused, Refused)
    assert (refused.code, refused.hopeless) == ("503", True)
    assert refused.asked_seconds == min(float(asked), 999_999_999.0)
    assert len(receiver.requests) == 1


async def test_a_sink_pushes_by_http_what_it_pushes_by_grpc(receiver: Receiver) -> None:
    samples = (Sample("a", ("a", "leaf")),)
    family = Family("x_info", FamilyType.INFO, "Help", (Section(("id", "role"), samples),))
    sink = OtlpSink(
        Destination(endpoint=receiver.url, protocol="http/protobuf", headers={"x-key": "s3cret"}),
        version="1.2",
        environment={},
        wall=lambda: 5000.0,
    )
    await sink.publish(Snapshot((family,), 1000.0))
    receiver.answers = [Answer(403, b"who is s3cret?", TEXT)]
    await sink.close(30.0)
    assert sink.status == PushStatus(points_dropped=1, failures={"403": 1}, last_error="403: who is ***?")
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(sink.run)
        await sink.publish(Snapshot((family,), 2000.0))
        await anyio.wait_all_tasks_blocked()
        await sink.close(30.0)
    message = ExportMetricsServiceRequest.FromString(receiver.requests[-1][2])
    (metric,) = message.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.name, metric.sum.data_points[0].time_unix_nano) == ("x_info", 2_000_000_000_000)
    assert sink.status.points_delivered >= 1


class Certificates(Struct, frozen=True):
    """An authority, and the context of a server that wants a client certificate of it."""

    authority: trustme.CA
    folder: Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        self.authority.issue_cert("127.0.0.1").configure_cert(context)
        self.authority.configure_trust(context)
        context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client(self) -> dict[str, Any]:
        issued = self.authority.issue_cert("exporter.example")
        issued.private_key_pem.write_to_path(self.folder / "key.pem")
        issued.cert_chain_pems[0].write_to_path(self.folder / "cert.pem")
        return {**self.trust(), "client_certificate": self.folder / "cert.pem", "client_key": self.folder / "key.pem"}

    def trust(self) -> dict[str, Any]:
        self.authority.cert_pem.write_to_path(self.folder / "ca.pem")
        return {"certificate": self.folder / "ca.pem"}


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    return Certificates(trustme.CA(), tmp_path)


@pytest.fixture
def guarded(certificates: Certificates) -> Iterator[Receiver]:
    yield from _served(certificates.server())


async def test_tls_checks_the_receiver_and_shows_a_certificate(guarded: Receiver, certificates: Certificates) -> None:
    assert await once(guarded.url, b"x" * 3_000_000, **certificates.client()) == Accepted()
    assert [len(body) for _, _, body in guarded.requests] == [3_000_000]


async def test_a_receiver_that_is_not_trusted_gets_nothing(guarded: Receiver) -> None:
    answer = await once(guarded.url)
    assert isinstance(answer, Failed)
    assert (answer.code, "certificate verify failed" in answer.message) == ("unavailable", True)
    assert guarded.requests == []


async def test_a_receiver_that_misses_our_certificate_is_a_failure_not_the_end(
    guarded: Receiver, certificates: Certificates
) -> None:
    answer = await once(guarded.url, **certificates.trust())
    assert isinstance(answer, Failed)
    assert answer.code == "unavailable"


@pytest.mark.parametrize("broken", ["certificate", "client_certificate"])
async def test_a_certificate_that_cannot_be_used_is_a_failed_push(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "broken.pem"
    path.write_text("nonsense", "ascii")
    files: dict[str, Any] = {broken: path, **({"client_key": path} if broken == "client_certificate" else {})}
    destination = Destination(endpoint="https://127.0.0.1:9", protocol="http/protobuf", **files)
    sink = OtlpSink(destination, version="1", environment={})
    await sink.publish(Snapshot((Family("x", FamilyType.GAUGE, "", (Section((), (Sample("", ()),)),)),), 1.0))
    await sink.close(30.0)
    assert sink.status.failures == {"credentials": 1}
