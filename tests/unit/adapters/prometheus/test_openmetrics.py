"""Families in OpenMetrics 1.0.0, as they are written and as the official parser reads them."""

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry
from prometheus_client.openmetrics.exposition import generate_latest
from prometheus_client.openmetrics.parser import text_string_to_metric_families

from infrahub_exporter.adapters.prometheus import SnapshotCollector, render
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from infrahub_exporter.domain.publishing.formats import Format

DEVICES = Family(
    "infrahub_dcimdevice_info",
    FamilyType.INFO,
    'Nodes of "kind" DcimDevice\nin \\ Infrahub.',
    (
        Section(("id", "hfid", "name"), (Sample("1", ("1", "DcimDevice__a", "a")), Sample("2", ("2", "2", "")))),
        Section(("id", "hfid"), (Sample("1", ("1", "DcimDevice__b")),)),
    ),
)
STATUS = Family(
    "infrahub_dcimdevice_status",
    FamilyType.STATESET,
    "The status of each.",
    (
        Section(
            ("id", "infrahub_dcimdevice_status"),
            (Sample("1", ("1", "active"), 1.0), Sample("1", ("1", "drained"), 0.0)),
        ),
    ),
)
HEIGHT = Family(
    "infrahub_dcimdevice_height_meters",
    FamilyType.GAUGE,
    "How high.",
    (Section(("id",), (Sample("1", ("1",), 0.5), Sample("2", ("2",), -3.0))),),
    unit="meters",
)


def test_a_body_has_infos_state_sets_units_and_an_end() -> None:
    assert render([DEVICES, STATUS, HEIGHT], Format.OPENMETRICS).decode() == (
        '# HELP infrahub_dcimdevice Nodes of \\"kind\\" DcimDevice\\nin \\\\ Infrahub.\n'
        "# TYPE infrahub_dcimdevice info\n"
        'infrahub_dcimdevice_info{id="1",hfid="DcimDevice__a",name="a"} 1\n'
        'infrahub_dcimdevice_info{id="2",hfid="2",name=""} 1\n'
        'infrahub_dcimdevice_info{id="1",hfid="DcimDevice__b"} 1\n'
        "# HELP infrahub_dcimdevice_status The status of each.\n"
        "# TYPE infrahub_dcimdevice_status stateset\n"
        'infrahub_dcimdevice_status{id="1",infrahub_dcimdevice_status="active"} 1\n'
        'infrahub_dcimdevice_status{id="1",infrahub_dcimdevice_status="drained"} 0\n'
        "# HELP infrahub_dcimdevice_height_meters How high.\n"
        "# TYPE infrahub_dcimdevice_height_meters gauge\n"
        "# UNIT infrahub_dcimdevice_height_meters meters\n"
        'infrahub_dcimdevice_height_meters{id="1"} 0.5\n'
        'infrahub_dcimdevice_height_meters{id="2"} -3\n'
        "# EOF\n"
    )


def test_the_same_families_are_gauges_in_the_text_format() -> None:
    heads = [line for line in render([DEVICES, STATUS, HEIGHT]).decode().splitlines() if line.startswith("#")]

    assert heads == [
        '# HELP infrahub_dcimdevice_info Nodes of "kind" DcimDevice\\nin \\\\ Infrahub.',
        "# TYPE infrahub_dcimdevice_info gauge",
        "# HELP infrahub_dcimdevice_status The status of each.",
        "# TYPE infrahub_dcimdevice_status gauge",
        "# HELP infrahub_dcimdevice_height_meters How high.",
        "# TYPE infrahub_dcimdevice_height_meters gauge",
    ]


def test_samples_are_the_same_lines_in_both_formats() -> None:
    families = [DEVICES, STATUS, HEIGHT]
    text, open_metrics = (render(families, format_).decode().splitlines() for format_ in Format)

    assert [line for line in text if line[0] != "#"] == [line for line in open_metrics if line[0] != "#"]


def test_the_official_parser_finds_types_and_units() -> None:
    body = render([DEVICES, STATUS, HEIGHT], Format.OPENMETRICS).decode()

    found = {family.name: (family.type, family.unit) for family in text_string_to_metric_families(body)}

    assert found == {
        "infrahub_dcimdevice": ("info", ""),
        "infrahub_dcimdevice_status": ("stateset", ""),
        "infrahub_dcimdevice_height_meters": ("gauge", "meters"),
    }


def test_an_info_beside_a_family_of_its_short_name_is_a_gauge() -> None:
    x = Family("infrahub_dcimdevice", FamilyType.GAUGE, "X.", (Section(("id",), (Sample("1", ("1",)),)),))
    body = render([DEVICES, x], Format.OPENMETRICS).decode()

    found = {family.name: family.type for family in text_string_to_metric_families(body)}

    assert found == {"infrahub_dcimdevice_info": "gauge", "infrahub_dcimdevice": "gauge"}


def test_a_unit_that_is_no_suffix_of_the_name_is_not_told() -> None:
    family = Family("x", FamilyType.GAUGE, "X.", (), unit="meters")

    assert render([family], Format.OPENMETRICS) == b"# HELP x X.\n# TYPE x gauge\n# EOF\n"


def test_nothing_is_an_end_alone() -> None:
    assert render([], Format.OPENMETRICS) == b"# EOF\n"


TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=20)


@given(TEXTS, st.lists(TEXTS, min_size=1, max_size=4, unique=True))
def test_any_text_survives_the_way_through_the_official_parser(help_: str, values: list[str]) -> None:
    samples = tuple(Sample(str(number), (str(number), value)) for number, value in enumerate(values))
    family = Family("x_info", FamilyType.INFO, f"h{help_}h", (Section(("id", "l"), samples),))

    (found,) = text_string_to_metric_families(render([family], Format.OPENMETRICS).decode())

    assert (found.name, found.type, found.documentation) == ("x", "info", f"h{help_}h")
    assert [(sample.name, sample.labels["l"]) for sample in found.samples] == [("x_info", value) for value in values]


def test_a_host_s_registry_writes_the_same_families() -> None:
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: Snapshot((DEVICES, STATUS, HEIGHT), 1.0)))

    ours = text_string_to_metric_families(render([DEVICES, STATUS, HEIGHT], Format.OPENMETRICS).decode())
    theirs = text_string_to_metric_families(generate_latest(registry).decode())

    assert list(theirs) == list(ours)
