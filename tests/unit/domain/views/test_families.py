"""Families of one name that several entries show."""

from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section
from infrahub_exporter.domain.views.families import Assembly, assemble, shown

GAUGE, STATESET = FamilyType.GAUGE, FamilyType.STATESET


def section(names: str, *values: str) -> Section:
    """Make a section of labels with one letter each."""
    return Section(tuple(names), tuple(Sample(each, tuple(each)) for each in values))


def test_families_of_one_name_are_one_with_the_first_help_and_unit_that_are_said() -> None:
    one, other, last = section("ab", "xy"), section("ab", "xz"), section("c", "x")
    families = [
        Family("lengths_metres", GAUGE, "", (one,)),
        Family("racks", GAUGE, "Racks.", (last,)),
        Family("lengths_metres", GAUGE, "How long cables are.", (other,), "metres"),
        Family("lengths_metres", GAUGE, "Another help.", ()),
    ]
    assembly = assemble(
        [[shown(families[0]), shown(families[1])], [shown(families[2])], [shown(families[3])]], Assembly()
    )
    assert assembly.families == (
        Family("lengths_metres", GAUGE, "How long cables are.", (one, other), "metres"),
        Family("racks", GAUGE, "Racks.", (last,)),
    )
    assert assembly.duplicates == (0, 0, 0)


def test_state_sets_are_one_state_set_and_beside_numbers_they_are_gauges() -> None:
    states = shown(Family("phase", STATESET, "", ()))
    numbers = shown(Family("phase", GAUGE, "", ()))
    assert assemble([[states], [states]], Assembly()).families[0].type is STATESET
    assert assemble([[states], [numbers]], Assembly()).families[0].type is GAUGE


def test_tx_04_a_series_that_an_earlier_entry_shows_is_left_out_whatever_the_order_of_its_labels() -> None:
    first = Family("ports", GAUGE, "", (section("ab", "xy", "zz"),))
    second = Family("ports", GAUGE, "", (section("ba", "yx", "xy"), section("a", "x")))
    assembly = assemble([[shown(first)], [shown(second)]], Assembly())
    assert assembly.duplicates == (0, 1)
    assert assembly.families[0].sections == (*first.sections, section("ba", "xy"), second.sections[1])


def test_one_entry_may_show_a_name_twice() -> None:
    one = shown(Family("ports", GAUGE, "", (section("a", "x"),)))
    assembly = assemble([[one, one]], Assembly())
    assert assembly.duplicates == (1,)
    assert assembly.families[0].sections == (section("a", "x"), Section(("a",), ()))
