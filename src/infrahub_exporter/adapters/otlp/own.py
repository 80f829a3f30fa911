"""The exporter's own metrics as requests: few points, made by the official classes."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TypeAlias

from msgspec.structs import replace
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, InstrumentationScope, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    AGGREGATION_TEMPORALITY_CUMULATIVE,
    Gauge,
    Histogram,
    HistogramDataPoint,
    Metric,
    NumberDataPoint,
    ResourceMetrics,
    ScopeMetrics,
    Sum,
)
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from infrahub_exporter.adapters.otlp.connection import REQUEST_BYTES
from infrahub_exporter.adapters.otlp.packing import ENVELOPE_BYTES, SCOPE_NAME, Request, nanoseconds, unit
from infrahub_exporter.domain.model import FamilyType
from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint

IDENTITY = frozenset({"service.name", "service.namespace", "service.instance.id"})
STARTED = "process_start_time_seconds"

_Piece: TypeAlias = tuple[Metric, int]
"""A metric with some of a family's points, and how many they are."""


def own_requests(
    families: Iterable[OwnFamily], *, resource: bytes, version: str, at: float, limit: int = REQUEST_BYTES
) -> Iterator[Request]:
    """Make the requests of the own metrics as they are at an instant (unix seconds), each of at most `limit` bytes.

    Of the resource only what identifies it is sent along: Prometheus makes `target_info` of anything more, whose points
    would be newer than the next ones of the snapshot, and refuses those as out of order.
    """
    families = tuple(families)
    who = Resource.FromString(resource)
    identity = Resource(attributes=[each for each in who.attributes if each.key in IDENTITY])
    scope = InstrumentationScope(name=SCOPE_NAME, version=version)
    since = next((point.value for each in families if each.name == STARTED for point in each.points), 0.0)
    room = limit - identity.ByteSize() - scope.ByteSize() - ENVELOPE_BYTES
    times = (nanoseconds(since), nanoseconds(at))
    for metrics in _shared_out((piece for family in families for piece in _pieces(family, *times, room)), room):
        scoped = ScopeMetrics(scope=scope, metrics=[metric for metric, _ in metrics])
        resourced = ResourceMetrics(resource=identity, scope_metrics=[scoped])
        body: bytes = ExportMetricsServiceRequest(resource_metrics=[resourced]).SerializeToString(deterministic=True)
        yield Request(body, sum(points for _, points in metrics))


def _shared_out(pieces: Iterable[_Piece], room: int) -> Iterator[Sequence[_Piece]]:
    """Yield pieces that fit a request together, of which no two are of one metric (OT-15)."""
    together: list[_Piece] = []
    size = 0
    for piece, points in pieces:
        need = piece.ByteSize() + ENVELOPE_BYTES
        if together and (size + need > room or together[-1][0].name == piece.name):
            yield together
            together, size = [], 0
        together.append((piece, points))
        size += need
    if together:
        yield together


def _pieces(family: OwnFamily, since: int, at: int, room: int) -> Iterator[_Piece]:
    """Yield a family as metrics that fit, halved as often as that takes, each with its number of points."""
    metric, count = _metric(family, since=since, at=at), len(family.points)
    if count < 2 or metric.ByteSize() + ENVELOPE_BYTES <= room:  # noqa: PLR2004 - what can be halved
        yield metric, count
        return
    for points in (family.points[: count // 2], family.points[count // 2 :]):
        yield from _pieces(replace(family, points=points), since, at, room)


def _metric(family: OwnFamily, *, since: int, at: int) -> Metric:
    metric = Metric(
        name=family.name,
        description=family.help,
        unit="" if family.type == "info" else unit(family.name.removesuffix("_total"), FamilyType.GAUGE),
    )
    if family.type == "histogram":
        points = [_histogram(point, since=since, at=at) for point in family.points]
        metric.histogram.CopyFrom(
            Histogram(data_points=points, aggregation_temporality=AGGREGATION_TEMPORALITY_CUMULATIVE)
        )
    elif family.type == "gauge":
        metric.gauge.CopyFrom(Gauge(data_points=[_number(point, since=0, at=at) for point in family.points]))
    else:
        counter = family.type == "counter"
        numbers = [_number(point, since=since if counter else 0, at=at) for point in family.points]
        metric.sum.CopyFrom(
            Sum(data_points=numbers, aggregation_temporality=AGGREGATION_TEMPORALITY_CUMULATIVE, is_monotonic=counter)
        )
        if not counter:
            metric.metadata.append(KeyValue(key="prometheus.type", value=AnyValue(string_value=family.type)))
    return metric


def _number(point: OwnPoint, *, since: int, at: int) -> NumberDataPoint:
    return NumberDataPoint(
        attributes=_attributes(point.labels), start_time_unix_nano=since, time_unix_nano=at, as_double=point.value
    )


def _histogram(point: OwnPoint, *, since: int, at: int) -> HistogramDataPoint:
    """Take the bounds apart: OTLP counts each bucket by itself, and its last one has no bound."""
    counts = [count for _, count in point.buckets]
    return HistogramDataPoint(
        attributes=_attributes(point.labels),
        start_time_unix_nano=since,
        time_unix_nano=at,
        count=counts[-1],
        sum=point.value,
        explicit_bounds=[bound for bound, _ in point.buckets[:-1]],
        bucket_counts=[after - before for before, after in pairwise([0, *counts])],
    )


def _attributes(labels: Iterable[tuple[str, str]]) -> list[KeyValue]:
    return [KeyValue(key=key, value=AnyValue(string_value=value)) for key, value in labels]
