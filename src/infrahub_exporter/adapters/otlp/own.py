"""The exporter's own metrics as a request: few points, made by the official classes."""

from collections.abc import Iterable, Sequence
from itertools import pairwise

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

from infrahub_exporter.adapters.otlp.packing import SCOPE_NAME, Request, nanoseconds, unit
from infrahub_exporter.domain.model import FamilyType
from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint

IDENTITY = frozenset({"service.name", "service.namespace", "service.instance.id"})
STARTED = "process_start_time_seconds"


def own_request(families: Sequence[OwnFamily], *, resource: bytes, version: str, at: float) -> Request:
    """Make the request of the own metrics as they are at an instant (unix seconds).

    Of the resource only what identifies it is sent along: Prometheus makes `target_info` of anything more, whose points
    would be newer than the next ones of the snapshot, and refuses those as out of order.
    """
    who = Resource.FromString(resource)
    identity = Resource(attributes=[each for each in who.attributes if each.key in IDENTITY])
    since = next((point.value for each in families if each.name == STARTED for point in each.points), 0.0)
    scope = ScopeMetrics(
        scope=InstrumentationScope(name=SCOPE_NAME, version=version),
        metrics=[_metric(family, since=nanoseconds(since), at=nanoseconds(at)) for family in families],
    )
    message = ExportMetricsServiceRequest(resource_metrics=[ResourceMetrics(resource=identity, scope_metrics=[scope])])
    body: bytes = message.SerializeToString(deterministic=True)
    return Request(body, sum(len(family.points) for family in families))


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
