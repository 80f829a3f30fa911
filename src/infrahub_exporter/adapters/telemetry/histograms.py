"""Distributions as classic histograms."""

from collections.abc import Sequence

from prometheus_client.core import HistogramMetricFamily
from prometheus_client.utils import floatToGoString

from infrahub_exporter.domain.publishing.distribution import Distribution


def add_distribution(family: HistogramMetricFamily, labels: Sequence[str], distribution: Distribution) -> None:
    """Add a distribution to a family, with its labels' values."""
    buckets = [(floatToGoString(bound), count) for bound, count in distribution.cumulative()]
    family.add_metric(labels, buckets=buckets, sum_value=distribution.sum)


def histogram(name: str, text: str, distribution: Distribution) -> HistogramMetricFamily:
    """Make a family of one distribution."""
    family = HistogramMetricFamily(name, text)
    add_distribution(family, (), distribution)
    return family
