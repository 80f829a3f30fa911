"""Who pushes: configuration, then the process's OTEL_* variables, then the defaults."""

import pytest
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

from infrahub_exporter.adapters.otlp.resource import attribute_value, resource


def made(configured: dict[str, str] | None = None) -> dict[str, str]:
    message = Resource.FromString(resource(configured=configured or {}, version="1.2", instance_id="one"))
    attributes = {each.key: each.value.string_value for each in message.attributes}
    return {key: value for key, value in attributes.items() if not key.startswith("telemetry.sdk.")}


@pytest.fixture(autouse=True)
def _no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("OTEL_SERVICE_NAME", "OTEL_RESOURCE_ATTRIBUTES", "OTEL_EXPERIMENTAL_RESOURCE_DETECTORS"):
        monkeypatch.delenv(name, raising=False)


def test_the_defaults_name_the_exporter() -> None:
    assert made() == {"service.name": "infrahub-exporter", "service.instance.id": "one", "service.version": "1.2"}


def test_variables_beat_the_defaults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=pod-1,service.name=lost,team=net%20ops")
    monkeypatch.setenv("OTEL_SERVICE_NAME", "inventory")
    assert made() == {
        "service.name": "inventory",
        "service.instance.id": "pod-1",
        "service.version": "1.2",
        "team": "net ops",
    }


def test_the_configuration_beats_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_SERVICE_NAME", "inventory")
    assert made({"service.name": "file", "service.version": "9", "rack": "r1"}) == {
        "service.name": "file",
        "service.instance.id": "one",
        "service.version": "9",
        "rack": "r1",
    }


def test_values_of_detectors_keep_their_type() -> None:
    found = attribute_value((True, 2, 0.5, "x")).array_value.values
    assert [each.WhichOneof("value") for each in found] == ["bool_value", "int_value", "double_value", "string_value"]
