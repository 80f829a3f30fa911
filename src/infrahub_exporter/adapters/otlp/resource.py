"""Who pushes: the OTLP resource, made by the SDK, so that its variables and detectors are honoured."""

from collections.abc import Mapping, Sequence

from opentelemetry.proto.common.v1.common_pb2 import AnyValue, ArrayValue, KeyValue
from opentelemetry.proto.resource.v1.resource_pb2 import Resource as ResourceMessage
from opentelemetry.sdk.resources import (
    SERVICE_INSTANCE_ID,
    SERVICE_NAME,
    SERVICE_VERSION,
    OTELResourceDetector,
    Resource,
)

DEFAULT_SERVICE_NAME = "infrahub-exporter"


def resource(*, configured: Mapping[str, str], version: str, instance_id: str) -> bytes:
    """Serialize the resource: configured attributes, then `OTEL_*` variables of the process, then the defaults.

    Detectors that `OTEL_EXPERIMENTAL_RESOURCE_DETECTORS` names run here and may take seconds.
    """
    said = OTELResourceDetector().detect().attributes
    defaults = {
        SERVICE_NAME: DEFAULT_SERVICE_NAME,
        SERVICE_INSTANCE_ID: instance_id,
        SERVICE_VERSION: version,
    }
    own = {name: value for name, value in defaults.items() if name not in said}
    attributes = Resource.create({**own, **configured}).attributes
    message = ResourceMessage(
        attributes=[KeyValue(key=key, value=attribute_value(attributes[key])) for key in sorted(attributes)]
    )
    serialized: bytes = message.SerializeToString(deterministic=True)
    return serialized


def attribute_value(value: object) -> AnyValue:
    """Make the OTLP value of an attribute: a scalar, or a sequence of those."""
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return AnyValue(array_value=ArrayValue(values=[attribute_value(each) for each in value]))
    return AnyValue(string_value=str(value))
