"""The exporter's own metrics as a request."""

from collections.abc import Mapping, Sequence
from typing import Any

from google.protobuf import text_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from infrahub_exporter.adapters.otlp.own import own_requests
from infrahub_exporter.domain.publishing.own import OwnFamily, OwnPoint

FAMILIES = (
    OwnFamily("x_build_info", "info", "Build", (OwnPoint((("version", "1"),), 1.0),)),
    OwnFamily("process_start_time_seconds", "gauge", "Start", (OwnPoint((), 5.0),)),
    OwnFamily("x_bytes_total", "counter", "Bytes", (OwnPoint((("a", "b"),), 7.0), OwnPoint((), 8.0))),
    OwnFamily("x_seconds", "histogram", "Times", (OwnPoint((), 2.5, ((0.1, 1), (1.0, 1), (float("inf"), 3))),)),
)
EXPECTED = """
resource_metrics {
  resource { attributes { key: "service.name" value { string_value: "x" } } }
  scope_metrics {
    scope { name: "infrahub_exporter" version: "1.2" }
    metrics {
      name: "x_build_info"
      description: "Build"
      sum {
        data_points {
          time_unix_nano: 9000000000
          as_double: 1
          attributes { key: "version" value { string_value: "1" } }
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
      }
      metadata { key: "prometheus.type" value { string_value: "info" } }
    }
    metrics {
      name: "process_start_time_seconds"
      description: "Start"
      unit: "s"
      gauge { data_points { time_unix_nano: 9000000000 as_double: 5 } }
    }
    metrics {
      name: "x_bytes_total"
      description: "Bytes"
      unit: "By"
      sum {
        data_points {
          start_time_unix_nano: 5000000000
          time_unix_nano: 9000000000
          as_double: 7
          attributes { key: "a" value { string_value: "b" } }
        }
        data_points { start_time_unix_nano: 5000000000 time_unix_nano: 9000000000 as_double: 8 }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
        is_monotonic: true
      }
    }
    metrics {
      name: "x_seconds"
      description: "Times"
      unit: "s"
      histogram {
        data_points {
          start_time_unix_nano: 5000000000
          time_unix_nano: 9000000000
          count: 3
          sum: 2.5
          bucket_counts: [1, 0, 2]
          explicit_bounds: [0.1, 1]
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
      }
    }
  }
}
"""


def test_each_type_is_what_otlp_has_for_it_and_the_resource_only_says_who() -> None:
    named = Resource(
        attributes=[
            KeyValue(key=key, value=AnyValue(string_value="x")) for key in ("service.name", "service.version", "rack")
        ]
    )
    (request,) = own_requests(FAMILIES, resource=named.SerializeToString(), version="1.2", at=9.0)
    assert ExportMetricsServiceRequest.FromString(request.body) == text_format.Parse(
        EXPECTED, ExportMetricsServiceRequest()
    )
    assert request.points == 5


def test_where_the_start_of_the_process_is_unknown_there_is_none() -> None:
    (request,) = own_requests(FAMILIES[2:3], resource=b"", version="1.2", at=9.0)
    (metric,) = ExportMetricsServiceRequest.FromString(request.body).resource_metrics[0].scope_metrics[0].metrics
    assert [point.start_time_unix_nano for point in metric.sum.data_points] == [0, 0]


def test_nothing_to_tell_is_no_request() -> None:
    assert list(own_requests((), resource=b"", version="1.2", at=9.0)) == []


def test_requests_keep_under_the_limit_hold_each_point_once_and_no_metric_twice() -> None:
    names = tuple(f"name {number}" for number in range(1000))
    numbers = tuple(OwnPoint((("name", name),), 1.0) for name in names)
    times = tuple(OwnPoint((("name", name),), 2.5, ((0.1, 1), (float("inf"), 3))) for name in names)
    errors = OwnFamily("x_errors_total", "counter", "Errors", numbers)
    families = (*FAMILIES, errors, OwnFamily("x_wait_seconds", "histogram", "Waits", times))

    requests = list(own_requests(families, resource=b"", version="1.2", at=9.0, limit=20_000))

    assert all(len(request.body) <= 20_000 for request in requests)
    assert len(requests) > 5
    assert sum(request.points for request in requests) == 5 + 1000 + 1000
    counted, timed = [], []
    for request in requests:
        (resourced,) = ExportMetricsServiceRequest.FromString(request.body).resource_metrics
        (scoped,) = resourced.scope_metrics
        metrics = {metric.name: metric for metric in scoped.metrics}
        assert len(metrics) == len(scoped.metrics)
        assert sum(len(each.sum.data_points) + len(each.gauge.data_points) + len(each.histogram.data_points)
                   for each in scoped.metrics) == request.points  # fmt: skip
        counted += [each.attributes[0].value.string_value for each in _points(metrics, "x_errors_total", "sum")]
        timed += [each.attributes[0].value.string_value for each in _points(metrics, "x_wait_seconds", "histogram")]
    assert counted == timed == list(names)


def _points(metrics: Mapping[str, Metric], name: str, shape: str) -> Sequence[Any]:
    return getattr(metrics[name], shape).data_points if name in metrics else ()
