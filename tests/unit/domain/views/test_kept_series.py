"""What is kept of an entry's series equals what would be made anew, whatever comes and goes."""

from collections.abc import Callable, Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.model import Section
from infrahub_exporter.domain.views.counting import Part
from infrahub_exporter.domain.views.kept_series import KeptSeries, PointSeries
from infrahub_exporter.domain.views.owners import Owners
from infrahub_exporter.domain.views.series import Outcome, Point
from infrahub_exporter.domain.views.tally_series import TallySeries
from infrahub_exporter.domain.views.united_series import UnitedSeries

NAMES = ("port", "site")


def points(*labels: tuple[str, ...], value: float = 1.0) -> Outcome:
    """Make an outcome of label values that are one or, joined by +, several."""
    return Outcome(
        points=tuple(Point(tuple(tuple(each.split("+")) if each else () for each in row), value) for row in labels)
    )


def series(kept: KeptSeries) -> dict[tuple[str, ...], float]:
    found = [sample for section in kept.sections for sample in section.samples]
    assert len({sample.labels for sample in found}) == len(found)
    return {sample.labels: sample.value for sample in found}


def test_a_series_that_two_nodes_make_is_the_first_ones_and_goes_over_when_that_one_leaves() -> None:
    kept = PointSeries(NAMES)
    kept.update({"b": points(("et1", "par"), value=2.0), "a": points(("et1", "par"), value=1.0)})
    assert (series(kept), kept.duplicates) == ({("et1", "par"): 1.0}, 1)
    assert list(kept.repeated) == [("b", ("et1", "par"))]
    kept.update({}, ["a"])
    assert (series(kept), kept.duplicates) == ({("et1", "par"): 2.0}, 0)
    kept.update({"a": points(("et1", "par"), value=3.0)})
    assert (series(kept), kept.duplicates) == ({("et1", "par"): 3.0}, 1)
    kept.update({"a": points(("et2", "par"))})
    assert series(kept) == {("et1", "par"): 2.0, ("et2", "par"): 1.0}
    assert kept.has(("et2", "par"))
    assert not kept.has(("et3", "par"))


def test_a_node_that_makes_a_series_twice_has_it_once() -> None:
    kept = PointSeries(NAMES)
    kept.update({"a": points(("et1", "par"), ("et1", "par"))})
    assert (series(kept), kept.duplicates) == ({("et1", "par"): 1.0}, 1)
    assert list(kept.repeated) == [("a", ("et1", "par"))]
    kept.update({"a": points(("et1", "par"))})
    assert (kept.duplicates, list(kept.repeated)) == (0, [])


def test_a_section_stays_the_same_object_while_its_series_are() -> None:
    kept = PointSeries(NAMES)
    kept.update({f"n{number}": points((f"et{number}", "par")) for number in range(2000)})
    before = kept.sections
    kept.update({"n7": points(("et7", "ams")), "n8": points(("et8", "par"))})
    after = kept.sections
    assert len(before) > 1
    assert sum(one is not other for one, other in zip(before, after, strict=True)) == 1


def test_rows_that_are_alike_are_united_with_the_values_of_all() -> None:
    kept = UnitedSeries(NAMES, ["port"])
    kept.update({"b": points(("et1", "par+ber"), value=2.0), "a": points(("et1", "par+ams"), ("et2", ""))})
    assert series(kept) == {("et1", "ams,ber,par"): 1.0, ("et2", ""): 1.0}
    assert (kept.duplicates, list(kept.repeated)) == (0, [])
    assert kept.has(("et1", "ams,ber,par"))
    assert not kept.has(("et1", "ams"))
    assert not kept.has(("et3", "ams"))
    kept.update({}, ["a", "nobody"])
    assert series(kept) == {("et1", "ber,par"): 2.0}
    kept.update({"b": points(("et3", "par"))})
    assert series(kept) == {("et3", "par"): 1.0}


