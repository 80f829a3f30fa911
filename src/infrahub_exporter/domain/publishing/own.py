"""The exporter's own metrics as values, for who writes them in another form than Prometheus'."""

from msgspec import Struct


class OwnPoint(Struct, frozen=True):
    """A series: its labels, and its value, which is the sum of a histogram.

    `buckets` of a histogram are its upper bounds, the last one infinite, each with the number of all up to there.
    """

    labels: tuple[tuple[str, str], ...]
    value: float
    buckets: tuple[tuple[float, int], ...] = ()


class OwnFamily(Struct, frozen=True):
    """A metric: `type` is `counter`, `gauge`, `info` or `histogram`; `name` is that of its samples (`..._total`)."""

    name: str
    type: str
    help: str
    points: tuple[OwnPoint, ...]
