"""Pages of nodes at once: never more than allowed, as of one instant, in order, and none past the end."""

from collections.abc import Mapping, Sequence

import anyio
import anyio.lowlevel
import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.selection import Column, Filter, Selection
from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

pytestmark = pytest.mark.anyio
AT = 1_700_000_000.0
NAMES = Selection("InfraDevice", (Column("name", (), "name", "value"),), (Filter("name__value", "String", "x"),))


class Ticks:
    def monotonic(self) -> float:
        return 10.0

    def wall(self) -> float:
        return AT


class Busy:
    """A transport whose answers take some turns of the loop, each another number, and that counts what is under way."""

    def __init__(self, total: int, *, lost: Sequence[int] = (), roots: Sequence[str] = ("InfraDevice",)) -> None:
        self.total = total
        self._roots = roots
        self.lost = set(lost)
        self.asked: list[int] = []
        self.counts = 0
        self.instants: set[str | None] = set()
        self.under_way = 0
        self.most = 0

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        assert variables["name__value"] == "x"
        self.instants.add(at)
        if "{ count }" in document:
            self.counts += 1
            return self._answer({"count": self.total})
        limit, offset = variables["limit"], variables["offset"]
        assert isinstance(limit, int)
        assert isinstance(offset, int)
        self.asked.append(offset)
        self.under_way += 1
        self.most = max(self.most, self.under_way)
        for _ in range(7 - offset % 5):
            await anyio.lowlevel.checkpoint()
        self.under_way -= 1
        if offset in self.lost:
            raise SourceUnavailableError(f"lost at {offset}")
        nodes = range(offset, min(offset + limit, self.total))
        return self._answer({"edges": [{"node": self._node(number)} for number in nodes]})

    async def get(self, path: str) -> Reply:
        raise AssertionError(path)

    async def close(self) -> None:
        """Hold on to nothing."""

    @staticmethod
    def _node(number: int) -> dict[str, object]:
        return {"id": str(number), "__typename": "InfraDevice", "hfid": None, "name": {"value": f"n{number}"}}

    def _answer(self, found: Mapping[str, object]) -> Reply:
        return Reply(200, {}, msgspec.json.encode({"data": dict.fromkeys(self._roots, found)}))


def reader(line: Busy, parallel_pages: int) -> InfrahubReader:
    return InfrahubReader(line, clock=Ticks(), page_size=2, parallel_pages=parallel_pages)


async def read(source: InfrahubReader, selection: Selection = NAMES, offset: int = 0) -> list[str]:
    return [row.id async for page in source.pages(selection, at=AT, offset=offset) for row in page.rows]


@pytest.mark.parametrize("parallel_pages", [1, 2, 3, 8])
@pytest.mark.parametrize("total", [0, 1, 2, 3, 10, 21])
async def test_all_nodes_come_in_order_as_of_one_instant_and_no_more_pages_at_once_than_allowed(
    total: int, parallel_pages: int
) -> None:
    line = Busy(total)
    assert await read(reader(line, parallel_pages)) == [str(number) for number in range(total)]
    pages = total // 2 + 1
    assert sorted(line.asked) == [2 * number for number in range(pages)]
    assert len(line.instants) == 1
    assert line.most == min(parallel_pages, max(1, (total + 1) // 2 - 1))
    assert line.counts == (parallel_pages > 1 and pages > 1)


async def test_of_several_reads_at_once_there_are_no_more_pages_either() -> None:
    line = Busy(20)
    source = reader(line, 3)
    found: list[list[str]] = []

    async def one() -> None:
        found.append(await read(source))

    async with anyio.create_task_group() as readers:
        for _ in range(4):
            readers.start_soon(one)
    assert found == [[str(number) for number in range(20)]] * 4
    assert line.most == 3


async def test_what_came_before_a_page_that_fails_is_there_and_the_read_goes_on_at_that() -> None:
    line = Busy(21, lost=[8])
    source = reader(line, 4)
    pages = source.pages(NAMES, at=AT)
    assert [(await anext(pages)).offset for _ in range(4)] == [2, 4, 6, 8]
    with pytest.raises(SourceUnavailableError, match=r"^lost at 8$"):
        await anext(pages)
    line.lost = set()
    line.asked.clear()
    assert await read(source, offset=8) == [str(number) for number in range(8, 21)]
    assert sorted(line.asked) == [8, 10, 12, 14, 16, 18, 20]


async def test_nodes_by_id_come_page_by_page_whatever_is_allowed() -> None:
    line = Busy(5)
    by_ids = Selection("InfraDevice", NAMES.columns, (*NAMES.filters, Filter("ids", "[ID]", ["1", "2", "3", "4", "5"])))
    assert len(await read(reader(line, 8), by_ids)) == 5
    assert (line.most, line.counts) == (1, 0)


async def test_nodes_of_several_kinds_that_have_a_filter_come_page_by_page_since_their_generic_cannot_be_counted() -> (
    None
):
    line = Busy(41, roots=["under0", "under1"])
    under = Selection("InfraThing", (), NAMES.filters, under=("InfraDevice", "InfraPort"))
    assert set(await read(reader(line, 8), under)) == {str(number) for number in range(41)}
    assert (line.most, line.counts, line.asked) == (1, 0, [0, 8, 16, 24, 32, 40])


@pytest.mark.parametrize("count", [-(10**18), 0, 10**18, 10**400])
async def test_a_count_that_lies_costs_no_more_than_some_pages(count: int) -> None:
    class Lying(Busy):
        def _answer(self, found: Mapping[str, object]) -> Reply:
            return super()._answer({"count": count} if "count" in found else found)

    line = Lying(21)
    assert await read(reader(line, 4)) == [str(number) for number in range(21)]
    assert len(line.asked) <= 11 + 3


class Repeating(Busy):
    """A transport that answers its first page again and again."""

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        return await super().graphql(document, {**variables, "offset": 0}, at=at)


@pytest.mark.parametrize("parallel_pages", [1, 4])
async def test_a_page_that_comes_again_ends_the_read(parallel_pages: int) -> None:
    line = Repeating(21)
    with pytest.raises(DerivationError) as raised:
        await read(reader(line, parallel_pages))
    assert str(raised.value) == "InfraDevice: Infrahub answers pages of nodes that it has answered before"
    assert len(line.asked) <= 5 + parallel_pages


async def test_nodes_that_come_again_on_another_page_count_once() -> None:
    class Overlapping(Busy):
        @staticmethod
        def _node(number: int) -> dict[str, object]:
            return Busy._node(max(0, number - 1))

    assert await read(reader(Overlapping(4), 1)) == ["0", "1", "2"]
