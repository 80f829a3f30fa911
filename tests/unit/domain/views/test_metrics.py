"""Info metrics: from rows to samples, and from all entries to families."""

from collections.abc import Sequence

from hypothesis import given, strategies

from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Family, FamilyType, Peer, Row, Sample, Section
from infrahub_exporter.domain.views.distinct import Shown
from infrahub_exporter.domain.views.families import Assembly, assemble
from infrahub_exporter.domain.views.metrics import Sampler, info, metric_name
from infrahub_exporter.domain.views.rows import Batch

NOTHING = Assembly()


def batch(*rows: Row) -> Batch:
    return Batch(rows, list(zip(*[row.values for row in rows], strict=True)))


def samples(*rows: Row) -> list[Sample]:
    return list(Sampler(MetricSpec(kind="InfraDevice"))([batch(*rows)]).values())


def entry(kind: str, labels: tuple[str, ...], *blocks: Sequence[tuple[str, ...]]) -> tuple[Shown, ...]:
    """Make an entry of one section per block; a series is its values of `id`, `hfid` and these labels."""
    sections = tuple(
        Section(("id", "hfid", *labels), tuple(Sample(each[0], each) for each in block)) for block in blocks
    )
    held = {each.id: each for section in sections for each in section.samples}
    return (info(kind, MetricSpec(kind=kind, include=labels).label_names, sections, held.get),)


def sections(shown: tuple[Shown, ...]) -> tuple[Section, ...]:
    return shown[0].family.sections


def test_a_kind_s_metric_is_named_after_it_in_lower_case() -> None:
    assert metric_name("InfraDevice") == "infrahub_infradevice_info"


def test_a_row_becomes_one_sample_of_identity_and_values() -> None:
    row = Row(
        id="17ab",
        kind="InfraDevice",
        hfid=("leaf1", "par"),
        values=(
            "leaf1",
            0,
            False,
            Peer("3", "LocationSite", ("paris",)),
            (Peer("1", "BuiltinTag", ("red",)), Peer("2", "BuiltinTag")),
            ("red", None),
            {"fans": [4]},
        ),
    )
    assert samples(row) == [
        Sample(
            "17ab",
            (
                "17ab",
                "InfraDevice__leaf1__par",
                "leaf1",
                "0",
                "false",
                "LocationSite__paris",
                "2,BuiltinTag__red",
                "red",
                '{"fans":[4]}',
            ),
            1.0,
        )
    ]


def test_a_row_without_anything_has_its_id_for_a_name_and_empty_labels() -> None:
    row = Row("17ac", "InfraDevice", None, (None, ()))
    assert samples(row) == [Sample("17ac", ("17ac", "17ac", "", ""))]


def test_a_row_of_a_generic_is_named_by_its_own_kind() -> None:
    row = Row("1", "InfraOpticalPort", ("leaf1", "et0"), ())
    assert samples(row) == [Sample("1", ("1", "InfraOpticalPort__leaf1__et0"))]


def test_the_length_of_the_longest_label_is_known_of_all_that_have_been_made() -> None:
    sampler = Sampler(MetricSpec(kind="InfraDevice"))
    lengths = []
    for row in (
        Row("17ac", "InfraDevice", None, ("leaf1", True)),
        Row("1", "InfraDevice", ("leaf1", "par"), ("leaf1", None)),
        Row("17ac", "InfraDevice", None, ("leaf2", False)),
        Row("17ac", "InfraDevice", None, ("x" * 40, False)),
    ):
        sampler([batch(row)])
        lengths.append(sampler.longest)
    assert lengths == [5, len("InfraDevice__leaf1__par"), len("InfraDevice__leaf1__par"), 40]


def test_a_kind_without_nodes_is_a_family_without_series() -> None:
    assembly = assemble([entry("InfraDevice", ())], NOTHING)
    assert assembly.families == (
        Family("infrahub_infradevice_info", FamilyType.INFO, "Nodes of kind InfraDevice in Infrahub.", ()),
    )
    assert assembly.duplicates == (0,)


def test_nothing_configured_is_no_family() -> None:
    assert assemble([], NOTHING) == Assembly((), (), {})


