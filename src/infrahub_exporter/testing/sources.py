"""The suites of the ports `NodeSource`, `QueryRunner` and `SchemaSource`."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from typing import cast

import anyio
import msgspec
import pytest

from infrahub_exporter.domain.errors import SourceError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema, Peer, Row
from infrahub_exporter.domain.ports import NodeSource, QueryRunner, SchemaSource
from infrahub_exporter.domain.selection import Filter, Selection, select
from infrahub_exporter.domain.specs import Filters
from infrahub_exporter.testing.contract import Contract
from infrahub_exporter.testing.inventory import ADDED_DRAFT, ANSWERS, KEYS, KINDS, NODES, REMOVED_DRAFT
from infrahub_exporter.testing.readings import READINGS, Reading

__all__ = [
    "NodeSourceContract",
    "QueryRunnerContract",
    "RemoteNodeSourceContract",
    "RemoteQueryRunnerContract",
    "RemoteSchemaSourceContract",
    "SchemaSourceContract",
]

Act = Callable[[], Awaitable[None]]
_DRAFTS = Selection("ContractDraft", select("ContractDraft", ("name",), {}, KINDS).columns)


class NodeSourceContract(Contract):
    """What every `NodeSource` does.

    Fixtures: `source`, which holds the known inventory and reads it in pages of `inventory.PAGE_SIZE` if it has pages;
    `change`, an asynchronous callable that removes the `ContractDraft` named `inventory.REMOVED_DRAFT` and adds
    `inventory.ADDED_DRAFT` (where the inventory outlives the test, the fixture undoes it).
    """

    @pytest.mark.anyio
    async def test_it_is_a_node_source(self, source: NodeSource) -> None:
        assert isinstance(source, NodeSource)

    @pytest.mark.anyio
    @pytest.mark.parametrize("reading", READINGS, ids=[reading.name for reading in READINGS])
    async def test_each_selected_node_comes_once_with_one_value_per_column(
        self, source: NodeSource, reading: Reading
    ) -> None:
        theirs = await _ids(source, reading)
        filters = cast("Filters", _renamed(reading.filters, theirs))
        rows = await _read(source, select(reading.kind, reading.include, filters, KINDS))
        ours = {their: our for our, their in theirs.items()}
        assert _comparable(_renamed(rows, ours)) == _comparable(list(reading.rows))

    @pytest.mark.anyio
    async def test_what_changes_after_the_first_page_does_not_show(self, source: NodeSource, change: Act) -> None:
        pages = source.rows(_DRAFTS)
        names = [row.values[0] for row in await _next(pages)]
        await change()
        names += [row.values[0] async for page in pages for row in page]
        assert sorted(map(str, names)) == sorted(f"draft{number}" for number in range(1, 121))
        assert REMOVED_DRAFT in names
        assert ADDED_DRAFT not in names

    @pytest.mark.anyio
    async def test_a_kind_without_nodes_has_no_rows(self, source: NodeSource) -> None:
        assert await _read(source, Selection("ContractScratch", ())) == []

    @pytest.mark.anyio
    async def test_an_unknown_kind_is_rejected(self, source: NodeSource) -> None:
        with pytest.raises(SourceRejectedError):
            await _read(source, Selection("ContractNothing", ()))

    @pytest.mark.anyio
    async def test_an_unknown_filter_is_rejected(self, source: NodeSource) -> None:
        with pytest.raises(SourceRejectedError):
            await _read(source, Selection("ContractDevice", (), (Filter("colour__value", "String", "red"),)))

    @pytest.mark.anyio
    async def test_reads_may_overlap(self, source: NodeSource) -> None:
        counts: list[int] = []

        async def count(kind: str) -> None:
            counts.append(len(await _read(source, Selection(kind, ()))))

        pages = source.rows(Selection("ContractUnit", ()))
        found = len(await _next(pages))
        async with anyio.create_task_group() as tasks:
            for kind in ("ContractUnit", "ContractRegion", "ContractUnit", "ContractSite"):
                tasks.start_soon(count, kind)
        found += sum([len(page) async for page in pages])
        assert found == 120
        assert sorted(counts) == [2, 3, 120, 120]

    @pytest.mark.anyio
    async def test_a_read_may_be_left_unfinished(self, source: NodeSource) -> None:
        await _next(source.rows(Selection("ContractUnit", ())))
        assert len(await _read(source, Selection("ContractUnit", ()))) == 120


class RemoteNodeSourceContract(NodeSourceContract):
    """What a `NodeSource` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_page_that_cannot_be_read_is_raised(self, source: NodeSource, cut: Act) -> None:
        pages = source.rows(Selection("ContractUnit", ()))
        await _next(pages)
        await cut()
        with pytest.raises(SourceUnavailableError):
            await _next(pages)

    @pytest.mark.anyio
    async def test_a_first_page_that_cannot_be_read_is_raised(self, source: NodeSource, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await _read(source, Selection("ContractUnit", ()))


class QueryRunnerContract(Contract):
    """What every `QueryRunner` does.

    Fixture: `runner`, which holds the known inventory; one that cannot run documents keeps `inventory.ANSWERS`.
    """

    @pytest.mark.anyio
    async def test_it_is_a_query_runner(self, runner: QueryRunner) -> None:
        assert isinstance(runner, QueryRunner)

    @pytest.mark.anyio
    @pytest.mark.parametrize(("document", "data"), ANSWERS.items(), ids=["one root field", "several"])
    async def test_the_answer_is_the_whole_data(
        self, runner: QueryRunner, document: str, data: Mapping[str, JSON]
    ) -> None:
        assert await runner.run(document) == data

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "document",
        [
            "query { ContractNothing { count } }",
            "query { ContractRegion { edges { node { colour { value } } } } }",
            "query { ContractRegion(colour__value: 1) { count } }",
            "query { ContractRegion {",
            "no GraphQL at all",
        ],
    )
    async def test_a_refused_document_is_rejected_in_one_line_without_its_text(
        self, runner: QueryRunner, document: str
    ) -> None:
        with pytest.raises(SourceRejectedError) as caught:
            await runner.run(document)
        assert "\n" not in str(caught.value)
        assert document not in str(caught.value)

    @pytest.mark.anyio
    async def test_a_partial_answer_is_an_error(self, runner: QueryRunner) -> None:
        """Infrahub cannot count the addresses of an IPv6 network: it answers null beside an error."""
        with pytest.raises(SourceError):
            await runner.run("query { ContractSite { edges { node { name { value } network { num_addresses } } } } }")


