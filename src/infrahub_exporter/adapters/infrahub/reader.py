"""One reader for every Infrahub: rows, answers and schema over a transport."""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote

import msgspec
from msgspec import Struct

from infrahub_exporter.adapters.infrahub.answers import failure
from infrahub_exporter.adapters.infrahub.documents import Document, Page
from infrahub_exporter.adapters.infrahub.server_time import ServerTime
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema, RelationshipSchema, Row
from infrahub_exporter.domain.paths import suggestion
from infrahub_exporter.domain.ports import Clock, Reply, Transport
from infrahub_exporter.domain.selection import Selection

_UNKNOWN_KIND = 422


class InfrahubReader:
    """A `NodeSource`, `QueryRunner` and `SchemaSource` over a `Transport`.

    Pages of `page_size` nodes come one after another (in parallel they gain nothing and bring load shedding nearer),
    all at the instant, by the server's clock, of the first.
    """

    def __init__(self, transport: Transport, *, clock: Clock, page_size: int) -> None:
        self._transport = transport
        self._clock = clock
        self._page_size = page_size
        self._server_time = ServerTime(clock)
        self._documents: dict[Selection, Document] = {}

    async def rows(self, selection: Selection) -> AsyncIterator[Sequence[Row]]:
        """Yield the rows of a selection (see `NodeSource`)."""
        document = self._document(selection)
        await self._learn_time()
        at = self._server_time.instant()
        offset, total = 0, None
        seen: set[str] = set()
        while total is None or offset < total:
            page = await self._page(document, selection, offset, at, with_count=total is None)
            total = page.count if total is None else total
            fresh = [row for row in page.rows if row.id not in seen]
            seen.update(row.id for row in fresh)
            yield fresh
            if page.nodes < self._page_size or total is None:
                return
            offset += page.nodes

    async def run(self, document: str) -> Mapping[str, JSON]:
        """Return the answer's data (see `QueryRunner`)."""
        reply = await self._graphql(document, {}, None)
        answer: Mapping[str, JSON] = _fit(reply.body, _QueryAnswer).data
        return answer

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind (see `SchemaSource`)."""
        reply = await self._get(f"/api/schema/{quote(kind, safe='')}")
        if reply.status == _UNKNOWN_KIND:
            raise SourceRejectedError(f"Infrahub has no kind {kind!r}{await self._near(kind)}")
        _raise_failure(reply)
        described: KindSchema = _fit(reply.body, _Kind).schema()
        return described

    async def close(self) -> None:
        """Let go of the transport's connections."""
        await self._transport.close()

    async def _near(self, kind: str) -> str:
        reply = await self._get("/api/schema/summary")
        if failure(reply) is not None:
            return ""
        summary = _fit(reply.body, _Summary)
        return suggestion(kind, [*summary.nodes, *summary.generics])

    def _document(self, selection: Selection) -> Document:
        key = msgspec.structs.replace(
            selection, filters=tuple(msgspec.structs.replace(each, value=None) for each in selection.filters)
        )
        if key not in self._documents:
            self._documents[key] = Document(key)
        return self._documents[key]

    async def _page(
        self, document: Document, selection: Selection, offset: int, at: str | None, *, with_count: bool
    ) -> Page:
        paging = {"limit": self._page_size, "offset": offset, "with_count": with_count}
        reply = await self._graphql(document.text, {**selection.variables, **paging}, at)
        try:
            return document.decode(reply.body)
        except msgspec.DecodeError as error:
            raise DerivationError(f"{selection.kind}: the answer does not fit the query: {error}") from error

    async def _graphql(self, document: str, variables: Mapping[str, object], at: str | None) -> Reply:
        sent = self._clock.monotonic()
        reply = await self._transport.graphql(document, variables, at=at)
        self._observe(reply, sent)
        _raise_failure(reply)
        return reply

    async def _get(self, path: str) -> Reply:
        sent = self._clock.monotonic()
        reply = await self._transport.get(path)
        self._observe(reply, sent)
        return reply

    def _observe(self, reply: Reply, sent: float) -> None:
        self._server_time.observe(reply.headers.get("date"), sent=sent, received=self._clock.monotonic())

    async def _learn_time(self) -> None:
        """Ask the cheapest question for a `Date`, if no answer has brought one yet."""
        if self._server_time.instant() is None:
            await self._get("/api/schema/summary")


def _raise_failure(reply: Reply) -> None:
    error = failure(reply)
    if error is not None:
        raise error


class _QueryAnswer(Struct):
    data: dict[str, Any]


class _Attribute(Struct):
    name: str
    kind: str
    optional: bool = True
    choices: list[dict[str, Any]] | None = None


class _Relationship(Struct):
    name: str
    peer: str
    cardinality: str = "many"


class _Kind(Struct):
    """What is used of `GET /api/schema/<Kind>`."""

    name: str
    namespace: str
    attributes: list[_Attribute] = []
    relationships: list[_Relationship] = []
    human_friendly_id: list[str] | None = None

    def schema(self) -> KindSchema:
        return KindSchema(
            kind=self.namespace + self.name,
            attributes={
                each.name: AttributeSchema(
                    name=each.name,
                    kind=each.kind,
                    optional=each.optional,
                    choices=tuple(str(choice.get("name")) for choice in each.choices or ()),
                )
                for each in self.attributes
            },
            relationships={
                each.name: RelationshipSchema(each.name, each.peer, each.cardinality == "many")
                for each in self.relationships
            },
            human_friendly_id=tuple(self.human_friendly_id or ()),
        )


class _Summary(Struct):
    """What is used of `GET /api/schema/summary`: the kinds' names, each with its hash."""

    nodes: dict[str, str] = {}
    generics: dict[str, str] = {}


def _fit(body: bytes, wanted: type[Any]) -> Any:
    try:
        return msgspec.json.decode(body, type=wanted)
    except msgspec.DecodeError as error:
        raise DerivationError(f"the answer does not fit the question: {error}") from error
