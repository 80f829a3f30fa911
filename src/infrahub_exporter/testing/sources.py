"""The suite of the port `NodeSource`."""

from typing import cast

import anyio
import pytest

from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Column, Filter, Selection, select
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.ports import NodeSource
from infrahub_exporter.testing.comparing import comparable, ids, next_page, read, renamed
from infrahub_exporter.testing.contract import Act, Contract
from infrahub_exporter.testing.inventory import ADDED_DRAFT, KINDS, REMOVED_DRAFT
from infrahub_exporter.testing.readings import READINGS, Reading

__all__ = ["NodeSourceContract", "RemoteNodeSourceContract"]

_DRAFTS = select("ContractDraft", ("name",), {}, KINDS)
_UNITS = select("ContractUnit", ("name",), {}, KINDS)
_REJECTED = (
    Selection("ContractNothing", ()),
    Selection("ContractDevice", (), (Filter("colour__value", "String", "red"),)),
)


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
        theirs = await ids(source, reading)
        filters = cast("Filters", renamed(reading.filters, theirs))
        rows = await read(source, select(reading.kind, reading.include, filters, KINDS))
        ours = {their: our for our, their in theirs.items()}
        assert comparable(renamed(rows, ours)) == comparable(list(reading.rows))

    @pytest.mark.anyio
    async def test_what_changes_after_the_first_page_does_not_show(self, source: NodeSource, change: Act) -> None:
        pages = source.pages(_DRAFTS)
        names = [row.values[0] for row in (await next_page(pages)).rows]
        await change()
        names += [row.values[0] async for page in pages for row in page.rows]
        assert sorted(map(str, names)) == sorted(f"draft{number}" for number in range(1, 121))
        assert REMOVED_DRAFT in names
        assert ADDED_DRAFT not in names

    @pytest.mark.anyio
    async def test_a_kind_without_nodes_has_no_rows(self, source: NodeSource) -> None:
        assert await read(source, Selection("ContractScratch", ())) == []

    @pytest.mark.anyio
    async def test_a_column_that_infrahub_does_not_have_is_null_or_named(self, source: NodeSource) -> None:
        ghost = Column("ghost", (), "ghost", "value")
        selection = Selection("ContractUnit", (*_UNITS.columns, ghost))
        named: set[object] = set()
        try:
            values = {row.values[1] for row in await read(source, selection)}
        except RefusedColumnsError as error:
            named.update(error.reasons)
        assert named == {ghost} or values == {None}

    @pytest.mark.anyio
    async def test_a_read_goes_on_after_a_page(self, source: NodeSource) -> None:
        first = await next_page(source.pages(_UNITS))
        rest = [row async for page in source.pages(_UNITS, offset=first.offset) for row in page.rows]
        names = [row.values[0] for row in (*first.rows, *rest)]
        assert sorted(map(str, names)) == sorted(f"unit{number}" for number in range(1, 121))

    @pytest.mark.anyio
    @pytest.mark.parametrize("reading", READINGS, ids=[reading.name for reading in READINGS])
    async def test_a_count_is_the_number_of_rows(self, source: NodeSource, reading: Reading) -> None:
        filters = cast("Filters", renamed(reading.filters, await ids(source, reading)))
        assert await source.count(select(reading.kind, (), filters, KINDS)) == len(reading.rows)

    @pytest.mark.anyio
    @pytest.mark.parametrize("selection", _REJECTED, ids=["an unknown kind", "an unknown filter"])
    async def test_what_infrahub_does_not_have_is_rejected(self, source: NodeSource, selection: Selection) -> None:
        with pytest.raises(SourceRejectedError):
            await read(source, selection)
        with pytest.raises(SourceRejectedError):
            await source.count(selection)

    @pytest.mark.anyio
    async def test_reads_may_overlap(self, source: NodeSource) -> None:
        counts: list[int] = []

        async def count(kind: str) -> None:
            counts.append(len(await read(source, Selection(kind, ()))))

        pages = source.pages(_UNITS)
        found = len((await next_page(pages)).rows)
        async with anyio.create_task_group() as tasks:
            for kind in ("ContractUnit", "ContractRegion", "ContractUnit", "ContractSite"):
                tasks.start_soon(count, kind)
        found += sum([len(page.rows) async for page in pages])
        assert found == 120
        assert sorted(counts) == [2, 3, 120, 120]

    @pytest.mark.anyio
    async def test_a_read_may_be_left_unfinished(self, source: NodeSource) -> None:
        await next_page(source.pages(_UNITS))
        assert len(await read(source, _UNITS)) == 120


class RemoteNodeSourceContract(NodeSourceContract):
    """What a `NodeSource` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_page_that_cannot_be_read_is_raised(self, source: NodeSource, cut: Act) -> None:
        pages = source.pages(_UNITS)
        await next_page(pages)
        await cut()
        with pytest.raises(SourceUnavailableError):
            await next_page(pages)

    @pytest.mark.anyio
    async def test_a_first_page_that_cannot_be_read_is_raised(self, source: NodeSource, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await read(source, _UNITS)
        with pytest.raises(SourceUnavailableError):
            await source.count(_UNITS)
