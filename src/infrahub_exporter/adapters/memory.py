"""An inventory in memory: for tests, and for hosts whose nodes come from elsewhere."""

from collections.abc import AsyncIterator, Callable, Collection, Iterable, Mapping, Sequence
from typing import TypeAlias

from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.asking.selection import Column, Selection
from infrahub_exporter.domain.errors import SourceRejectedError, UnknownKindError
from infrahub_exporter.domain.model import JSON, KindSchema, Row
from infrahub_exporter.domain.ports import Page

Answer: TypeAlias = Mapping[str, JSON] | Callable[[Mapping[str, JSON]], Mapping[str, JSON]]
"""The data of a document, or what makes it of the variables."""


class MemorySource:
    """A `NodeSource`, `QueryRunner` and `SchemaSource` over plain values; change them between refreshes as you like.

    A node is a mapping of `id`, `kind`, perhaps `hfid` and `generics` (the kinds that its kind inherits from), and of
    paths as the configuration writes them (`site.name`, `tags[].name`) to values: JSON, a `Peer`, or a tuple of those
    for a path over a to-many relation. What is null or empty may be left out. `schema` describes every kind, `answers`
    holds a GraphQL document's data by its text, or what makes the data of its variables. Of filters it knows `ids`,
    `<path>__value` and `<path>__values`, for paths that a node of the kind holds.
    """

    def __init__(
        self,
        nodes: Iterable[Mapping[str, object]] = (),
        *,
        schema: Iterable[KindSchema] = (),
        answers: Mapping[str, Answer] | None = None,
        page_size: int = 500,
    ) -> None:
        self.nodes = list(nodes)
        self.schema = {each.kind: each for each in schema}
        self.answers = dict(answers or {})
        self._page_size = page_size

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection (see `NodeSource`), as they are now: it remembers no other instant."""
        del at
        chosen = await self._chosen(selection)
        for start in range(offset, len(chosen), self._page_size):
            page = chosen[start : start + self._page_size]
            yield Page([_row(node, selection.columns) for node in page], start + len(page))

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes of a selection (see `NodeSource`)."""
        del at
        return len(await self._chosen(selection))

    async def _chosen(self, selection: Selection) -> Sequence[Mapping[str, object]]:
        await self.kind(selection.kind)
        nodes = [node for node in self.nodes if _is(node, selection.kind)]
        held = {key.replace("[]", "").replace(".", "__"): key for node in nodes for key in node}
        checks = [_check(each.argument, each.value, held) for each in selection.filters]
        return [node for node in nodes if all(check(node) for check in checks)]

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        """Return the data kept for a document (see `QueryRunner`)."""
        if document not in self.answers:
            raise SourceRejectedError("no answer is kept for this document")
        answer = self.answers[document]
        return answer(variables or {}) if callable(answer) else answer

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind (see `SchemaSource`)."""
        if kind not in self.schema:
            raise UnknownKindError(f"Infrahub has no kind {kind!r}{suggestion(kind, self.schema)}")
        return self.schema[kind]

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        """Describe kinds (see `SchemaSource`)."""
        return {kind: self.schema[kind] for kind in kinds if kind in self.schema}

    async def fingerprint(self) -> str:
        """Return a text that changes when the schema does (see `SchemaSource`)."""
        return repr(sorted(self.schema.items()))

    async def close(self) -> None:
        """Hold on to everything: there is nothing to let go of."""


def _is(node: Mapping[str, object], kind: str) -> bool:
    generics = node.get("generics", ())
    return node["kind"] == kind or (isinstance(generics, (list, tuple)) and kind in generics)


def _row(node: Mapping[str, object], columns: Sequence[Column]) -> Row:
    hfid = node.get("hfid")
    return Row(
        id=str(node["id"]),
        kind=str(node["kind"]),
        hfid=tuple(map(str, hfid)) if isinstance(hfid, (list, tuple)) else None,
        values=tuple(_value(node, column) for column in columns),
    )


def _value(node: Mapping[str, object], column: Column) -> object:
    if column.path == "__typename":
        return node["kind"]
    value = node.get(column.path, () if column.many else None)
    return "__".join(map(str, value)) if column.path == "hfid" and isinstance(value, (list, tuple)) else value


def _check(argument: str, value: object, held: Mapping[str, str]) -> Callable[[Mapping[str, object]], bool]:
    """Make a filter's check; `held` are the nodes' keys by how a filter writes them."""
    path, _, ending = argument.rpartition("__")
    if argument == "ids":
        path, ending = "id", "values"
    wanted = value if ending == "values" and isinstance(value, list) else [value]
    if path not in held or ending not in {"value", "values"}:
        raise SourceRejectedError(f"filter {argument!r}: an inventory in memory does not know it")

    def check(node: Mapping[str, object]) -> bool:
        found = node.get(held[path])
        return any(each in wanted for each in (found if isinstance(found, tuple) else (found,)))

    return check
