"""Requests: what the official classes would serialize, in pieces that a collector takes."""

from collections.abc import Iterable

import pytest
from google.protobuf import text_format
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

from infrahub_exporter.adapters.otlp.encoding import Encoded, encode
from infrahub_exporter.adapters.otlp.packing import Request, nanoseconds, requests, unit
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

DEVICES = Family(
    "infrahub_infradevice_info",
    FamilyType.INFO,
    "Nodes of kind InfraDevice",
    (
        Section(("id", "site"), (Sample("a", ("a", "ams")), Sample("b", ("b", "")))),
        Section(("id",), (Sample("c", ("c",)),)),
    ),
)
UPTIME = Family("infrahub_uptime_seconds", FamilyType.GAUGE, "", (Section((), (Sample("", (), 0.0),)),))

EXPECTED = """
resource_metrics {
  resource { attributes { key: "service.name" value { string_value: "x" } } }
  scope_metrics {
    scope { name: "infrahub_exporter" version: "1.2" }
    metrics {
      name: "infrahub_infradevice_info"
      description: "Nodes of kind InfraDevice"
      sum {
        data_points {
          time_unix_nano: 7000001000
          as_double: 1
          attributes { key: "id" value { string_value: "a" } }
          attributes { key: "site" value { string_value: "ams" } }
        }
        data_points {
          time_unix_nano: 7000001000
          as_double: 1
          attributes { key: "id" value { string_value: "c" } }
        }
        data_points {
          time_unix_nano: 7000001000
          attributes { key: "id" value { string_value: "b" } }
          attributes { key: "site" value { string_value: "" } }
          flags: 1
        }
        aggregation_temporality: AGGREGATION_TEMPORALITY_CUMULATIVE
      }
      metadata { key: "prometheus.type" value { string_value: "info" } }
    }
    metrics {
      name: "infrahub_uptime_seconds"
      unit: "s"
      gauge { data_points { time_unix_nano: 7000001000 as_double: 0 } }
    }
  }
}
"""
RESOURCE = b"\x0a\x13\x0a\x0cservice.name\x12\x03\x0a\x01x"


def pack(encoded: Encoded, limit: int = 4_000_000) -> list[Request]:
    return list(requests(encoded, resource=RESOURCE, version="1.2", limit=limit))


def decoded(packed: Iterable[Request]) -> list[ExportMetricsServiceRequest]:
    return [ExportMetricsServiceRequest.FromString(each.body) for each in packed]


def fleet(name: str, size: int, kind: FamilyType = FamilyType.INFO) -> Family:
    samples = tuple(Sample(f"{index}", (f"{index}", "leaf")) for index in range(size))
    return Family(name, kind, "Help", (Section(("id", "role"), samples),))


def test_a_request_is_to_the_byte_what_the_official_classes_serialize() -> None:
    first = encode(Snapshot((DEVICES,), 6.0))
    section = DEVICES.sections[0]
    fewer = Family(
        DEVICES.name, DEVICES.type, DEVICES.help, (Section(("id", "site"), section.samples[:1]), DEVICES.sections[1])
    )
    second = encode(Snapshot((fewer, UPTIME), 7.000001), cache=first, delivered=first)
    expected = text_format.Parse(EXPECTED, ExportMetricsServiceRequest())
    assert decoded(pack(second)) == [expected]
    assert pack(second) == [Request(expected.SerializeToString(deterministic=True), 4)]


@pytest.mark.parametrize(
    "snapshot", [Snapshot(), Snapshot((Family("x_info", FamilyType.INFO, "", ()),)), Snapshot((fleet("x_info", 0),))]
)
def test_nothing_to_send_is_no_request(snapshot: Snapshot) -> None:
    assert pack(encode(snapshot)) == []


@pytest.mark.parametrize("limit", [400, 401, 402, 500, 1000, 5000, 50_000])
def test_requests_keep_under_the_limit_and_hold_every_point_once(limit: int) -> None:
    families = (
        fleet("a_info", 100), fleet("b_info", 1), fleet("c_ratio", 90, FamilyType.GAUGE), fleet("d_info", 7)
    )  # fmt: skip
    packed = pack(encode(Snapshot(families, 9.0)), limit)
    assert all(len(each.body) <= limit for each in packed)
    found: list[tuple[str, str]] = []
    for request, message in zip(packed, decoded(packed), strict=True):
        metrics = message.resource_metrics[0].scope_metrics[0].metrics
        points = [
            (metric.name, point.attributes[0].value.string_value)
            for metric in metrics
            for point in (*metric.sum.data_points, *metric.gauge.data_points)
        ]
        assert len({metric.name for metric in metrics}) == len(metrics)
        assert request.points == len(points) > 0
        assert request.body == message.SerializeToString(deterministic=True)
        found += points
    assert found == [(each.name, sample.id) for each in families for sample in each.sections[0].samples]


