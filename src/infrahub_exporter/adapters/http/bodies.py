"""Bodies in chunks: sent one by one under a known length, never joined."""

from collections.abc import Mapping, Sequence
from functools import reduce
from typing import Any, Protocol

import anyio
import anyio.to_thread
from isal import isal_zlib
from litestar import Request, Response
from litestar.response.base import ASGIResponse
from litestar.types import Receive, Send

_WORTH_BYTES = 1_400
"""What fits one packet is not made smaller."""
_LARGE_BYTES = 1_000_000
"""From here on compressing takes more than some 2 ms, and goes to a worker thread."""
_GZIP = 16 + isal_zlib.MAX_WBITS
_LEVEL = 1


class Body(Protocol):
    """A body that exists in two forms, each in chunks."""

    @property
    def plain(self) -> Sequence[bytes]:
        """The chunks as they are."""
        ...

    @property
    def gzip(self) -> Sequence[bytes]:
        """The chunks of the same, compressed, as one gzip member."""
        ...

    @property
    def etag(self) -> str | None:
        """What tells this body from others in its place, None where it is another each time."""
        ...


class ChunkedResponse(Response[bytes]):
    """Send chunks with a Content-Length; to HEAD the same headers and no body."""

    def __init__(self, chunks: Sequence[bytes], *, media_type: str, headers: Mapping[str, str]) -> None:
        super().__init__(b"", media_type=media_type, headers=headers)
        self._chunks = chunks

    def to_asgi_response(self, app: Any, request: Request[Any, Any, Any], **options: Any) -> ASGIResponse:
        """Make the response that is sent (Litestar calls this)."""
        del app
        response = _Chunks(
            background=self.background or options.get("background"),
            content_length=sum(map(len, self._chunks)),
            cookies=(*self.cookies, *(options.get("cookies") or ())),
            headers={**(options.get("headers") or {}), **self.headers},
            media_type=self.media_type,
            status_code=self.status_code,
        )
        response.chunks = self._chunks
        response.is_head_response = request.method == "HEAD"
        return response


class _Chunks(ASGIResponse):
    chunks: Sequence[bytes] = ()

    async def send_body(self, send: Send, receive: Receive) -> None:
        del receive
        for chunk in self.chunks:
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
        await send({"type": "http.response.body", "body": b"", "more_body": False})


class Kept:
    """Keep what is made of a body that changes now and then: its tag, and once it is asked for its gzip form."""

    def __init__(self) -> None:
        self._tagged: Sequence[bytes] = ()
        self._etag = ""
        self._plain: Sequence[bytes] = ()
        self._gzip: Sequence[bytes] = ()
        self._turn = anyio.Lock()

    def etag(self, plain: Sequence[bytes]) -> str:
        """Return a weak tag, of checksum and length (some 0.1 ms a MB). Chunks compare by identity first."""
        if plain != self._tagged or not self._etag:
            crc = reduce(lambda crc, chunk: isal_zlib.crc32(chunk, crc), plain, 0)
            self._tagged, self._etag = plain, f'W/"{crc:08x}-{sum(map(len, plain)):x}"'
        return self._etag

    async def gzip(self, plain: Sequence[bytes]) -> Sequence[bytes] | None:
        """Return the chunks of a body compressed, None where that is not worth it. Chunks compare as above."""
        length = sum(map(len, plain))
        if length < _WORTH_BYTES:
            return None
        if plain == self._plain:
            return self._gzip
        async with self._turn:
            if plain != self._plain:
                made = _gzip(plain) if length < _LARGE_BYTES else await anyio.to_thread.run_sync(_gzip, plain)
                self._plain, self._gzip = plain, made
            return self._gzip


def _gzip(plain: Sequence[bytes]) -> Sequence[bytes]:
    compressor = isal_zlib.compressobj(_LEVEL, isal_zlib.DEFLATED, _GZIP)
    return tuple(filter(None, [*map(compressor.compress, plain), compressor.flush()]))
