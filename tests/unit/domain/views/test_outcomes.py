"""What an entry of `metrics.series` shows, and which series it has."""

import pytest

from infrahub_exporter.domain.asking.series import CountSpec, SeriesSpec
from infrahub_exporter.domain.model import FamilyType, Sample
from infrahub_exporter.domain.views.kept_series import PointSeries, kept
from infrahub_exporter.domain.views.outcomes import Outcomes, family, holder
from infrahub_exporter.domain.views.series import Outcome, Point

NAMES = ("port", "site")
ET1 = Point((("et1",), ("par",)), 1.0)


@pytest.mark.parametrize(
    ("spec", "label_names", "type_", "help_text", "unit"),
    [
        (SeriesSpec(name="x_info", kind="A", value=1), (), FamilyType.INFO, "Read from A in Infrahub.", ""),
        (SeriesSpec(name="x_info", kind="A", value=2), (), FamilyType.GAUGE, "Read from A in Infrahub.", ""),
        (SeriesSpec(name="x", kind="A", value="phase", help="X."), ("x",), FamilyType.STATESET, "X.", ""),
        (
            SeriesSpec(name="x", kind="A", value="phase", labels={"x": "y"}),
            ("x",),
            FamilyType.GAUGE,
            "Read from A in Infrahub.",
            "",
        ),
        (
            SeriesSpec(name="x", kind="A", count=CountSpec(by={"x": "y"})),
            ("x",),
            FamilyType.GAUGE,
            "Read from A in Infrahub.",
            "",
        ),
        (
            SeriesSpec(name="x_bytes", unit="bytes", kind="A", value="y"),
            (),
            FamilyType.GAUGE,
            "Read from A in Infrahub.",
            "bytes",
        ),
    ],
)
def test_a_family_is_a_gauge_but_for_infos_and_state_sets(
    spec: SeriesSpec, label_names: tuple[str, ...], type_: FamilyType, help_text: str, unit: str
) -> None:
    made = family(spec, label_names, ())
    assert (made.type, made.help, made.unit) == (type_, help_text, unit)


def test_a_series_is_found_under_whichever_names_in_whichever_order() -> None:
    series = PointSeries(NAMES)
    series.update({"1": Outcome((ET1, Point((("et2",), ()), 1.0)))})
    has = holder(series, NAMES)
    assert has(NAMES, Sample("x", ("et1", "par")))
    assert has(("site", "port", "role"), Sample("x", ("par", "et1", "")))
    assert has(("port",), Sample("x", ("et2",)))
    assert not has(("port",), Sample("x", ("et1",)))
    assert not has((*NAMES, "role"), Sample("x", ("et1", "par", "edge")))


def test_nodes_are_counted_whether_or_not_they_have_series() -> None:
    outcomes = Outcomes(PointSeries(NAMES))
    outcomes.replace({"1": Outcome((ET1,)), "2": Outcome(skipped=("no_value",)), "3": Outcome()}, {"2": "A__two"})
    assert (len(outcomes), outcomes.skipped["no_value"], outcomes.examples) == (3, 1, {"no_value": ("A__two",)})
    outcomes.update({"2": Outcome()}, {}, ["3"])
    assert (len(outcomes), outcomes.skipped["no_value"], outcomes.examples) == (2, 0, {})
    outcomes.replace({"4": Outcome()}, {})
    assert (len(outcomes), [len(section.samples) for section in outcomes.series.sections]) == (1, [])


def test_rows_are_united_by_their_state_as_well() -> None:
    series = kept(SeriesSpec(name="x", kind="A", value=1, labels={"port": "p", "site": "s"}, distinct=("site",)), {})
    series.update({"1": Outcome((ET1, Point((("et2",), ("par",)), 1.0)))})
    assert [section.samples[0].labels for section in series.sections] == [("et1,et2", "par")]
