"""What Infrahub says of its schema: kinds, and the hash of all of them."""

from collections.abc import Awaitable, Callable, Collection, Mapping
from contextlib import suppress
from functools import partial
from urllib.parse import quote

from infrahub_exporter.adapters.infrahub.answers import failure
from infrahub_exporter.adapters.infrahub.concurrency import at_once
from infrahub_exporter.adapters.infrahub.decoding import fit, raise_failure
from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.adapters.infrahub.schemas import Everything, Kind, Summary
from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.errors import UnknownKindError
from infrahub_exporter.domain.model import KindSchema
from infrahub_exporter.domain.ports import Reply

_UNKNOWN_KIND = 422
_FEW_KINDS = 3
"""More kinds than these are asked for by one request for all there are: 600 kB in 200 ms, a kind is 14 kB in 20."""
SUMMARY = "/api/schema/summary"
"""The path of the schema's hash: the cheapest question."""


class Described:
    """A `SchemaSource` over what gets a path of the REST API."""

    def __init__(self, get: Callable[[str], Awaitable[Reply]], large: LargeAnswers) -> None:
        self._get = get
        self._large = large

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind (see `SchemaSource`)."""
        reply = await self._get(f"/api/schema/{quote(kind, safe='')}")
        if reply.status == _UNKNOWN_KIND:
            raise UnknownKindError(f"Infrahub has no kind {kind!r}{await self._near(kind)}")
        raise_failure(reply)
        described: KindSchema = (await fit(reply.body, Kind, self._large)).schema()
        return described

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        """Describe kinds (see `SchemaSource`): a few each by itself, many with all that there are."""
        if len(kinds) > _FEW_KINDS:
            reply = await self._get("/api/schema")
            raise_failure(reply)
            everything: Everything = await fit(reply.body, Everything, self._large)
            return everything.schemas()
        found: dict[str, KindSchema] = {}

        async def learn(kind: str) -> None:
            with suppress(UnknownKindError):
                found[kind] = await self.kind(kind)

        await at_once([partial(learn, kind) for kind in sorted(kinds)], most=_FEW_KINDS)
        return found

    async def fingerprint(self) -> str:
        """Return the schema's hash (see `SchemaSource`)."""
        reply = await self._get(SUMMARY)
        raise_failure(reply)
        summary: Summary = await fit(reply.body, Summary, self._large)
        return summary.main

    async def _near(self, kind: str) -> str:
        reply = await self._get(SUMMARY)
        if failure(reply) is not None:
            return ""
        summary = await fit(reply.body, Summary, self._large)
        return suggestion(kind, [*summary.nodes, *summary.generics])
