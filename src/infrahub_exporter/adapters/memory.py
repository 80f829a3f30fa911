"""An inventory in memory: for tests, and for hosts whose nodes come from elsewhere."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import JSON, KindSchema, Row
from infrahub_exporter.domain.paths import suggestion
from infrahub_exporter.domain.selection import Column, Selection


class MemorySource:
    """A `NodeSource`, `QueryRunner` and `SchemaSource` over plain values; change them between refreshes as you like.

    A node is a mapping of `id`, `kind`, perhaps `hfid`, and of paths as the configuration writes them (`site.name`) to
    values: JSON, a `Peer`, or a tuple of those for a path over a to-many relation. `answers` holds a GraphQL
    document's data by its text. Of filters it knows `ids`, `<path>__value` and `<path>__values` on what a node holds.
    """

    def __init__(
        self,
        nodes: Iterable[Mapping[str, object]] = (),
        *,
        schema: Iterable[KindSchema] = (),
        answers: Mapping[str, Mapping[str, JSON]] | None = None,
        page_size: int = 500,
    ) -> None:
        self.nodes = list(nodes)
        self.schema = {each.kind: each for each in schema}
        self.answers = dict(answers or {})
        self._page_size = page_size

    async def rows(self, selection: Selection) -> AsyncIterator[Sequence[Row]]:
        """Yield the rows of a selection (see `NodeSource`)."""
        chosen = [node for node in self.nodes if node["kind"] == selection.kind and _passes(node, selection)]
        for start in range(0, len(chosen), self._page_size):
            yield [_row(node, selection.columns) for node in chosen[start : start + self._page_size]]

    async def run(self, document: str) -> Mapping[str, JSON]:
        """Return the data kept for a document (see `QueryRunner`)."""
        if document not in self.answers:
            raise SourceRejectedError("no answer is kept for this document")
        return self.answers[document]

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind (see `SchemaSource`)."""
        if kind not in self.schema:
            raise SourceRejectedError(f"Infrahub has no kind {kind!r}{suggestion(kind, self.schema)}")
        return self.schema[kind]

    async def close(self) -> None:
        """Hold on to everything: there is nothing to let go of."""


def _row(node: Mapping[str, object], columns: Sequence[Column]) -> Row:
    hfid = node.get("hfid")
    return Row(
        id=str(node["id"]),
        kind=str(node["kind"]),
        hfid=tuple(map(str, hfid)) if isinstance(hfid, (list, tuple)) else None,
        values=tuple(node.get(column.path, () if column.many else None) for column in columns),
    )


def _passes(node: Mapping[str, object], selection: Selection) -> bool:
    return all(_matches(node, each.argument, each.value) for each in selection.filters)


def _matches(node: Mapping[str, object], argument: str, value: object) -> bool:
    path, _, ending = argument.rpartition("__")
    if argument == "ids":
        path, ending = "id", "values"
    held = node.get(path.replace("__", "."))
    if ending == "value":
        return held == value
    if ending == "values" and isinstance(value, list):
        return held in value
    raise SourceRejectedError(f"filter {argument!r}: an inventory in memory does not know it")
