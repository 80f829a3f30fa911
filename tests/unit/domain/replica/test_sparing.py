"""A source that refuses columns, and what is asked of it in their stead."""

from collections.abc import AsyncIterator

import pytest

from infrahub_exporter.domain.asking.refused import RefusedColumnsError
from infrahub_exporter.domain.asking.selection import Column, Selection
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import MISSING
from infrahub_exporter.domain.ports import Arrived, NodeSource, Page
from infrahub_exporter.domain.replica.sparing import Sparing
from tests.unit.domain.inventory import Inventory

pytestmark = pytest.mark.anyio
NAME, STATE, SIZE = (Column(each, (), each, "value") for each in ("name", "state", "size"))
EVERYTHING = Selection("Thing", (NAME, STATE, SIZE))


class Choosy(Inventory):
    """An inventory that refuses columns, from some request on, and names others where it is `confused`."""

    def __init__(self, *refused: Column, after: int = 0, confused: bool = False) -> None:
        super().__init__(page_size=1)
        self.refused = frozenset(refused)
        self.after = after
        self.confused = confused
        self.asked: list[tuple[Column, ...]] = []
        for name in ("one", "two"):
            self.create("Thing", name)

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        async for page in super().pages(selection, at=at, offset=offset):
            self._refuse(selection)
            yield page

    async def changed(self, selection: Selection, *, since: float, at: float) -> Arrived | None:
        self._refuse(selection)
        return await super().changed(selection, since=since, at=at)

    def _refuse(self, selection: Selection) -> None:
        self.asked.append(selection.columns)
        self.after -= 1
        if self.after < 0 and (wrong := self.refused.intersection(selection.columns)):
            raise RefusedColumnsError(dict.fromkeys([SIZE] if self.confused else wrong, "it has no such thing"))


async def read(subject: Sparing) -> list[tuple[object, ...]]:
    return [row.values async for page in subject.pages(EVERYTHING) for row in page.rows]


async def test_what_is_refused_is_missing_from_the_rows_and_asked_for_no_more() -> None:
    source = Choosy(STATE)
    subject = Sparing(source)
    assert await read(subject) == [("one", MISSING, None), ("two", MISSING, None)]
    assert await read(subject) == [("one", MISSING, None), ("two", MISSING, None)]
    assert [STATE in asked for asked in source.asked] == [True, False, False, False, False]
    assert (subject.refuses("Thing", [STATE]), subject.refuses("Thing", [STATE, NAME])) == (True, False)
    assert (list(subject.doubtful("Thing")), list(subject.doubtful("Other"))) == ([STATE], [])
    assert isinstance(subject, NodeSource)


async def test_a_read_goes_on_where_it_was_refused() -> None:
    source = Choosy(STATE, after=1)
    assert await read(Sparing(source)) == [("one", None, None), ("two", MISSING, None)]
    assert [STATE in asked for asked in source.asked] == [True, True, False]


async def test_a_refusal_is_fresh_until_the_turn_ends_and_holds_until_it_is_allowed() -> None:
    subject = Sparing(Choosy(STATE))
    subject.raise_fresh("Thing", [STATE])
    await read(subject)
    with pytest.raises(SourceRejectedError, match="it has no such thing"):
        subject.raise_fresh("Thing", [NAME, STATE])
    subject.begin_turn()
    subject.raise_fresh("Thing", [NAME, STATE])
    with pytest.raises(RefusedColumnsError):
        await subject.alone(Selection("Thing", (STATE,)), at=0.0)
    with pytest.raises(SourceRejectedError):
        subject.raise_fresh("Thing", [STATE])
    subject.allow("Thing", [STATE])
    assert not subject.refuses("Thing", [STATE])
    assert list(subject.doubtful("Thing")) == [STATE]


async def test_what_changed_comes_without_rows_where_something_is_refused() -> None:
    source = Choosy(STATE)
    subject = Sparing(source)
    assert await subject.changed(EVERYTHING, since=0.0, at=0.0) is None
    assert await subject.changed(EVERYTHING, since=0.0, at=0.0) is None
    assert len(source.asked) == 1
    found = await subject.changed(Selection("Thing", (NAME,)), since=0.0, at=0.0)
    assert found is not None
    assert sorted(row.values for row in found.rows.values()) == [("one",), ("two",)]


async def test_a_refusal_of_what_was_not_asked_for_is_one_of_everything() -> None:
    subject = Sparing(Choosy(STATE, confused=True))
    selection = Selection("Thing", (NAME, STATE))
    with pytest.raises(RefusedColumnsError):
        _ = [page async for page in subject.pages(selection)]
    with pytest.raises(RefusedColumnsError):
        await subject.changed(selection, since=0.0, at=0.0)
    assert not subject.doubtful("Thing")
