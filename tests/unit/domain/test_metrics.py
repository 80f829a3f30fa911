"""Info metrics: from rows to samples, and from all entries to families."""

from hypothesis import given, strategies

from infrahub_exporter.domain.metrics import Assembly, Entry, assemble, derive, metric_name
from infrahub_exporter.domain.model import Family, FamilyType, Peer, Row, Sample, Section
from infrahub_exporter.domain.specs import MetricSpec

DEVICES = MetricSpec(kind="InfraDevice", include=("name", "height", "site", "tags[]", "tags[].name", "facts"))


def entry(kind: str, labels: tuple[str, ...], *samples: tuple[str, ...]) -> Entry:
    """Make an entry whose sections hold `id`, `hfid` and these labels."""
    section = Section(("id", "hfid", *labels), tuple(Sample(each[0], each) for each in samples))
    return Entry(MetricSpec(kind=kind, include=labels), section)


def test_a_kind_s_metric_is_named_after_it_in_lower_case() -> None:
    assert metric_name("InfraDevice") == "infrahub_infradevice_info"


def test_a_row_becomes_one_sample_of_identity_and_values() -> None:
    red, blue = Peer("1", "BuiltinTag", ("red",)), Peer("2", "BuiltinTag")
    rows = [
        Row(
            "17ab",
            "InfraDevice",
            ("leaf1", "par"),
            ("leaf1", 0, Peer("3", "LocationSite", ("paris",)), (red, blue), ("red", None), {"fans": [4]}),
        ),
        Row("17ac", "InfraDevice", None, (None, None, None, (), (), None)),
    ]
    assert derive(DEVICES, rows) == Section(
        ("id", "hfid", "name", "height", "site", "tags", "tags_name", "facts"),
        (
            Sample(
                "17ab",
                (
                    "17ab",
                    "InfraDevice__leaf1__par",
                    "leaf1",
                    "0",
                    "LocationSite__paris",
                    "2,BuiltinTag__red",
                    "red",
                    '{"fans":[4]}',
                ),
                1.0,
            ),
            Sample("17ac", ("17ac", "17ac", "", "", "", "", "", ""), 1.0),
        ),
    )


def test_a_row_of_a_generic_is_named_by_its_own_kind() -> None:
    section = derive(MetricSpec(kind="InfraInterface"), [Row("1", "InfraOpticalPort", ("leaf1", "et0"), ())])
    assert section == Section(("id", "hfid"), (Sample("1", ("1", "InfraOpticalPort__leaf1__et0")),))


def test_a_kind_without_nodes_is_a_family_without_series() -> None:
    section = derive(MetricSpec(kind="InfraDevice"), [])
    assert section == Section(("id", "hfid"), ())
    assert assemble([Entry(MetricSpec(kind="InfraDevice"), section)]) == Assembly(
        (Family("infrahub_infradevice_info", FamilyType.INFO, "Nodes of kind InfraDevice in Infrahub.", (section,)),),
        (0,),
    )


def test_tx_03_entries_of_one_kind_live_side_by_side_in_one_family_each_with_its_own_labels() -> None:
    entries = [
        entry("InfraDevice", ("name",), ("1", "D__a", "a")),
        entry("LocationSite", (), ("9", "S__p")),
        entry("InfraDevice", ("role",), ("1", "D__a", "edge"), ("2", "D__b", "leaf")),
    ]
    assert assemble(entries) == Assembly(
        (
            Family(
                "infrahub_infradevice_info",
                FamilyType.INFO,
                "Nodes of kind InfraDevice in Infrahub.",
                (entries[0].section, entries[2].section),
            ),
            Family(
                "infrahub_locationsite_info",
                FamilyType.INFO,
                "Nodes of kind LocationSite in Infrahub.",
                (entries[1].section,),
            ),
        ),
        (0, 0, 0),
    )


def test_tx_04_a_series_that_two_entries_would_make_equal_stays_with_the_first_and_is_counted() -> None:
    entries = [
        entry("InfraDevice", ("name",), ("1", "D__a", "a"), ("2", "D__b", "b"), ("3", "D__c", "")),
        # equal; other values; equal, as an empty label is none (OM-10)
        entry("InfraDevice", ("name",), ("1", "D__a", "a"), ("2", "D__b", "B"), ("3", "D__c", "")),
        entry("InfraDevice", ("role", "name"), ("1", "D__a", "", "a"), ("2", "D__b", "x", "B"), ("3", "D__c", "", "")),
        entry("InfraDevice", (), ("3", "D__c"), ("4", "D__d")),
    ]
    assembly = assemble(entries)
    assert assembly.duplicates == (0, 2, 2, 1)
    assert assembly.families[0].sections == (
        entries[0].section,
        Section(("id", "hfid", "name"), (Sample("2", ("2", "D__b", "B")),)),
        Section(("id", "hfid", "role", "name"), (Sample("2", ("2", "D__b", "x", "B")),)),
        Section(("id", "hfid"), (Sample("4", ("4", "D__d")),)),
    )


def test_sections_without_duplicates_are_shared_not_copied() -> None:
    entries = [
        entry("InfraDevice", ("name",), ("1", "D__a", "a")),
        entry("InfraDevice", ("role",), ("1", "D__a", "edge")),
        entry("LocationSite", (), ("9", "S__p")),
    ]
    first, second = assemble(entries).families
    assert [section is each.section for section, each in zip(first.sections, entries, strict=False)] == [True, True]
    assert second.sections[0] is entries[2].section


def test_kinds_whose_metrics_have_one_name_share_its_family_and_its_help_names_both() -> None:
    entries = [entry("InfraDevice", (), ("1", "InfraDevice__a")), entry("Infradevice", (), ("2", "Infradevice__a"))]
    assert assemble(entries).families == (
        Family(
            "infrahub_infradevice_info",
            FamilyType.INFO,
            "Nodes of kind InfraDevice, Infradevice in Infrahub.",
            (entries[0].section, entries[1].section),
        ),
    )


def test_nothing_configured_is_no_family() -> None:
    assert assemble([]) == Assembly((), ())


SAMPLES = strategies.dictionaries(
    strategies.sampled_from("123"), strategies.tuples(*[strategies.sampled_from(["", "x", "y"])] * 2), max_size=3
)


@given(strategies.lists(strategies.tuples(strategies.permutations(["a", "b"]), SAMPLES), max_size=4))
def test_tx_04_no_series_is_there_twice_and_none_is_lost(
    found: list[tuple[list[str], dict[str, tuple[str, str]]]],
) -> None:
    entries = [
        entry("Kind", tuple(labels), *((identifier, identifier, *values) for identifier, values in samples.items()))
        for labels, samples in found
    ]
    assembly = assemble(entries)
    before = [series for each in entries for series in shown(each.section)]
    after = [series for family in assembly.families for section in family.sections for series in shown(section)]
    assert len(after) == len(set(after))
    assert set(after) == set(before)
    assert len(before) - len(after) == sum(assembly.duplicates)


def shown(section: Section) -> list[frozenset[tuple[str, str]]]:
    """Return each series as Prometheus sees it."""
    return [
        frozenset((name, value) for name, value in zip(section.label_names, each.labels, strict=True) if value)
        for each in section.samples
    ]