def test_tx_03_entries_of_one_kind_live_side_by_side_in_one_family_each_with_its_own_labels() -> None:
    entries = [
        entry("InfraDevice", ("name",), [("1", "D__a", "a")], [("2", "D__b", "b")]),
        entry("LocationSite", (), [("9", "S__p")]),
        entry("InfraDevice", ("role",), [("1", "D__a", "edge"), ("2", "D__b", "leaf")]),
    ]
    assembly = assemble(entries, NOTHING)
    assert assembly.families == (
        Family(
            "infrahub_infradevice_info",
            FamilyType.INFO,
            "Nodes of kind InfraDevice in Infrahub.",
            (*sections(entries[0]), *sections(entries[2])),
        ),
        Family(
            "infrahub_locationsite_info",
            FamilyType.INFO,
            "Nodes of kind LocationSite in Infrahub.",
            sections(entries[1]),
        ),
    )
    assert assembly.duplicates == (0, 0, 0)


def test_kinds_whose_metrics_have_one_name_share_its_family_and_its_help_is_the_first_s() -> None:
    entries = [entry("InfraDevice", (), [("1", "InfraDevice__a")]), entry("Infradevice", (), [("2", "Infradevice__a")])]
    assert assemble(entries, NOTHING).families == (
        Family(
            "infrahub_infradevice_info",
            FamilyType.INFO,
            "Nodes of kind InfraDevice in Infrahub.",
            (*sections(entries[0]), *sections(entries[1])),
        ),
    )


def test_tx_04_a_series_that_two_entries_would_make_equal_stays_with_the_first_and_is_counted() -> None:
    entries = [
        entry("InfraDevice", ("name",), [("1", "D__a", "a"), ("2", "D__b", "b")], [("3", "D__c", "")]),
        # equal; other values; equal, as an empty label is none (OM-10)
        entry("InfraDevice", ("name",), [("1", "D__a", "a"), ("2", "D__b", "B"), ("3", "D__c", "")]),
        entry(
            "InfraDevice", ("role", "name"), [("1", "D__a", "", "a")], [("2", "D__b", "x", "B"), ("3", "D__c", "", "")]
        ),
        entry("InfraDevice", (), [("3", "D__c"), ("4", "D__d")]),
    ]
    assembly = assemble(entries, NOTHING)
    assert assembly.duplicates == (0, 2, 2, 1)
    assert assembly.families[0].sections == (
        *sections(entries[0]),
        Section(("id", "hfid", "name"), (Sample("2", ("2", "D__b", "B")),)),
        Section(("id", "hfid", "role", "name"), ()),
        Section(("id", "hfid", "role", "name"), (Sample("2", ("2", "D__b", "x", "B")),)),
        Section(("id", "hfid"), (Sample("4", ("4", "D__d")),)),
    )


def test_sections_without_duplicates_are_shared_not_copied() -> None:
    entries = [
        entry("InfraDevice", ("name",), [("1", "D__a", "a")]),
        entry("InfraDevice", ("role",), [("1", "D__a", "edge")]),
        entry("LocationSite", (), [("9", "S__p")]),
    ]
    devices, sites = assemble(entries, NOTHING).families
    assert devices.sections[0] is sections(entries[0])[0]
    assert devices.sections[1] is sections(entries[1])[0]
    assert sites.sections[0] is sections(entries[2])[0]


SAMPLES = strategies.dictionaries(
    strategies.sampled_from("123"), strategies.tuples(*[strategies.sampled_from(["", "x", "y"])] * 2), max_size=3
)


@given(strategies.lists(strategies.tuples(strategies.permutations(["a", "b"]), SAMPLES), max_size=4))
def test_tx_04_no_series_is_there_twice_and_none_is_lost(
    found: list[tuple[list[str], dict[str, tuple[str, str]]]],
) -> None:
    entries = [
        entry("Kind", tuple(labels), *([(identifier, identifier, *values)] for identifier, values in samples.items()))
        for labels, samples in found
    ]
    assembly = assemble(entries, NOTHING)
    before = [series for each in entries for section in sections(each) for series in shown(section)]
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
