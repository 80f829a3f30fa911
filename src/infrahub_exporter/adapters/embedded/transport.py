"""The transport to an embedded Infrahub in the same process."""

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import quote

import anyio.to_thread
import msgspec

from infrahub_exporter.adapters.embedded.infrahub import BRANCH, EmbeddedInfrahub
from infrahub_exporter.domain.ports import Reply


class EmbeddedTransport:
    """Carries requests to an embedded Infrahub, which answers in a thread so that the event loop stays free."""

    def __init__(self, infrahub: EmbeddedInfrahub, *, branch: str = BRANCH, token: str | None = None) -> None:
        self._infrahub = infrahub
        self._branch = branch
        self._headers = {"content-type": "application/json"}
        if token is not None:
            self._headers["x-infrahub-key"] = token

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Post a document with its variables, at an instant (ISO 8601) or now."""
        target = f"/graphql/{quote(self._branch, safe='')}"
        if at is not None:
            target += f"?at={quote(at, safe='')}"
        body = msgspec.json.encode({"query": document, "variables": variables})
        return await self._answer(partial(self._infrahub.handle, "POST", target, self._headers, body))

    async def get(self, path: str) -> Reply:
        """Get a path of the REST API on the transport's branch."""
        joint = "&" if "?" in path else "?"
        target = f"{path}{joint}branch={quote(self._branch, safe='')}"
        return await self._answer(partial(self._infrahub.handle, "GET", target, self._headers))

    async def close(self) -> None:
        """Hold on to everything: there is no connection."""

    async def _answer(self, handle: Callable[[], Reply]) -> Reply:
        """Answer in a thread; a caller that is cancelled does not wait for it."""
        return await anyio.to_thread.run_sync(handle, abandon_on_cancel=True)
