"""One export call: bytes out, an outcome back, with the retries that OTLP allows and none of the event loop's time."""

import asyncio
import random
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Any, Protocol, cast

import anyio
import anyio.to_thread
import grpc
from google.protobuf.message import DecodeError
from google.rpc.error_details_pb2 import RetryInfo
from google.rpc.status_pb2 import Status
from msgspec import Struct
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceResponse

METHOD = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"
DEFAULT_BACKOFF_SECONDS = 1.0

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


class Accepted(Struct, frozen=True):
    """The collector took the request, but for `rejected` points; `message` says why, or is its warning."""

    rejected: int = 0
    message: str = ""


class Refused(Struct, frozen=True):
    """The request was not taken: `code` is gRPC's in lower case; `hopeless` where others need not be tried."""

    code: str
    message: str
    hopeless: bool


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


class ExportMethod:
    """The export method of a collector, over a channel."""

    def __init__(self, channel: grpc.Channel, *, backoff_seconds: float = DEFAULT_BACKOFF_SECONDS) -> None:
        self._method: Any = channel.unary_unary(
            METHOD, request_serializer=None, response_deserializer=ExportMetricsServiceResponse.FromString
        )
        self._backoff_seconds = backoff_seconds

    async def call(
        self, body: bytes, *, headers: tuple[tuple[str, str], ...], timeout_seconds: float
    ) -> Accepted | Refused:
        """Send a request and, while time is left and the failure allows it, send it again. Cancelling ends the call."""
        deadline = anyio.current_time() + timeout_seconds
        attempt = 0
        while True:
            left = max(deadline - anyio.current_time(), 0.0)
            answer = await self._once(body, headers, left)
            if isinstance(answer, ExportMetricsServiceResponse):
                partial = answer.partial_success
                return Accepted(partial.rejected_data_points, partial.error_message)
            delay = retry_delay(answer, attempt, self._backoff_seconds)
            if delay is None or anyio.current_time() + delay >= deadline:
                code = answer.code()
                hopeless = delay is not None or code in HOPELESS
                return Refused(code.name.lower(), answer.details() or "", hopeless)
            await anyio.sleep(delay)
            attempt += 1

    async def _once(
        self, body: bytes, headers: tuple[tuple[str, str], ...], timeout_seconds: float
    ) -> ExportMetricsServiceResponse | Failure:
        loop = asyncio.get_running_loop()
        done = asyncio.Event()

        def wake(_: object) -> None:
            with suppress(RuntimeError):  # the loop is closed: nobody waits
                loop.call_soon_threadsafe(done.set)

        # compression happens where the call is started, so not on the event loop
        future = await anyio.to_thread.run_sync(
            lambda: self._method.future(body, timeout=timeout_seconds, metadata=headers)
        )
        try:
            future.add_done_callback(wake)
            await done.wait()
        finally:
            future.cancel()
        try:
            response: ExportMetricsServiceResponse = future.result()
        except grpc.RpcError as error:
            return cast("Failure", error)
        return response


def retry_delay(error: Failure, attempt: int, backoff_seconds: float) -> float | None:
    """Tell in how many seconds to try again: what the server asks for, else exponential with jitter; None is never."""
    asked = retry_info(error.trailing_metadata() or ())
    code = error.code()
    if code not in RETRYABLE and not (code is grpc.StatusCode.RESOURCE_EXHAUSTED and asked is not None):
        return None
    return asked or backoff_seconds * 2**attempt * random.uniform(0.5, 1.5)  # noqa: S311 (jitter is no secret)


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
