"""Precedence and errors of the destination: the configuration, the signal's variables, the generic ones."""

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.otlp.connection import Connection, Destination, settle
from infrahub_exporter.adapters.otlp.grpc_call import open_exporter
from infrahub_exporter.domain.errors import ConfigError


def settled(environment: Mapping[str, str] | None = None, **configured: Any) -> Connection:
    return settle(Destination(**configured), environment or {})


GENERIC = {
    "OTEL_EXPORTER_OTLP_ENDPOINT": "https://generic:1",
    "OTEL_EXPORTER_OTLP_TIMEOUT": "1",
    "OTEL_EXPORTER_OTLP_HEADERS": "a=generic",
    "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
    "OTEL_EXPORTER_OTLP_CERTIFICATE": "generic.pem",
    "OTEL_EXPORTER_OTLP_CLIENT_KEY": "generic.key",
    "OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE": "generic.crt",
}
SPECIFIC = {
    "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT": "https://metrics:2",
    "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "2",
    "OTEL_EXPORTER_OTLP_METRICS_HEADERS": "a=metrics",
    "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "none",
    "OTEL_EXPORTER_OTLP_METRICS_CERTIFICATE": "metrics.pem",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_KEY": "metrics.key",
    "OTEL_EXPORTER_OTLP_METRICS_CLIENT_CERTIFICATE": "metrics.crt",
    "OTEL_METRIC_EXPORT_INTERVAL": "30000",
}


def test_without_anything_it_is_a_collector_beside_us() -> None:
    assert settled() == Connection(endpoint="http://localhost:4317", insecure=True, timeout_seconds=10.0)


def test_the_generic_variables_fill_what_is_open() -> None:
    assert settled(GENERIC) == Connection(
        endpoint="https://generic:1",
        insecure=False,
        timeout_seconds=1.0,
        headers=(("a", "generic"),),
        gzip=True,
        certificate="generic.pem",
        client_key="generic.key",
        client_certificate="generic.crt",
    )


def test_the_variables_of_the_signal_beat_the_generic_ones() -> None:
    assert settled({**GENERIC, **SPECIFIC}) == Connection(
        endpoint="https://metrics:2",
        insecure=False,
        timeout_seconds=2.0,
        headers=(("a", "metrics"),),
        gzip=False,
        certificate="metrics.pem",
        client_key="metrics.key",
        client_certificate="metrics.crt",
        interval_seconds=30.0,
    )


def test_the_configuration_beats_every_variable() -> None:
    found = settled(
        {**GENERIC, **SPECIFIC},
        endpoint="http://file:3",
        timeout_seconds=3.0,
        headers={"B": "file"},
        compression="gzip",
        certificate="file.pem",
        interval_seconds=5.0,
    )
    assert found == Connection(
        endpoint="http://file:3",
        insecure=True,
        timeout_seconds=3.0,
        headers=(("b", "file"),),
        gzip=True,
        interval_seconds=5.0,
        certificate="file.pem",
        client_key="metrics.key",
        client_certificate="metrics.crt",
    )


def test_empty_variables_count_as_unset() -> None:
    assert settled(dict.fromkeys({**GENERIC, **SPECIFIC}, "")) == settled()


@pytest.mark.parametrize(
    ("endpoint", "configured", "variable", "expected"),
    [
        ("https://c:1", None, "true", False),
        ("https://c:1", True, "true", False),
        ("http://c:1", None, "false", True),
        ("http://c:1", False, "true", False),
        ("c:1", None, "", False),
        ("c:1", None, "TRUE", True),
        ("c:1", None, "yes", False),
        ("c:1", False, "true", False),
        ("c:1", True, "false", True),
        ("unix:/run/otel.sock", True, "", True),
    ],
)
def test_tls_is_decided_by_scheme_then_configuration_then_environment(
    *, endpoint: str, configured: bool | None, variable: str, expected: bool
) -> None:
    found = settled({"OTEL_EXPORTER_OTLP_INSECURE": variable}, endpoint=endpoint, insecure=configured)
    assert found.insecure is expected


