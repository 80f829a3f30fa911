"""The call over gRPC, over the channel of the package: none of the event loop's time."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol

import anyio
import anyio.to_thread
import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import OTLPMetricExporter
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

from infrahub_exporter.adapters.otlp.calls import ANSWER_BYTES, Accepted, Failed
from infrahub_exporter.adapters.otlp.certificates import pem
from infrahub_exporter.adapters.otlp.connection import Connection

METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
CHANNEL_OPTIONS: Any = (  # the package's annotation knows text values only
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.max_receive_message_length", ANSWER_BYTES),
)
"""Two exporters in one process share no connection, and a new channel inherits no back-off from an old one."""

RETRYABLE = frozenset(
    {
        grpc.StatusCode.CANCELLED,
        grpc.StatusCode.DEADLINE_EXCEEDED,
        grpc.StatusCode.ABORTED,
        grpc.StatusCode.OUT_OF_RANGE,
        grpc.StatusCode.UNAVAILABLE,
        grpc.StatusCode.DATA_LOSS,
    }
)
"""OTLP specification, "Failures": RESOURCE_EXHAUSTED joins them where it comes with RetryInfo (OT-09)."""

HOPELESS = frozenset(
    {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED}
)
"""Refusals of the caller rather than of a request: the next request would fare no better."""


class Failure(Protocol):
    """What gRPC raises when a call fails; its own `RpcError` declares none of this."""

    def code(self) -> grpc.StatusCode:
        """Return the status."""
        ...

    def details(self) -> str | None:
        """Return the message."""
        ...

    def trailing_metadata(self) -> Sequence[tuple[str, str | bytes]] | None:
        """Return what the server added; keys that end in `-bin` have bytes."""
        ...


class GrpcCall:
    """The export method of a collector, over a channel that the package makes.

    Raises OSError for a certificate that cannot be read, RuntimeError for a credential provider (a variable of the
    package's own) that is not installed.
    """

    def __init__(self, connection: Connection) -> None:
        self._exporter = open_exporter(connection)
        self._headers = connection.headers
        channel: Any = self._exporter._channel  # noqa: SLF001 (the package has no public way to its channel)
        self._method: Any = channel.unary_unary(
            METHOD, request_serializer=None, response_deserializer=ExportMetricsServiceResponse.FromString
        )

    async def once(self, body: bytes, timeout_seconds: float) -> Accepted | Failed:
        """Start the call where it may block, and wait for its end here."""
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def wake(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(done.set)

        # compression happens where the call is started, so not on the event loop
        future = await anyio.to_thread.run_sync(
            lambda: self._method.future(body, timeout=timeout_seconds, metadata=self._headers)
        )
        try:
            future.add_done_callback(wake)
            await done.wait()
        finally:
            future.cancel()
        try:
            response: ExportMetricsServiceResponse = future.result()
        except grpc.RpcError as error:
            failure: Any = error
            return failed(failure)
        return Accepted(response.partial_success.rejected_data_points, response.partial_success.error_message)

    async def close(self) -> None:
        """Close the channel."""
        self._exporter.shutdown()


def open_exporter(connection: Connection) -> OTLPMetricExporter:
    """Make the package's exporter, and with it its channel. Raises as `GrpcCall`."""
    credentials = None
    paths = (connection.certificate, connection.client_key, connection.client_certificate)
    if not connection.insecure and any(paths):
        credentials = grpc.ssl_channel_credentials(*(pem(path) if path else None for path in paths))
    return OTLPMetricExporter(
        endpoint=connection.endpoint,
        insecure=connection.insecure,
        credentials=credentials,
        timeout=connection.timeout_seconds,
        compression=grpc.Compression.Gzip if connection.gzip else grpc.Compression.NoCompression,
        channel_options=CHANNEL_OPTIONS,
    )


def failed(failure: Failure) -> Failed:
    """Put a failure of gRPC into the words of both protocols."""
    code, asked = failure.code(), retry_info(failure.trailing_metadata() or ())
    exhausted = code is grpc.StatusCode.RESOURCE_EXHAUSTED and asked is not None
    return Failed(
        code=code.name.lower(),
        message=failure.details() or "",
        passing=code in RETRYABLE or exhausted,
        hopeless=code in HOPELESS,
        asked_seconds=asked,
    )


def retry_info(metadata: Iterable[tuple[str, str | bytes]]) -> float | None:
    """Read the delay in seconds from a call's trailing metadata; None where the server gave no RetryInfo."""
    for key, value in metadata:
        if not isinstance(value, bytes):
            continue
        info = RetryInfo()
        with suppress(DecodeError):
            if key == "google.rpc.retryinfo-bin":
                info.ParseFromString(value)
                return _seconds(info)
            if key == "grpc-status-details-bin":
                for detail in Status.FromString(value).details:
                    if detail.Unpack(info):
                        return _seconds(info)
    return None


def _seconds(info: RetryInfo) -> float:
    seconds: int = info.retry_delay.seconds
    nanos: int = info.retry_delay.nanos
    return max(seconds + nanos / 1e9, 0.0)
