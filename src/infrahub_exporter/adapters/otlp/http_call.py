"""The call over HTTP: `http/protobuf`, as OTLP's specification has it (OTLP/HTTP, "Binary Protobuf Encoding")."""

import ssl
import time
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from email.utils import parsedate_to_datetime

import anyio
import anyio.to_thread
import httpx
from google.protobuf.message import DecodeError
from google.rpc.status_pb2 import Status
from isal import isal_zlib
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from infrahub_exporter.adapters.otlp.calls import ANSWER_BYTES, Accepted, Failed
from infrahub_exporter.adapters.otlp.certificates import pem
from infrahub_exporter.adapters.otlp.connection import Connection
from infrahub_exporter.adapters.otlp.handshakes import closing

PROTOBUF = "application/x-protobuf"
PASSING = frozenset({429, 502, 503, 504})
"""OTLP specification, "Failures": no other status is tried again (OT-08)."""
HOPELESS = frozenset({401, 403, 404, 405, 407, 501})
"""Refusals of the sender or of the address rather than of a request: the next request would fare no better."""
CHUNK_BYTES = 256 * 1024
"""How much is written at once: encrypting 4 MB in one go would take the event loop's time."""
MESSAGE_BYTES = 1000
GZIP = 16 + isal_zlib.MAX_WBITS
LONGEST_DIGITS = 9
"""So many digits of Retry-After are read; more are longer than anybody waits."""


class HttpCall:
    """The metrics endpoint of a receiver, over a connection that is kept alive.

    Proxies are those of the process' `HTTP_PROXY`, `HTTPS_PROXY` and `NO_PROXY`, as gRPC reads them. Redirects are not
    followed: credentials would go along. Raises OSError (ssl.SSLError is one) for certificates that cannot be used.
    """

    def __init__(self, connection: Connection, *, version: str, wall: Callable[[], float] = time.time) -> None:
        self._client = httpx.AsyncClient(verify=_tls(connection), timeout=None)  # noqa: S113 (each call has its own)
        self._url = connection.endpoint
        self._wall = wall
        self._gzip = connection.gzip
        self._headers = {
            "user-agent": f"infrahub-exporter/{version}",
            **dict(connection.headers),
            "content-type": PROTOBUF,
            "accept-encoding": "identity",
            **({"content-encoding": "gzip"} if connection.gzip else {}),
        }

    async def once(self, body: bytes, timeout_seconds: float) -> Accepted | Failed:
        """Post the request, compressed off the event loop, and read the answer, of which 4 MiB count."""
        try:
            with anyio.fail_after(timeout_seconds):
                content = await anyio.to_thread.run_sync(compress, body) if self._gzip else body
                return await self._post(content)
        except TimeoutError:
            return Failed(code="deadline_exceeded", message="no answer in time", passing=True)
        except (httpx.RequestError, OSError) as error:
            message = str(error) or type(error).__name__
            return Failed(code="unavailable", message=message, passing=True)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _post(self, content: bytes) -> Accepted | Failed:
        headers = {**self._headers, "content-length": str(len(content))}
        async with self._client.stream(
            "POST", self._url, headers=headers, content=_chunks(content), extensions={"trace": closing()}
        ) as response:
            body = bytearray()
            async for chunk in response.aiter_raw():
                body += chunk
                if len(body) > ANSWER_BYTES:
                    return Failed(code="unreadable", message=f"the answer is larger than {ANSWER_BYTES} bytes")
        return _read(response, bytes(body), self._wall())


def compress(body: bytes) -> bytes:
    """Gzip a request at the fastest level: attributes repeat, more effort saves little."""
    packer = isal_zlib.compressobj(1, isal_zlib.DEFLATED, GZIP)
    packed: bytes = packer.compress(body) + packer.flush()
    return packed


def retry_after(value: str | None, now: float) -> float | None:
    """Read `Retry-After`, seconds or a date, of any size; None where it says nothing. `now` is unix seconds."""
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        digits = text.lstrip("0") or "0"
        return float(digits if len(digits) <= LONGEST_DIGITS else "9" * LONGEST_DIGITS)
    with suppress(ValueError, OverflowError, TypeError):
        return max(parsedate_to_datetime(text).timestamp() - now, 0.0)
    return None


def _tls(connection: Connection) -> ssl.SSLContext:
    for path in (connection.certificate, connection.client_certificate, connection.client_key):
        if path is not None:
            pem(path)
    context = ssl.create_default_context(cafile=connection.certificate)
    if connection.client_certificate is not None:
        context.load_cert_chain(connection.client_certificate, connection.client_key)
    return context


async def _chunks(content: bytes) -> AsyncIterator[bytes]:
    for start in range(0, len(content), CHUNK_BYTES):
        yield content[start : start + CHUNK_BYTES]


def _read(response: httpx.Response, body: bytes, now: float) -> Accepted | Failed:
    kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    if not response.is_success:
        return _failed(response, kind, body, now)
    if not body:  # as Prometheus answers
        return Accepted()
    with suppress(DecodeError):
        if kind == PROTOBUF:
            partial = ExportMetricsServiceResponse.FromString(body).partial_success
            return Accepted(partial.rejected_data_points, partial.error_message)
    return Failed(
        code="unreadable", message=f"{response.status_code} with a body that is no OTLP answer", hopeless=True
    )


def _failed(response: httpx.Response, kind: str, body: bytes, now: float) -> Failed:
    status = response.status_code
    message = "a redirect, which is not followed" if response.is_redirect else _message(kind, body)
    return Failed(
        code=str(status),
        message=message or response.reason_phrase,
        passing=status in PASSING,
        hopeless=status in HOPELESS or response.is_redirect,
        asked_seconds=retry_after(response.headers.get("retry-after"), now) if status in PASSING else None,
    )


def _message(kind: str, body: bytes) -> str:
    """Read what a refusal says: a `Status` (OTLP specification, "Failures"), or plain text."""
    if kind == PROTOBUF:
        with suppress(DecodeError):
            return str(Status.FromString(body).message)
    return body[:MESSAGE_BYTES].decode("utf-8", "replace") if kind == "text/plain" else ""
