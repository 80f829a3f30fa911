"""TLS connections before their handshake is done: counted from the moment that they are accepted.

A TLS server of asyncio knows its connections before uvicorn does, and bounds their time alone: any number of them could
say nothing and keep every scrape out. Here one takes its place among all when it is accepted, and only then begins TLS.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import Callable, Coroutine
from contextlib import suppress
from functools import partial

from infrahub_exporter.app.serving.bounds import Connections, Ending, Phase

logger = logging.getLogger("infrahub_exporter")

_NO_FILES_SECONDS = 0.5
"""How long nothing is accepted where the process may open no more files."""


class TlsServer:
    """Accept connections, each with a place of its own while it says hello; `make` makes what it goes on with.

    It has what uvicorn calls of an `asyncio.Server`.
    """

    def __init__(
        self,
        listener: socket.socket,
        make: Callable[[], asyncio.Protocol],
        *,
        context: ssl.SSLContext,
        connections: Connections,
        seconds: float,
        backlog: int = 2048,
    ) -> None:
        self.sockets = (listener,)
        self._make = make
        self._context = context
        self._connections = connections
        self._seconds = seconds
        self._hellos: set[Hello] = set()
        listener.listen(backlog)
        listener.setblocking(False)
        self._accepting = asyncio.get_running_loop().create_task(self._accept(listener))

    def close(self) -> None:
        """Accept nothing more, and end what has not said hello yet."""
        self._accepting.cancel()
        for hello in list(self._hellos):
            hello.stop()
        for listener in self.sockets:
            listener.close()

    async def wait_closed(self) -> None:
        """Wait until all of that has ended."""
        await asyncio.gather(self._accepting, *(hello.task for hello in self._hellos), return_exceptions=True)

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                connection, _ = await loop.sock_accept(listener)
            except OSError as error:
                logger.warning("no connection can be accepted just now: %s", error)
                await asyncio.sleep(_NO_FILES_SECONDS)
                continue
            hello = Hello(self._greet(connection), self._connections)
            self._hellos.add(hello)
            hello.task.add_done_callback(partial(self._forget, hello))

    def _forget(self, hello: "Hello", _task: asyncio.Task[None]) -> None:
        self._hellos.discard(hello)

    async def _greet(self, connection: socket.socket) -> None:
        """Shake hands; what goes wrong is the client's trouble: it went away, takes too long, or speaks no TLS."""
        try:
            with suppress(OSError):
                await asyncio.get_running_loop().connect_accepted_socket(
                    self._make, connection, ssl=self._context, ssl_handshake_timeout=self._seconds
                )
        except asyncio.CancelledError:
            connection.close()
            raise


class Hello:
    """A connection that has not said hello yet."""

    def __init__(self, greeting: Coroutine[None, None, None], connections: Connections) -> None:
        self._connections = connections
        self.task = asyncio.get_running_loop().create_task(greeting)
        self.task.add_done_callback(lambda _: connections.discard(self))
        connections.place(self, Phase.HELLO)

    def end(self, why: Ending) -> None:
        """End the connection at once."""
        self._connections.count(why)
        self.stop()

    def stop(self) -> None:
        """End it without a word."""
        self._connections.discard(self)
        self.task.cancel()