def test_counts_follow_and_one_section_is_made_again_only_where_a_number_differs() -> None:
    kept = TallySeries(("phase",), [("asked", "live")])
    assert series(kept) == {("asked",): 0.0, ("live",): 0.0}
    kept.update({"a": Outcome(parts=(Part(("live",)),)), "b": Outcome(parts=(Part(("live",)),))})
    assert series(kept) == {("asked",): 0.0, ("live",): 2.0}
    assert kept.has(("asked",))
    assert not kept.has(("odd",))
    assert (kept.duplicates, list(kept.repeated)) == (0, [])
    (before,) = kept.sections
    kept.update({"a": Outcome(parts=(Part(("live",)),))}, ["nobody"])
    assert kept.sections[0] is before
    kept.update({"b": Outcome()}, ["a"])
    assert kept.sections == (Section(("phase",), kept.sections[0].samples),)
    assert series(kept) == {("asked",): 0.0, ("live",): 0.0}


def test_a_count_by_nothing_is_there_before_anything_is_counted() -> None:
    kept = TallySeries((), ())
    assert series(kept) == {(): 0.0}
    kept.update({"a": Outcome(parts=(Part(()), Part(())))})
    assert series(kept) == {(): 2.0}
    kept.update({}, ["a"])
    assert series(kept) == {(): 0.0}


def test_what_differs_in_one_of_many_numbers_leaves_the_other_sections_as_they_are() -> None:
    kept = TallySeries(("port",), [None])
    kept.update({str(number): Outcome(parts=(Part((f"et{number}",), 1.0),)) for number in range(2000)})
    before = kept.sections
    assert len(before) > 2
    kept.update({"7": Outcome(parts=(Part(("et7",), 2.0),))})
    same = [one is other for one, other in zip(kept.sections, before, strict=True)]
    assert same.count(False) == 1
    kept.update({}, map(str, range(2000)))
    assert kept.sections == ()


LABELS = st.tuples(st.sampled_from(["et1", "et2"]), st.sampled_from(["", "par", "par+ams", "ber"]))
OUTCOMES = st.builds(
    lambda labels, value, keys: Outcome(points(*labels, value=value).points, tuple(map(Part, keys))),
    st.lists(LABELS, max_size=3),
    st.sampled_from([0.0, 1.0]),
    st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from("uv")), max_size=3),
)
STEPS = st.lists(
    st.tuples(
        st.dictionaries(st.sampled_from("abcd"), OUTCOMES, max_size=3), st.sets(st.sampled_from("abcd"), max_size=2)
    ),
    max_size=12,
)


@pytest.mark.parametrize(
    "make",
    [
        lambda: PointSeries(NAMES),
        lambda: UnitedSeries(NAMES, ["port"]),
        lambda: UnitedSeries(NAMES, []),
        lambda: TallySeries(NAMES, [("x", "y"), None]),
        lambda: TallySeries(NAMES, [None, None]),
    ],
    ids=["points", "united", "all united", "zeros", "tally"],
)
@given(steps=STEPS)
def test_what_is_kept_is_what_would_be_made_anew(
    make: Callable[[], KeptSeries], steps: list[tuple[Mapping[str, Outcome], set[str]]]
) -> None:
    kept, nodes = make(), dict[str, Outcome]()
    for changed, removed in steps:
        gone = removed - changed.keys()
        kept.update(changed, gone)
        nodes = {node: outcome for node, outcome in {**nodes, **changed}.items() if node not in gone}
        anew = make()
        anew.update(nodes)
        assert series(kept) == series(anew)
        assert kept.duplicates == anew.duplicates


def test_the_first_node_owns_a_key() -> None:
    owners: Owners[str] = Owners()
    assert [owners.add("k", node) for node in ("b", "c", "a")] == [None, None, "b"]
    assert (owners.first("k"), owners.surplus, len(owners)) == ("a", 2, 1)
    assert [owners.remove("k", node) for node in ("b", "a", "c")] == [None, "c", None]
    assert (owners.first("k"), owners.surplus, "k" in owners) == (None, 0, False)
