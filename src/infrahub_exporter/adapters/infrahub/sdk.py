"""A `Transport` over infrahub-sdk: its addresses, authentication and documents' envelope, our connection and errors."""

import threading
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack
from http import HTTPStatus
from io import BytesIO
from ssl import SSLContext
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import anyio
import anyio.lowlevel
import anyio.to_thread
import httpx

from infrahub_exporter.adapters.infrahub.answers import errors_alone, names_errors
from infrahub_exporter.adapters.infrahub.documents import OPERATION
from infrahub_exporter.adapters.infrahub.handshakes import closing
from infrahub_exporter.adapters.infrahub.large_answers import LARGE_BYTES, LargeAnswers
from infrahub_exporter.adapters.infrahub.unpacking import CODING, Plain, check_size, unpacker
from infrahub_exporter.domain.access.redaction import HIDDEN, Redactor, spellings
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.limits import check_values, values_in

if TYPE_CHECKING:
    from infrahub_sdk import InfrahubClient

_KEEP_ALIVE_SECONDS = 1.5
"""Below the 2 s after which an Infrahub closes an idle connection unannounced."""

_LOST = (httpx.RemoteProtocolError, httpx.ReadError, httpx.WriteError)
"""What a kept-alive connection that the server has closed meanwhile ends in."""
_UNREACHABLE = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpx.StreamError,
    OSError,  # ssl.SSLError is one: httpx lets through what TLS finds wrong in the middle of a connection
    anyio.BrokenResourceError,
    anyio.ClosedResourceError,
    anyio.EndOfStream,
)
"""What a request that fails on its way ends in."""
_CONNECT_SECONDS = 5.0
_STALL_SECONDS = 5.0
"""How long an answer that has begun may pause. Infrahub computes all of it before it sends any."""
_LONG_BYTES = 1 << 20
"""From here on finding the errors of an answer takes more than some 2 ms."""
_MOST_PIECES, _PIECE_BYTES = 10_000, 64
"""An answer may have so many pieces, and one more for so many bytes: each costs time, whatever is in it."""
_OPENING_SECONDS = 0.05
"""How often a request looks whether a thread that an earlier one has given up is done with opening."""
_TROUBLE_CHARACTERS = 200
"""How much of somebody else's words a message holds."""


