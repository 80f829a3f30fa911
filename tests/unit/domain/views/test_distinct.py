"""What several entries would make equal stays with the first, and a change costs what changed."""

from collections.abc import Mapping

from hypothesis import given, strategies

from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.views.distinct import Part, Place, Shown, distinct, series

FIRST, SECOND, THIRD = (0, 0), (1, 0), (2, 0)


def section(names: str, *values: str) -> Section:
    """Make a section of labels with one letter each; a `-` is an empty value."""
    return Section(tuple(names), tuple(Sample(each, _of(each)) for each in values))


def shown(*sections: Section, asked: list[str] | None = None) -> Shown:
    """Show sections; `asked` notes of which samples it is asked whether they are there."""
    known = {series(each.label_names, sample) for each in sections for sample in each.samples}

    def has(names: tuple[str, ...], sample: Sample) -> bool:
        if asked is not None:
            asked.append(sample.id)
        return series(names, sample) in known

    return Shown(Family("ports", FamilyType.GAUGE, "", sections), has)


def test_the_same_sections_make_the_same_objects_and_nothing_is_compared() -> None:
    asked: list[str] = []
    entries = {
        FIRST: shown(section("ab", "xy"), asked=asked),
        SECOND: shown(section("ba", "yx", "zz"), section("ab", "uv"), asked=asked),
    }
    before = distinct(entries, {})
    assert before[SECOND].distinct == (section("ba", "zz"), section("ab", "uv"))
    assert before[SECOND].lost == 1
    asked.clear()
    again = distinct(entries, before)
    assert asked == []
    assert again == before
    assert all(one is other for one, other in zip(again[SECOND].distinct, before[SECOND].distinct, strict=True))


def test_only_samples_that_came_or_left_are_compared_again() -> None:
    asked: list[str] = []
    first, kept = section("a", "x", "y"), section("ab", "u-", "v-")
    before = distinct({FIRST: shown(first), SECOND: shown(kept, section("ab", "w-"))}, {})
    changed = Section(kept.label_names, (kept.samples[0], Sample("y-", ("y", ""))))
    sections = (changed, before[SECOND].sections[1])
    after = distinct({FIRST: shown(first, asked=asked), SECOND: shown(*sections, asked=asked)}, before)
    assert asked == ["y-"]
    assert after[SECOND].distinct == (section("ab", "u-"), sections[1])
    assert after[SECOND].distinct[1] is sections[1]


def test_a_series_that_the_first_has_no_longer_comes_back_to_the_second_as_the_section_that_it_was() -> None:
    second = section("ab", "x-", "y-")
    before = distinct({FIRST: shown(section("a", "x")), SECOND: shown(second)}, {})
    assert before[SECOND].distinct == (section("ab", "y-"),)
    moved = distinct({FIRST: shown(section("a", "y")), SECOND: shown(second)}, before)
    assert moved[SECOND].distinct == (section("ab", "x-"),)
    gone = distinct({FIRST: shown(), SECOND: shown(second)}, moved)
    assert gone[SECOND] == Part((second,), (second,))
    assert gone[SECOND].distinct[0] is second


def test_what_is_left_of_a_section_that_was_made_again_is_the_same_object_where_it_is_equal() -> None:
    first = shown(section("a", "x"))
    before = distinct({FIRST: first, SECOND: shown(section("ab", "x-", "y-"))}, {})
    after = distinct({FIRST: first, SECOND: shown(section("ab", "x-", "y-"))}, before)
    assert after[SECOND].distinct[0] is before[SECOND].distinct[0]


def test_an_entry_that_is_read_later_is_compared_and_one_that_is_there_no_longer_is_forgotten() -> None:
    first, second, third = shown(section("a", "x")), shown(section("ab", "x-")), shown(section("ba", "-x"))
    parts = distinct({FIRST: first, THIRD: third}, {})
    assert {place: part.lost for place, part in parts.items()} == {FIRST: 0, THIRD: 1}
    parts = distinct({FIRST: first, SECOND: second, THIRD: third}, parts)
    assert {place: part.lost for place, part in parts.items()} == {FIRST: 0, SECOND: 1, THIRD: 1}
    parts = distinct({SECOND: second, THIRD: third}, parts)
    assert {place: part.lost for place, part in parts.items()} == {SECOND: 0, THIRD: 1}
    parts = distinct({THIRD: third}, parts)
    assert {place: part.lost for place, part in parts.items()} == {THIRD: 0}


def test_the_same_samples_under_other_names_are_other_series() -> None:
    samples = section("ab", "xy").samples
    first = shown(section("ab", "xy"))
    before = distinct({FIRST: first, SECOND: shown(Section(("b", "a"), samples))}, {})
    assert before[SECOND].lost == 0
    after = distinct({FIRST: first, SECOND: shown(Section(("a", "b"), samples))}, before)
    assert after[SECOND].lost == 1


VALUES = strategies.sampled_from(["--", "x-", "-x", "xx", "xy"])
BLOCKS = strategies.tuples(strategies.frozensets(VALUES), strategies.integers(1, 3))
STATE = strategies.dictionaries(strategies.sampled_from([(0, 0), (0, 1), (1, 0), (2, 0)]), BLOCKS)


@given(strategies.lists(STATE, min_size=2, max_size=4))
def test_what_comes_of_changes_is_what_comes_of_comparing_everything(
    states: list[Mapping[Place, tuple[frozenset[str], int]]],
) -> None:
    known: dict[tuple[Place, str], Sample] = {}

    def made(place: Place, values: frozenset[str], number: int) -> Shown:
        """Spread samples over some blocks; an equal sample is the same object."""
        blocks: list[list[Sample]] = [[] for _ in range(number)]
        for each in sorted(values):
            blocks[len(each.strip("-")) % number].append(known.setdefault((place, each), Sample(each, _of(each))))
        return shown(*(Section(("a", "b"), tuple(block)) for block in blocks))

    parts: Mapping[Place, Part] = {}
    for state in states:
        entries = {place: made(place, *state[place]) for place in sorted(state)}
        parts = distinct(entries, parts)
        assert parts == distinct(entries, {})


def _of(values: str) -> tuple[str, ...]:
    return tuple("" if each == "-" else each for each in values)
