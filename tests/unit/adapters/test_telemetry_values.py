"""What prometheus_client collects, as plain values."""

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
)

from infrahub_exporter.adapters.telemetry import Telemetry
from infrahub_exporter.adapters.telemetry.values import values
from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint
from infrahub_exporter.domain.publishing.status import Status

INFINITE = float("inf")


class Noon:
    def wall(self) -> float:
        return 1000.0

    def monotonic(self) -> float:
        return 0.0


def test_every_type_keeps_the_names_of_its_samples() -> None:
    counter = CounterMetricFamily("x_requests", "Requests", labels=("b", "a"), created=5.0)
    counter.add_metric(("1", "2"), 3.0, created=5.0)
    histogram = HistogramMetricFamily("x_seconds", "Times", labels=("a",))
    histogram.add_metric(("1",), [("0.5", 1.0), ("+Inf", 4.0)], sum_value=9.5)
    collected = (
        counter,
        GaugeMetricFamily("x_ready", "Ready", value=1.0),
        InfoMetricFamily("x_build", "Build", {"version": "1"}),
        histogram,
        GaugeMetricFamily("x_empty", "Empty", labels=("a",)),
    )

    assert tuple(values(collected)) == (
        OwnFamily("x_requests_total", "counter", "Requests", (OwnPoint((("a", "2"), ("b", "1")), 3.0),)),
        OwnFamily("x_ready", "gauge", "Ready", (OwnPoint((), 1.0),)),
        OwnFamily("x_build_info", "info", "Build", (OwnPoint((("version", "1"),), 1.0),)),
        OwnFamily("x_seconds", "histogram", "Times", (OwnPoint((("a", "1"),), 9.5, ((0.5, 1), (INFINITE, 4))),)),
    )


def test_all_that_is_scraped_is_told() -> None:
    telemetry = Telemetry(lambda: Status(()), clock=Noon(), version="1.2.3")
    scraped = {line.split()[2] for line in telemetry.text().decode().splitlines() if line.startswith("# TYPE")}
    told = {family.name for family in telemetry.families()}
    assert told <= scraped
    assert {"infrahub_exporter_build_info", "infrahub_exporter_ready"} <= told


def test_what_is_told_is_of_the_moment_at_which_it_was_asked_for() -> None:
    statuses = iter((Status(()), Status((), dead=("metrics",))))
    telemetry = Telemetry(lambda: next(statuses), clock=Noon(), version="1.2.3")
    families = [telemetry.families(), telemetry.families()]
    first, second = ({each.name: each.points for each in made} for made in reversed(families))
    ready = "infrahub_exporter_ready"
    assert (first[ready], second[ready]) == ((OwnPoint((), 0.0),), (OwnPoint((), 1.0),))