def test_small_families_share_a_request() -> None:
    families = tuple(fleet(f"family{index}_info", 2) for index in range(50))
    assert [each.points for each in pack(encode(Snapshot(families, 9.0)))] == [100]


@pytest.mark.parametrize(
    ("name", "kind", "expected"),
    [
        ("infrahub_age_seconds", FamilyType.GAUGE, "s"),
        ("infrahub_built_timestamp_seconds", FamilyType.GAUGE, "s"),
        ("infrahub_disk_bytes", FamilyType.GAUGE, "By"),
        ("infrahub_fill_ratio", FamilyType.GAUGE, "1"),
        ("infrahub_devices", FamilyType.GAUGE, ""),
        ("infrahub_seconds_info", FamilyType.INFO, ""),
        ("infrahub_seconds", FamilyType.INFO, ""),
        ("infrahub_seconds", FamilyType.STATESET, ""),
    ],
)
def test_the_unit_follows_the_suffix(name: str, kind: FamilyType, expected: str) -> None:
    assert unit(name, kind) == expected


@pytest.mark.parametrize(
    ("word", "expected"), [("volts", "V"), ("celsius", "Cel"), ("seconds", "s"), ("rack_units", "{rack_units}")]
)
def test_a_unit_is_the_one_of_ucum_or_an_annotation(word: str, expected: str) -> None:
    family = Family(f"x_{word}", FamilyType.GAUGE, "", (Section((), (Sample("", (), 2.0),)),), unit=word)
    (request,) = decoded(pack(encode(Snapshot((family,), 9.0))))
    assert [each.unit for each in request.resource_metrics[0].scope_metrics[0].metrics] == [expected]


def test_a_state_set_is_a_sum_that_says_what_it_was() -> None:
    samples = (Sample("a", ("a", "up"), 1.0), Sample("a", ("a", "down"), 0.0))
    family = Family("x_status", FamilyType.STATESET, "", (Section(("id", "x_status"), samples),))
    (request,) = decoded(pack(encode(Snapshot((family,), 9.0))))
    (metric,) = request.resource_metrics[0].scope_metrics[0].metrics
    assert (metric.sum.is_monotonic, metric.sum.aggregation_temporality) == (False, 2)
    assert [(each.key, each.value.string_value) for each in metric.metadata] == [("prometheus.type", "stateset")]
    assert [(each.as_double, each.start_time_unix_nano) for each in metric.sum.data_points] == [(1.0, 0), (0.0, 0)]


def test_all_points_share_the_time_of_the_snapshot_whenever_they_were_read() -> None:
    families = (fleet("a_info", 1), fleet("b_info", 1))
    (request,) = decoded(pack(encode(Snapshot(families, 9.0, {"b_info": 4.0}))))
    metrics = request.resource_metrics[0].scope_metrics[0].metrics
    assert [each.sum.data_points[0].time_unix_nano for each in metrics] == [9_000_000_000, 9_000_000_000]


def test_times_are_exact_to_the_microsecond() -> None:
    assert nanoseconds(1_795_507_932.123457) == 1_795_507_932_123_457_000


def test_a_family_in_many_sections_is_packed_like_one_in_one() -> None:
    samples = [Sample(f"{index}", (f"{index}", "leaf" * (index % 7))) for index in range(300)]
    parts = tuple(Section(("id", "role"), tuple(samples[start : start + 16])) for start in range(0, 300, 16))
    whole = Family("x_info", FamilyType.INFO, "Help", (Section(("id", "role"), tuple(samples)),))
    blocks = Family("x_info", FamilyType.INFO, "Help", parts)

    for limit in (500, 3000, 4_000_000):
        assert pack(encode(Snapshot((blocks,), 9.0)), limit) == pack(encode(Snapshot((whole,), 9.0)), limit)


def test_points_too_large_to_send_leave_their_section_to_the_others() -> None:
    section = Section(("id",), (Sample("a", ("a",)), Sample("b", ("b" * 200,)), Sample("c", ("c",))))
    encoded = encode(Snapshot((Family("x_info", FamilyType.INFO, "Help", (section,)),), 9.0), limit=100)

    (request,) = pack(encoded)
    (message,) = decoded([request])
    points = message.resource_metrics[0].scope_metrics[0].metrics[0].sum.data_points
    assert [point.attributes[0].value.string_value for point in points] == ["a", "c"]
    assert request.points == 2
