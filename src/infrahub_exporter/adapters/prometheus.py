"""Snapshots as Prometheus text, and as a collector for a host's own registry."""

from collections.abc import Callable, Iterable, Iterator

import anyio.to_thread
from prometheus_client import Metric
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from infrahub_exporter.domain.model import Family, Section, Snapshot


class PrometheusSink:
    """Keep the text of the newest snapshot ready: rendered once, in a worker thread, whatever is scraped."""

    def __init__(self) -> None:
        self._body: bytes | None = None

    @property
    def body(self) -> bytes | None:
        """Return the text of the newest snapshot, None before the first."""
        return self._body

    async def publish(self, snapshot: Snapshot) -> None:
        """Render a snapshot and swap the text (see `SnapshotSink`)."""
        self._body = await anyio.to_thread.run_sync(render, snapshot.families, abandon_on_cancel=True)


def render(families: Iterable[Family]) -> bytes:
    """Write families in the text format 0.0.4: an info family is a gauge there (TX-06)."""
    return "".join(_lines(families)).encode()


def _lines(families: Iterable[Family]) -> Iterator[str]:
    for family in families:
        yield f"# HELP {family.name} {_escape_help(family.help)}\n# TYPE {family.name} gauge\n"
        for section in family.sections:
            yield from _section_lines(family.name, section)


def _section_lines(name: str, section: Section) -> Iterator[str]:
    labels = ",".join(f'{label}="%s"' for label in section.label_names)
    form = f"{name}{{{labels}}} %s\n"
    for sample in section.samples:
        values = sample.labels
        if _needs_escape("".join(values)):
            values = tuple(map(_escape_value, values))
        yield form % (*values, _number(sample.value))


def _needs_escape(text: str) -> bool:
    return '"' in text or "\\" in text or "\n" in text


def _escape_value(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _escape_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    """Write a number as Go reads it (TX-08), whole ones without a fraction."""
    if value == 1.0:
        return "1"
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN alone differs from itself
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return str(int(value)) if value == int(value) else repr(value)


class SnapshotCollector(Collector):
    """Give the newest snapshot to a `prometheus_client` registry."""

    def __init__(self, snapshot: Callable[[], Snapshot]) -> None:
        self._snapshot = snapshot

    def collect(self) -> Iterator[Metric]:
        """Yield a metric per family; sections keep their own label names."""
        for family in self._snapshot().families:
            metric = GaugeMetricFamily(family.name, family.help)
            for section in family.sections:
                for sample in section.samples:
                    labels = dict(zip(section.label_names, sample.labels, strict=True))
                    metric.add_sample(family.name, labels, sample.value)
            yield metric

    def describe(self) -> Iterator[Metric]:
        """Describe nothing, so that registering asks for no snapshot."""
        return iter(())