class RemoteQueryRunnerContract(QueryRunnerContract):
    """What a `QueryRunner` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_document_that_cannot_be_sent_is_raised(self, runner: QueryRunner, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await runner.run("query { ContractRegion { count } }")


class SchemaSourceContract(Contract):
    """What every `SchemaSource` does.

    Fixture: `schema`, which knows the kinds of the known inventory.
    """

    @pytest.mark.anyio
    async def test_it_is_a_schema_source(self, schema: SchemaSource) -> None:
        assert isinstance(schema, SchemaSource)

    @pytest.mark.anyio
    @pytest.mark.parametrize("known", KINDS.values(), ids=list(KINDS))
    async def test_a_kind_is_described_with_what_it_inherits(self, schema: SchemaSource, known: KindSchema) -> None:
        described = await schema.kind(known.kind)
        assert described.kind == known.kind
        assert described.human_friendly_id == known.human_friendly_id
        assert _in_any_order(described.attributes) == _in_any_order(known.attributes)
        relationships = {name: described.relationships.get(name) for name in known.relationships}
        assert relationships == known.relationships

    @pytest.mark.anyio
    async def test_an_unknown_kind_is_rejected_with_the_nearest(self, schema: SchemaSource) -> None:
        with pytest.raises(SourceRejectedError, match=r"'ContractDevise'.*'ContractDevice'"):
            await schema.kind("ContractDevise")

    @pytest.mark.anyio
    async def test_an_unknown_kind_with_no_near_one_is_rejected(self, schema: SchemaSource) -> None:
        with pytest.raises(SourceRejectedError, match=r"'Xyzzy'[^']*\Z"):
            await schema.kind("Xyzzy")


class RemoteSchemaSourceContract(SchemaSourceContract):
    """What a `SchemaSource` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_kind_that_cannot_be_asked_for_is_raised(self, schema: SchemaSource, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await schema.kind("ContractRegion")


async def _next(pages: AsyncIterator[Sequence[Row]]) -> Sequence[Row]:
    return await pages.__anext__()


async def _read(source: NodeSource, selection: Selection) -> list[Row]:
    return [row async for page in source.rows(selection) for row in page]


_KIND_OF = {str(node["id"]): str(node["kind"]) for node in NODES}
_KEY_OF = {str(node["id"]): node[KEYS[str(node["kind"])]] for node in NODES if node["kind"] in KEYS}


async def _ids(source: NodeSource, reading: Reading) -> dict[str, str]:
    """Learn the source's ids of the nodes that a reading speaks of, by ours."""
    kinds = {_KIND_OF[word] for word in _texts((reading.rows, reading.filters)) if word in _KEY_OF}
    known: dict[tuple[str, object], str] = {}
    for kind in sorted(kinds):
        for row in await _read(source, select(kind, (KEYS[kind],), {}, KINDS)):
            known[kind, row.values[0]] = row.id
    return {our: known[_KIND_OF[our], key] for our, key in _KEY_OF.items() if (_KIND_OF[our], key) in known}


def _in_any_order(attributes: Mapping[str, AttributeSchema]) -> Mapping[str, AttributeSchema]:
    return {
        name: msgspec.structs.replace(each, choices=tuple(sorted(each.choices))) for name, each in attributes.items()
    }


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, msgspec.Struct):
        yield from _texts(msgspec.structs.astuple(value))
    elif isinstance(value, Mapping):
        yield from _texts(tuple(value.values()))
    elif isinstance(value, Iterable):
        for each in value:
            yield from _texts(each)


def _renamed(value: object, names: Mapping[str, str]) -> object:
    """Put other ids in place of those in `names`, wherever they stand."""
    if isinstance(value, str):
        return names.get(value, value)
    if isinstance(value, Row):
        values = cast("tuple[object, ...]", _renamed(value.values, names))
        return msgspec.structs.replace(value, id=names.get(value.id, value.id), values=values)
    if isinstance(value, Peer):
        return msgspec.structs.replace(value, id=names.get(value.id, value.id))
    if isinstance(value, dict):
        return {key: _renamed(each, names) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_renamed(each, names) for each in value)
    return value


def _comparable(rows: object) -> list[str]:
    """Write rows so that types count (`0` is not `False`) and the order of rows, peers and keys does not."""
    return sorted(map(_written, cast("list[object]", rows)))


def _written(value: object) -> str:
    if isinstance(value, Row):
        return f"{value.kind} {value.id} {value.hfid} | " + " | ".join(map(_written, value.values))
    if isinstance(value, tuple):
        return f"({', '.join(sorted(map(_written, value)))})"
    if isinstance(value, dict):
        return repr(dict(sorted(value.items())))
    return repr(value)
