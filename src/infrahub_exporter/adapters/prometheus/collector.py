"""Snapshots for a host's own `prometheus_client` registry."""

from collections.abc import Callable, Iterator

from prometheus_client import Metric
from prometheus_client.registry import Collector

from infrahub_exporter.adapters.prometheus.text import exposed
from infrahub_exporter.domain.model import Snapshot


class SnapshotCollector(Collector):
    """Give the newest snapshot to a `prometheus_client` registry."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield a metric per family; sections keep their own label names."""
        families = self._snapshot().families
        names = {family.name for family in families}
        for family in families:
            name, type_ = exposed(family, names)
            metric = Metric(name, family.help, type_.value, family.unit if name.endswith(f"_{family.unit}") else "")
            for section in family.sections:
                for sample in section.samples:
                    labels = dict(zip(section.label_names, sample.labels, strict=True))
                    metric.add_sample(family.name, labels, sample.value)
            yield metric

    def describe(self) -> Iterator[Metric]:
        """Describe nothing, so that registering asks for no snapshot."""
        return iter(())
