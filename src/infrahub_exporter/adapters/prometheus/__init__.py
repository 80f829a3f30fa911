"""Snapshots as text of Prometheus and OpenMetrics, plain and gzipped, and as a collector for a host's own registry."""

from infrahub_exporter.adapters.prometheus.collector import SnapshotCollector
from infrahub_exporter.adapters.prometheus.exposition import Exposition
from infrahub_exporter.adapters.prometheus.sink import PrometheusSink
from infrahub_exporter.adapters.prometheus.text import END, render

__all__ = ["END", "Exposition", "PrometheusSink", "SnapshotCollector", "render"]
