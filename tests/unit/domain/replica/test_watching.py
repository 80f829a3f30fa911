"""Has anything changed: what a watch reports, look by look."""

from collections.abc import Mapping, Sequence

import pytest

from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Arrived, Counted, Probed, Stamp
from infrahub_exporter.domain.replica.watching import Change, SetBackError, Watch

pytestmark = pytest.mark.anyio


class ScriptedProbe:
    """A probe that answers as it is told, and tells what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[object, ...]] = []
        self.count = 3
        self.stamped: dict[str, float] = {}
        self.made: dict[str, float] = {}
        self.merging = False
        self.down = False
        self.refused: dict[str, Exception] = {}

    async def is_followable(self) -> bool:
        return True

    async def instant(self) -> float:
        return 0.0

    async def probe(self, kinds: Sequence[str], *, since: float, at: float) -> Probed:
        self.asked.append((*kinds, since, at))
        if self.down:
            raise SourceUnavailableError("down")
        changed = sum(stamp > since for stamp in self.stamped.values())
        return Probed({kind: Counted(self.count, changed) for kind in kinds}, self.merging)

    async def stamps(self, kind: str, *, since: float, at: float) -> Mapping[str, Stamp]:
        self.asked.append((f"stamps of {kind}", since, at))
        if kind in self.refused:
            raise self.refused[kind]
        return {each: Stamp(stamp, self.made.get(each, 0.0)) for each, stamp in self.stamped.items() if stamp > since}


@pytest.fixture
def probe() -> ScriptedProbe:
    return ScriptedProbe()


@pytest.fixture
async def watch(probe: ScriptedProbe) -> Watch:
    """A watch that has looked once, at 1000, and overlaps by 60 s."""
    subject = Watch(probe, overlap_seconds=60.0)
    subject.start(1000.0)
    await subject.look(["A"], at=1000.0)
    probe.asked.clear()
    return subject


async def test_nothing_is_asked_before_anything_was_read(probe: ScriptedProbe) -> None:
    assert await Watch(probe, overlap_seconds=60.0).look(["A"], at=1000.0) == {}
    assert probe.asked == []


async def test_the_first_look_reports_every_kind_for_its_number_was_not_known(probe: ScriptedProbe) -> None:
    watch = Watch(probe, overlap_seconds=60.0)
    watch.start(1000.0)
    assert await watch.look(["B", "A"], at=1010.0) == {"A": Change(frozenset(), 3), "B": Change(frozenset(), 3)}
    assert probe.asked == [("A", "B", 940.0, 1010.0)]


async def test_an_earlier_read_moves_the_beginning_back_and_a_later_one_does_not(probe: ScriptedProbe) -> None:
    watch = Watch(probe, overlap_seconds=60.0)
    for at in (1000.0, 900.0, 1100.0):
        watch.start(at)
    await watch.look(["A"], at=1200.0)
    assert probe.asked == [("A", 840.0, 1200.0)]


async def test_unchanged_kinds_are_not_reported_and_cost_one_request(probe: ScriptedProbe, watch: Watch) -> None:
    assert await watch.look(["A"], at=1010.0) == {}
    assert probe.asked == [("A", 940.0, 1010.0)]


async def test_a_stamped_node_is_reported_once_while_its_stamp_is_in_the_overlap_and_again_when_it_leaves_it(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = {"1": 1005.0}
    assert await watch.look(["A"], at=1010.0) == {"A": Change(frozenset({"1"}), 3)}
    assert await watch.look(["A"], at=1020.0) == {}
    assert await watch.look(["A"], at=1070.0) == {}
    assert await watch.look(["A"], at=1080.0) == {"A": Change(frozenset({"1"}), 3)}
    assert await watch.look(["A"], at=1090.0) == {}


async def test_stamps_of_changes_are_told_once_and_none_from_before_everything_was_read(
    probe: ScriptedProbe, watch: Watch
) -> None:
    assert watch.take_fresh() == {}
    probe.stamped = {"1": 1005.0, "2": 990.0, "3": 1015.0}
    await watch.look(["A"], at=1010.0)
    assert watch.take_fresh() == {"A": [1005.0]}
    assert watch.take_fresh() == {}
    await watch.look(["A"], at=1020.0)
    assert watch.take_fresh() == {"A": [1015.0]}
    probe.stamped["1"] = 1025.0
    await watch.look(["A"], at=1030.0)
    await watch.look(["A"], at=1040.0)
    assert watch.take_fresh() == {"A": [1025.0]}


async def test_a_node_that_is_stamped_again_is_reported_again(probe: ScriptedProbe, watch: Watch) -> None:
    probe.stamped = {"1": 1005.0, "2": 1006.0}
    await watch.look(["A"], at=1010.0)
    probe.stamped["2"] = 1015.0
    assert await watch.look(["A"], at=1020.0) == {"A": Change(frozenset({"2"}), 3)}


async def test_a_stamp_later_than_the_instant_is_reported_until_the_instant_has_passed_it(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = {"1": 1015.0}
    assert await watch.look(["A"], at=1010.0) == {"A": Change(frozenset({"1"}), 3)}
    assert await watch.look(["A"], at=1012.0) == {"A": Change(frozenset({"1"}), 3)}
    assert await watch.look(["A"], at=1020.0) == {"A": Change(frozenset({"1"}), 3)}
    assert await watch.look(["A"], at=1021.0) == {}


async def test_another_number_of_nodes_is_a_change_without_any_stamp(probe: ScriptedProbe, watch: Watch) -> None:
    probe.count = 2
    assert await watch.look(["A"], at=1010.0) == {"A": Change(frozenset(), 2)}
    assert await watch.look(["A"], at=1020.0) == {}


async def test_the_time_covered_stands_still_while_a_branch_is_merging(probe: ScriptedProbe, watch: Watch) -> None:
    probe.merging = True
    await watch.look(["A"], at=1100.0)
    probe.merging = False
    await watch.look(["A"], at=1200.0)
    await watch.look(["A"], at=1300.0)
    assert probe.asked == [("A", 940.0, 1100.0), ("A", 940.0, 1200.0), ("A", 1140.0, 1300.0)]


async def test_a_look_that_fails_is_made_good_by_the_next(probe: ScriptedProbe, watch: Watch) -> None:
    probe.stamped = {"1": 1050.0}
    probe.down = True
    with pytest.raises(SourceUnavailableError):
        await watch.look(["A"], at=1100.0)
    probe.down = False
    assert await watch.look(["A"], at=1200.0) == {"A": Change(frozenset({"1"}), 3)}


async def test_a_node_made_since_the_overlap_began_is_told_from_one_that_was_changed(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped, probe.made = {"1": 1005.0, "2": 1006.0}, {"1": 1005.0, "2": 100.0}
    made = Change(frozenset({"1", "2"}), 3, created=frozenset({"1"}))
    assert await watch.look(["A"], at=1010.0) == {"A": made}
    assert await watch.look(["A"], at=1080.0) == {}
    assert await watch.look(["A"], at=1090.0) == {"A": made}


async def test_a_clock_that_is_set_back_voids_what_is_known_and_the_next_look_begins_there(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = {"1": 1005.0}
    await watch.look(["A"], at=1010.0)
    probe.asked.clear()
    with pytest.raises(SetBackError, match=r"^Infrahub's clock was set back, by 110 s or more$"):
        await watch.look(["A"], at=900.0)
    assert probe.asked == []
    watch.start(900.0)
    assert await watch.look(["A"], at=910.0) == {"A": Change(frozenset({"1"}), 3)}
    assert probe.asked == [("A", 840.0, 910.0), ("stamps of A", 840.0, 910.0)]


async def test_an_instant_that_falls_behind_by_less_than_a_date_can_tell_is_no_clock_set_back(
    probe: ScriptedProbe, watch: Watch
) -> None:
    assert await watch.look(["A"], at=998.5) == {}
    assert probe.asked == [("A", 940.0, 998.5)]


async def test_what_is_read_as_of_before_the_last_look_is_told_again_what_came_since(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = {"1": 995.0, "2": 1015.0}
    await watch.look(["A"], at=1020.0)
    watch.start(1010.0)
    assert await watch.look(["A"], at=1030.0) == {"A": Change(frozenset({"2"}), 3)}
    watch.start(1030.0)
    assert await watch.look(["A"], at=1040.0) == {}


MANY = {str(number): 1005.0 for number in range(501)}


async def test_many_stamps_are_not_listed_again_while_counts_say_that_there_are_no_others(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = dict(MANY)
    await watch.look(["A"], at=1010.0)
    probe.asked.clear()
    assert await watch.look(["A"], at=1020.0) == {}
    assert probe.asked == [("A", 950.0, 1020.0), ("A", 1010.0, 1020.0)]
    assert await watch.look(["A"], at=1090.0) == {}
    assert await watch.look(["A"], at=1100.0) == {"A": Change(frozenset(MANY), 3)}


@pytest.mark.parametrize("stamped", [{"0": 1015.0}, {"more": 1005.0}, {"more": 1015.0}])
async def test_many_stamps_are_listed_again_where_one_is_newer_or_there_is_one_more(
    stamped: dict[str, float], probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = dict(MANY)
    await watch.look(["A"], at=1010.0)
    probe.stamped |= stamped
    assert await watch.look(["A"], at=1020.0) == {"A": Change(frozenset(stamped), 3)}


async def test_many_stamps_are_listed_again_where_the_number_of_nodes_is_another(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = dict(MANY)
    await watch.look(["A"], at=1010.0)
    del probe.stamped["0"]
    probe.stamped["late"] = 1006.0  # committed later than it was stamped, while another node was deleted
    probe.count = 2
    assert await watch.look(["A"], at=1020.0) == {"A": Change(frozenset({"0", "late"}), 2)}


class Arriving:
    """Reads rows with the stamps of a probe, unless it may not, and tells what it was asked."""

    def __init__(self, probe: ScriptedProbe) -> None:
        self._probe = probe
        self.asked: list[tuple[str, float, float]] = []
        self.may = True

    async def read(self, kind: str, since: float, at: float) -> Arrived | None:
        self.asked.append((kind, since, at))
        stamps = {each: Stamp(stamp, 0.0) for each, stamp in self._probe.stamped.items() if stamp > since}
        return Arrived({each: _row(each) for each in stamps}, stamps) if self.may else None


def _row(identifier: str) -> Row:
    return Row(identifier, "A", None, ())


@pytest.fixture
async def arriving(probe: ScriptedProbe) -> tuple[Watch, Arriving]:
    """A watch that has looked once, at 1000, and reads rows with stamps."""
    rows = Arriving(probe)
    subject = Watch(probe, overlap_seconds=60.0, read_changed=rows.read)
    subject.start(1000.0)
    await subject.look(["A"], at=1000.0)
    probe.asked.clear()
    return subject, rows


async def test_rows_come_with_the_stamps_where_many_are_new_to_it(
    probe: ScriptedProbe, arriving: tuple[Watch, Arriving]
) -> None:
    watch, rows = arriving
    probe.stamped = dict(MANY)
    came = {each: _row(each) for each in MANY}
    assert await watch.look(["A"], at=1010.0) == {"A": Change(frozenset(MANY), 3, rows=came)}
    assert (probe.asked, rows.asked) == ([("A", 940.0, 1010.0)], [("A", 940.0, 1010.0)])
    assert await watch.look(["A"], at=1020.0) == {}
    probe.stamped = dict.fromkeys(MANY, 1025.0)
    probe.asked.clear()
    assert await watch.look(["A"], at=1030.0) == {"A": Change(frozenset(MANY), 3, rows=came)}
    assert probe.asked == [("A", 960.0, 1030.0), ("A", 1020.0, 1030.0)]


async def test_stamps_alone_are_listed_where_most_are_known_or_few_have_changed_or_rows_may_not_come(
    probe: ScriptedProbe, arriving: tuple[Watch, Arriving]
) -> None:
    watch, rows = arriving
    probe.stamped = {"0": 1004.0}
    assert await watch.look(["A"], at=1006.0) == {"A": Change(frozenset({"0"}), 3)}
    assert rows.asked == []
    rows.may = False
    probe.stamped = dict(MANY)
    assert await watch.look(["A"], at=1010.0) == {"A": Change(frozenset(MANY), 3)}
    assert rows.asked == [("A", 946.0, 1010.0)]
    probe.stamped |= {"more": 1015.0}
    assert await watch.look(["A"], at=1020.0) == {"A": Change(frozenset({"more"}), 3)}
    assert len(rows.asked) == 1


async def test_of_the_rows_that_come_only_those_of_new_stamps_are_told(
    probe: ScriptedProbe, arriving: tuple[Watch, Arriving]
) -> None:
    watch, rows = arriving
    probe.stamped = {"known": 1004.0}
    await watch.look(["A"], at=1006.0)
    probe.stamped |= MANY
    assert await watch.look(["A"], at=1010.0) == {
        "A": Change(frozenset(MANY), 3, rows={each: _row(each) for each in MANY})
    }
    assert len(rows.asked) == 1


async def test_a_kind_whose_stamps_are_refused_is_untold_and_the_others_are_told(
    probe: ScriptedProbe, watch: Watch
) -> None:
    probe.stamped = {"a": 1005.0}
    await watch.look(["A", "B"], at=1010.0)
    probe.refused = {"B": DerivationError("no stamps")}
    probe.stamped["b"] = 1015.0
    assert await watch.look(["A", "B"], at=1020.0) == {
        "A": Change(frozenset({"b"}), 3),
        "B": Change(frozenset({"a"}), 3, untold="no stamps"),
    }
    assert await watch.look(["A", "B"], at=1030.0) == {"B": Change(frozenset(), 3, untold="no stamps")}
    probe.refused = {}
    assert await watch.look(["A", "B"], at=1040.0) == {"B": Change(frozenset({"a", "b"}), 3)}
    probe.refused = {"A": SourceUnavailableError("down")}
    probe.stamped["c"] = 1045.0
    with pytest.raises(SourceUnavailableError):
        await watch.look(["A", "B"], at=1050.0)
