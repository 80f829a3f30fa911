"""From encoded points to requests that a collector takes: each under its message limit, none empty."""

from collections.abc import Iterator, Sequence
from itertools import chain
from struct import Struct as Layout

from msgspec import Struct

from infrahub_exporter.adapters.otlp import wire
from infrahub_exporter.adapters.otlp.connection import REQUEST_BYTES
from infrahub_exporter.adapters.otlp.encoding import Encoded, EncodedFamily
from infrahub_exporter.domain.model import FamilyType

ENVELOPE_BYTES = 64
"""More than the tags and lengths around one metric take."""

SCOPE_NAME = "infrahub_exporter"

# metrics.proto and metrics_service.proto
RESOURCE_METRICS, RESOURCE, SCOPE_METRICS, SCOPE, METRICS = 1, 1, 2, 1, 2
NAME, DESCRIPTION, UNIT, GAUGE, SUM, METADATA = 1, 2, 3, 5, 7, 12
DATA_POINTS = 1
CUMULATIVE = b"\x10\x02"  # Sum.aggregation_temporality = 2; is_monotonic stays false (OT-16)
NO_RECORDED_VALUE = b"\x40\x01"  # NumberDataPoint.flags = 1
FIXED64 = Layout("<BQ")
TIME_TAG = 3 << 3 | 1

UNITS = {
    "seconds": "s",
    "bytes": "By",
    "ratio": "1",
    "meters": "m",
    "volts": "V",
    "amperes": "A",
    "joules": "J",
    "watts": "W",
    "grams": "g",
    "celsius": "Cel",
    "hertz": "Hz",
}
"""UCUM units by the word that ends a name: what receivers append again where the name does not have it (OT-18)."""


class Request(Struct, frozen=True):
    """An `ExportMetricsServiceRequest`, serialized, and the number of points in it."""

    body: bytes
    points: int


def scope(version: str) -> bytes:
    """Encode the `InstrumentationScope`."""
    return wire.string(1, SCOPE_NAME) + wire.string(2, version)


def nanoseconds(seconds: float) -> int:
    """Convert unix seconds, exact to the microsecond (a float holds no more)."""
    return round(seconds * 1e6) * 1000


def unit(name: str, kind: FamilyType, word: str = "") -> str:
    """Tell the UCUM unit of a metric by its word or its name; only a gauge has one.

    A word that UCUM does not know is an annotation, which receivers do not append to the name.
    """
    if kind is not FamilyType.GAUGE:
        return ""
    last = word or name.rpartition("_")[2]
    return UNITS.get(last) or (f"{{{word}}}" if word else "")


def metadata(kind: FamilyType) -> bytes:
    """Encode the `KeyValue` that tells what a sum was before it became one (OT-16); a gauge is what it was."""
    if kind is FamilyType.GAUGE:
        return b""
    value = wire.delimited(2, wire.string(1, kind.value))
    return wire.delimited(METADATA, wire.string(1, "prometheus.type") + value)


def requests(encoded: Encoded, *, resource: bytes, version: str, limit: int = REQUEST_BYTES) -> Iterator[Request]:
    """Pack the points into requests of at most `limit` bytes, all with the time of the snapshot.

    `resource` is a serialized `Resource`. Nothing to send is no request (OT-12). Sums have no start time: what they
    say has none, and 0 is OTLP's word for that.
    """
    head = wire.delimited(RESOURCE, resource)
    scoped = wire.delimited(SCOPE, scope(version))
    room = limit - len(head) - len(scoped) - ENVELOPE_BYTES
    metrics: list[bytes] = []
    size = points = 0
    for family in encoded.families.values():
        for piece, (metric, count) in enumerate(_metric(family, encoded.at, room)):
            if metrics and (piece or size + len(metric) > room):  # no metric twice in a request (OT-15)
                yield Request(_envelope(head, scoped, metrics, size), points)
                metrics, size, points = [], 0, 0
            metrics.append(metric)
            size += len(metric)
            points += count
    if metrics:
        yield Request(_envelope(head, scoped, metrics, size), points)


def _envelope(head: bytes, scoped: bytes, metrics: list[bytes], size: int) -> bytes:
    scope_metrics = wire.prefix(SCOPE_METRICS, len(scoped) + size)
    resource_metrics = wire.prefix(RESOURCE_METRICS, len(head) + len(scope_metrics) + len(scoped) + size)
    return b"".join((resource_metrics, head, scope_metrics, scoped, *metrics))


class _PointHeads(dict[int, bytes]):
    """What stands in front of a point's body, by the body's length: tag, length and times."""

    def __init__(self, times: bytes) -> None:
        super().__init__()
        self._times = times

    def __missing__(self, length: int) -> bytes:
        self[length] = head = wire.prefix(DATA_POINTS, len(self._times) + length) + self._times
        return head


def _metric(family: EncodedFamily, at: float, room: int) -> Iterator[tuple[bytes, int]]:
    """Yield the family as `Metric` fields of at most `room` bytes, each with its number of points."""
    head = b"".join(
        (
            wire.string(NAME, family.name),
            wire.string(DESCRIPTION, family.help),
            wire.string(UNIT, unit(family.name, family.type, family.unit)),
        )
    )
    field, tail = (GAUGE, b"") if family.type is FamilyType.GAUGE else (SUM, CUMULATIVE)
    was = metadata(family.type)
    heads = _PointHeads(FIXED64.pack(TIME_TAG, nanoseconds(at)))
    left = room - len(head) - len(tail) - len(was) - ENVELOPE_BYTES

    def whole(parts: list[bytes], size: int) -> tuple[bytes, int]:
        data = wire.prefix(field, size + len(tail))
        length = len(head) + len(data) + size + len(tail) + len(was)
        return b"".join((wire.prefix(METRICS, length), head, data, *parts, tail, was)), len(parts) // 2

    parts: list[bytes] = []
    size = 0
    for bodies in _bodies(family):
        leads = list(map(heads.__getitem__, map(len, bodies)))
        need = sum(map(len, leads)) + sum(map(len, bodies))
        if size + need <= left:
            parts += chain.from_iterable(zip(leads, bodies, strict=True))
            size += need
            continue
        for lead, body in zip(leads, bodies, strict=True):
            need = len(lead) + len(body)
            if parts and size + need > left:
                yield whole(parts, size)
                parts, size = [], 0
            parts += lead, body
            size += need
    if parts:
        yield whole(parts, size)


def _bodies(family: EncodedFamily) -> Iterator[Sequence[bytes]]:
    """Yield what can be sent, by sections, then the marks of what has vanished."""
    for section in family.sections:
        yield list(filter(None, section.bodies)) if section.oversized else section.bodies
    yield [attributes + NO_RECORDED_VALUE for attributes in family.vanished]
