"""From what prometheus_client collects to plain values."""

from collections.abc import Iterable, Iterator

from prometheus_client import Metric
from prometheus_client.samples import Sample

from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint

_SUFFIXES = {"counter": "_total", "info": "_info"}


def values(metrics: Iterable[Metric]) -> Iterator[OwnFamily]:
    """Make families of metrics; a family without series is none."""
    for metric in metrics:
        name = metric.name + _SUFFIXES.get(metric.type, "")
        points = _histogram(metric) if metric.type == "histogram" else _plain(metric.samples, name)
        if points:
            yield OwnFamily(name, metric.type, metric.documentation, points)


def _plain(samples: Iterable[Sample], name: str) -> tuple[OwnPoint, ...]:
    """Leave out when a counter was made, which has a sample of its own."""
    return tuple(OwnPoint(_labels(each.labels), each.value) for each in samples if each.name == name)


def _histogram(metric: Metric) -> tuple[OwnPoint, ...]:
    sums: dict[tuple[tuple[str, str], ...], float] = {}
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[float, int]]] = {}
    for sample in metric.samples:
        bounds = {key: value for key, value in sample.labels.items() if key != "le"}
        if sample.name == f"{metric.name}_bucket":
            buckets.setdefault(_labels(bounds), []).append((float(sample.labels["le"]), int(sample.value)))
        elif sample.name == f"{metric.name}_sum":
            sums[_labels(bounds)] = sample.value
    return tuple(OwnPoint(labels, sums.get(labels, 0.0), tuple(sorted(found))) for labels, found in buckets.items())


def _labels(labels: dict[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