class SdkTransport:
    """Speak to an Infrahub through `InfrahubClient.execute_graphql` over one shared keep-alive connection pool.

    The SDK's public `requester` hook hands every answer on unread, so that statuses, headers and bytes come back as
    they are: the SDK would lose a 5xx's status and decode the body untyped. Each request, a second try after a lost
    connection included, has `timeout_seconds` in all; a connection that is not made in `connect_seconds`, and an answer
    that has begun and pauses for `stall_seconds`, are given up before that. Requests are marked as low priority, which
    Infrahub sheds first. An answer of more than `max_response_bytes`, decompressed, or `max_response_values` is given
    up as soon as that shows.
    The SDK is imported at the first request, in a worker thread, so that a service listens before that half a second of
    CPU. Where that takes longer than a request may, those after it wait for the same thread.
    """

    def __init__(
        self,
        *,
        address: str,
        token: str | None,
        branch: str,
        timeout_seconds: float,
        tls: SSLContext | bool = True,
        version: str = "0",
        max_response_bytes: int | None = None,
        max_response_values: int | None = None,
        stall_seconds: float = _STALL_SECONDS,
        connect_seconds: float = _CONNECT_SECONDS,
        large: LargeAnswers | None = None,
    ) -> None:
        self._stall_seconds = stall_seconds
        self._connect_seconds = connect_seconds
        self._max_response_bytes = max_response_bytes
        self._max_response_values = max_response_values
        self._timeout_seconds = timeout_seconds
        self._branch = branch
        self._tls = tls
        self._user_agent = f"infrahub-exporter/{version}"
        self._connections: httpx.AsyncClient | None = None
        self._address = address.rstrip("/")
        self._token = token
        self._redactor = Redactor([] if token is None else [token])
        self._spellings = tuple(each.encode(errors="replace") for each in spellings(token or ""))
        self._turn = anyio.Lock()
        self._opening = threading.Lock()
        self._large = large or LargeAnswers()
        self._opened: InfrahubClient | None = None

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Post a document (see `Transport`)."""
        client = await self._client()
        carried = await client.execute_graphql(
            document, variables=dict(variables), at=at, operation_name=_operation(document)
        )
        return carried["reply"]  # type: ignore[no-any-return]

    async def get(self, path: str) -> Reply:
        """Get a REST path (see `Transport`)."""
        client = await self._client()
        joint = "&" if "?" in path else "?"
        url = f"{self._address}{path}{joint}{urlencode({'branch': self._branch})}"
        return await self._send(url, "GET", dict(client.headers), None)

    async def close(self) -> None:
        """Close the connections."""
        if self._connections is not None:
            await self._connections.aclose()
            self._connections = None

    async def _client(self) -> "InfrahubClient":
        async with self._turn:
            while self._opened is None:
                if self._opening.locked():  # in a thread that was given up: one beside it would only do the same
                    await anyio.sleep(_OPENING_SECONDS)
                else:
                    await anyio.to_thread.run_sync(self._open, abandon_on_cancel=True)
            return self._opened

    def _open(self) -> None:
        if not self._opening.acquire(blocking=False):
            return
        try:
            from infrahub_exporter.adapters.infrahub.client import open_client  # noqa: PLC0415 - the point of it

            self._pool()  # loads certificates, which takes 20 ms
            self._opened = open_client(
                address=self._address, token=self._token, branch=self._branch, requester=self._request
            )
        finally:
            self._opening.release()

    async def _request(
        self,
        url: str,
        method: Any,
        headers: dict[str, Any],
        timeout: int,  # noqa: ASYNC109 - the SDK's signature
        payload: dict[str, Any] | None = None,
    ) -> httpx.Response:
        """Be the SDK's requester. `timeout` is the SDK's, per phase; ours, in all, takes its place."""
        del timeout
        return _Carrier(await self._send(url, method.value, headers, payload))

    async def _send(self, url: str, method: str, headers: dict[str, Any], payload: dict[str, Any] | None) -> Reply:
        try:
            with anyio.fail_after(self._timeout_seconds):
                try:
                    return await self._exchange(url, method, headers, payload)
                except _LOST:
                    return await self._exchange(url, method, headers, payload)
        except TimeoutError as error:
            raise SourceUnavailableError(f"no answer from Infrahub within {self._timeout_seconds:g} s") from error
        except _UNREACHABLE as error:
            trouble = self._redactor.redact(str(error))[:_TROUBLE_CHARACTERS] or type(error).__name__
            raise SourceUnavailableError(f"Infrahub cannot be reached: {trouble}") from error

    async def _exchange(self, url: str, method: str, headers: dict[str, Any], payload: dict[str, Any] | None) -> Reply:
        """Send a request once and read its answer as far as it may go; what is given up costs its connection."""
        traced = {"trace": closing()}
        async with self._pool().stream(method, url, headers=headers, json=payload, extensions=traced) as response:
            _begun(response)
            coded = unpacker(response.headers.get("content-encoding", ""), most=self._max_response_bytes)
            length = response.headers.get("content-length", "")
            check_size(int(length) if length.isdecimal() else 0, self._max_response_bytes)
            received = await self._received(response, coded)
        lower = {name.lower(): self._redactor.redact(value) for name, value in response.headers.items()}
        body = self._without_token(received)
        del received
        has_errors = names_errors(body)
        if has_errors and len(body) > _LONG_BYTES and response.status_code == HTTPStatus.OK:
            body = await anyio.to_thread.run_sync(errors_alone, body)
        return Reply(response.status_code, lower, body, may_tell_errors=has_errors)

    async def _received(self, response: httpx.Response, body: Plain) -> bytes:
        """Read a body to its end; of several large ones one at a time, so that they are not in memory together.

        It grows in one place: kept apart, pieces of one byte would take some forty times as much. Whatever it ends in,
        that place is left: an error holds on to the frames that it came through.
        """
        pieces, values, most = 0, None, self._max_response_values
        with BytesIO() as received:
            async with AsyncExitStack() as stack:
                stream = response.aiter_raw()
                while (chunk := await self._next(stream)) is not None:
                    pieces += 1
                    size = received.tell()
                    if pieces > _MOST_PIECES + size // _PIECE_BYTES:
                        raise SourceUnavailableError(f"Infrahub's answer comes in pieces of {len(chunk)} bytes")
                    for piece in body.unpack(chunk):
                        size = received.tell()
                        if size <= LARGE_BYTES < size + len(piece):
                            await stack.enter_async_context(self._large.coming())
                        received.write(piece)
                        if most is not None and size + len(piece) > most:
                            values = values_in(received.getvalue()) if values is None else values + values_in(piece)
                            check_values(values, most)
                        await anyio.lowlevel.checkpoint()
                body.end()
                return received.getvalue()

    async def _next(self, stream: AsyncIterator[bytes]) -> bytes | None:
        """Return the next piece of a body, None at its end. Raises SourceUnavailableError where it stops before."""
        try:
            with anyio.fail_after(self._stall_seconds):
                return await anext(stream, None)
        except TimeoutError as error:
            raise SourceUnavailableError(
                f"Infrahub's answer stopped in the middle for {self._stall_seconds:g} s"
            ) from error

    def _without_token(self, body: bytes) -> bytes:
        """Take the token out of what Infrahub, or what stands before it, sends back."""
        for written in self._spellings:
            if written in body:
                body = body.replace(written, HIDDEN.encode())
        return body

    def _pool(self) -> httpx.AsyncClient:
        if self._connections is None:
            self._connections = httpx.AsyncClient(
                headers={"User-Agent": self._user_agent, "Accept-Encoding": CODING},
                limits=httpx.Limits(keepalive_expiry=_KEEP_ALIVE_SECONDS),
                timeout=httpx.Timeout(None, connect=self._connect_seconds),  # fail_after bounds each whole request
                verify=self._tls,
            )
        return self._connections


def _begun(response: httpx.Response) -> None:
    """Note that the head of an answer has come; of what has been upgraded nobody asked for, nothing is read."""
    head = getattr(response.extensions["network_stream"], "head", None)
    if head is not None:
        head.is_whole()


def _operation(document: str) -> str | None:
    """Name our own operation; a user's document may hold another, or none."""
    return OPERATION if document.startswith(f"query {OPERATION}(") else None


class _Carrier(httpx.Response):
    """Carry a reply through the SDK as if all were well."""

    def __init__(self, reply: Reply) -> None:
        super().__init__(200)
        self._reply = reply

    def raise_for_status(self) -> httpx.Response:
        return self

    def json(self, **_: Any) -> Any:
        return {"data": {"reply": self._reply}}