def test_headers_in_the_environment_are_percent_decoded_and_malformed_ones_reported_without_their_text() -> None:
    found = settled({"OTEL_EXPORTER_OTLP_HEADERS": "Authorization=Bearer%20x%3D, hidden,b = c=d,,=s3cret, ü=s3cret"})
    assert found.headers == (("authorization", "Bearer x="), ("b", "c=d"))
    assert found.warnings == (
        "OTEL_EXPORTER_OTLP_HEADERS: item 2 is not name=value and is not sent",
        "OTEL_EXPORTER_OTLP_HEADERS: item 5 is not name=value and is not sent",
        "OTEL_EXPORTER_OTLP_HEADERS: item 6 is not name=value and is not sent",
    )


def test_a_protocol_that_is_not_spoken_is_a_warning() -> None:
    assert settled({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}).warnings == (
        "OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' is not spoken, the push uses grpc",
    )
    assert settled({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}).warnings == ()


@pytest.mark.parametrize(
    ("environment", "configured", "message"),
    [
        (
            {"OTEL_EXPORTER_OTLP_TIMEOUT": "ten"},
            {},
            "OTEL_EXPORTER_OTLP_TIMEOUT: expected a positive number of seconds, got 'ten'",
        ),
        (
            {"OTEL_EXPORTER_OTLP_METRICS_TIMEOUT": "inf"},
            {},
            "OTEL_EXPORTER_OTLP_METRICS_TIMEOUT: expected a positive number of seconds, got 'inf'",
        ),
        (
            {"OTEL_METRIC_EXPORT_INTERVAL": "0"},
            {},
            "OTEL_METRIC_EXPORT_INTERVAL: expected a positive number of milliseconds, got '0'",
        ),
        (
            {"OTEL_EXPORTER_OTLP_METRICS_COMPRESSION": "zip"},
            {},
            "OTEL_EXPORTER_OTLP_METRICS_COMPRESSION: expected gzip or none, got 'zip'",
        ),
        ({}, {"compression": "zstd"}, "exporters.otlp.compression: expected gzip or none, got 'zstd'"),
        (
            {},
            {"endpoint": "http://"},
            "exporters.otlp.endpoint: expected http://host:port, https://host:port or host:port, got 'http://'",
        ),
        (
            {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://user:s3cret@host:1"},
            {},
            "OTEL_EXPORTER_OTLP_ENDPOINT: expected an address without user and password; credentials go into headers",
        ),
        (
            {},
            {"headers": {"x-key": "s3cret\n"}},
            "exporters.otlp.headers[0]: expected printable ASCII, not a header of the protocol's own",
        ),
        (
            {},
            {"headers": {"grpc-timeout": "1"}},
            "exporters.otlp.headers[0]: expected printable ASCII, not a header of the protocol's own",
        ),
    ],
)
def test_what_cannot_be_used_is_named(
    environment: Mapping[str, str], configured: Mapping[str, Any], message: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(environment, **configured)
    assert str(caught.value) == message


def test_a_header_value_shows_in_no_repr_and_no_message(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    found = settled(headers={"authorization": "Bearer s3cret", "x-empty": ""})
    assert "s3cret" not in repr(found)
    assert found.redact("no such key: s3cret\n in 'Bearer s3cret'") == "no such key: *** in '***'"
    assert caplog.text == ""


def test_a_header_value_that_begins_like_another_one_leaves_nothing_of_it() -> None:
    headers = {"x-scope": "1", "x-short": "s3cret", "x-long": "s3cret-and-more"}
    found = settle(Destination(headers=headers), {})
    assert found.redact("401: s3cret-and-more, s3cret") == "401: ***, ***"


@pytest.mark.parametrize("certificate", [None, "root.pem"])
def test_a_channel_with_tls_opens_without_reaching_out(tmp_path: Path, certificate: str | None) -> None:
    path = tmp_path / "root.pem"
    path.write_text("-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n", "ascii")
    configured = certificate and str(tmp_path / certificate)
    exporter = open_exporter(settled(endpoint="https://127.0.0.1:9", certificate=configured, compression="gzip"))
    exporter.shutdown()


def test_a_client_certificate_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    connection = settled(
        {"OTEL_EXPORTER_OTLP_CLIENT_KEY": str(tmp_path / "absent.key")}, endpoint="https://127.0.0.1:9"
    )
    with pytest.raises(FileNotFoundError):
        open_exporter(connection)


HTTP: dict[str, Any] = {"protocol": "http/protobuf"}
METRICS_ENDPOINT = "OTEL_EXPORTER_OTLP_METRICS_ENDPOINT"


@pytest.mark.parametrize(
    ("environment", "configured", "url"),
    [
        ({}, {}, "http://localhost:4318/v1/metrics"),
        ({}, {"endpoint": "http://host:9090/api/v1/otlp"}, "http://host:9090/api/v1/otlp/v1/metrics"),
        ({}, {"endpoint": "http://host:9090/api/v1/otlp/v1/metrics"}, "http://host:9090/api/v1/otlp/v1/metrics"),
        ({}, {"endpoint": "https://host/"}, "https://host/v1/metrics"),
        ({}, {"endpoint": "host:4318"}, "https://host:4318/v1/metrics"),
        ({}, {"endpoint": "host:4318", "insecure": True}, "http://host:4318/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:1/base"}, {}, "http://host:1/base/v1/metrics"),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:1/v1/metrics"}, {}, "http://host:1/v1/metrics/v1/metrics"),
        ({METRICS_ENDPOINT: "http://host:1/own/path"}, {}, "http://host:1/own/path"),
        ({METRICS_ENDPOINT: "http://host:1"}, {}, "http://host:1/"),
        ({METRICS_ENDPOINT: "http://host:1", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://host:2"}, {}, "http://host:1/"),
    ],
)
def test_over_http_the_path_follows_the_rules_of_the_specification(
    environment: Mapping[str, str], configured: Mapping[str, Any], url: str
) -> None:
    assert settled(environment, **HTTP, **configured).endpoint == url


@pytest.mark.parametrize(
    ("environment", "configured", "protocol"),
    [
        ({}, {}, "grpc"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/protobuf"}, {}, "http/protobuf"),
        (
            {"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc", "OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf"},
            {},
            "http/protobuf",
        ),
        ({"OTEL_EXPORTER_OTLP_METRICS_PROTOCOL": "http/protobuf"}, {"protocol": "grpc"}, "grpc"),
    ],
)
def test_the_protocol_is_chosen_by_the_configuration_the_signal_and_the_generic_variable(
    environment: Mapping[str, str], configured: Mapping[str, Any], protocol: str
) -> None:
    assert settled(environment, **configured).protocol == protocol


@pytest.mark.parametrize(
    ("endpoint", "message"),
    [
        (
            "ftp://host",
            "exporters.otlp.endpoint: expected http://host:port, https://host:port or host:port, got 'ftp://host'",
        ),
        ("http://host:x", "exporters.otlp.endpoint: expected http://host:port, https://host:port or host:port"),
        (
            "http://host/?token=s3cret",
            "exporters.otlp.endpoint: expected an address without query and fragment; credentials go into headers",
        ),
        (
            "user:s3cret@host:4318",
            "exporters.otlp.endpoint: expected an address without user and password; credentials go into headers",
        ),
    ],
)
def test_an_address_that_cannot_be_posted_to_is_named_without_its_secrets(endpoint: str, message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(endpoint=endpoint, **HTTP)
    assert str(caught.value) == message


@pytest.mark.parametrize("endpoint", ["ftp://host:4317", "grpc://host:4317", "tcp://host"])
def test_a_protocol_that_is_none_of_grpcs_is_refused(endpoint: str) -> None:
    with pytest.raises(ConfigError) as caught:
        settled(endpoint=endpoint, protocol="grpc")
    expected = "expected http://host:port, https://host:port or host:port"
    assert str(caught.value) == f"exporters.otlp.endpoint: {expected}, got {endpoint!r}"


@pytest.mark.parametrize(
    "endpoint", ["dns:///host:4317", "dns://192.0.2.1/host:4317", "unix:///run/otel.sock", "host:4317"]
)
def test_how_grpc_finds_a_receiver_is_left_to_it(endpoint: str) -> None:
    assert settled(endpoint=endpoint, protocol="grpc").endpoint == endpoint


def test_the_place_of_one_of_several_destinations_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^exporters\.otlp\.destinations\[1\]\.endpoint: expected http://host:port"):
        settled(place="exporters.otlp.destinations[1]", endpoint="http://")
    with pytest.raises(
        ConfigError, match=r"^exporters\.otlp\.destinations\[1\]\.headers\[0\]: expected printable ASCII"
    ):
        settled(place="exporters.otlp.destinations[1]", headers={"content-type": "text/plain"})


def test_the_repr_of_a_destination_shows_no_header() -> None:
    assert repr(Destination(endpoint="x", headers={"a": "s3cret"})) == "Destination(name='default', endpoint='x')"
