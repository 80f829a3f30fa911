"""Where metrics are pushed, and how: one destination, or several that stand by themselves."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from infrahub_exporter.app.configuration.decoding import ExistingPath
from infrahub_exporter.app.configuration.places import SettingError
from infrahub_exporter.app.configuration.secret import Secret
from infrahub_exporter.domain.asking.specs import Seconds

Endpoint = Annotated[str, Meta(pattern=r"^\S+\Z", description="text without spaces")]
Name = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]+\Z", description="a name of letters, digits, -, _ or dots")]


class _PushSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How a destination is spoken to."""

    protocol: Literal["grpc", "http/protobuf"] | None = None
    timeout_seconds: Seconds | None = None
    headers: dict[str, Secret] | None = None
    insecure: bool | None = None
    certificate: ExistingPath | None = None
    client_certificate: ExistingPath | None = None
    client_key: ExistingPath | None = None
    compression: Literal["gzip", "none"] | None = None
    interval_seconds: Seconds | None = None
    max_request_bytes: Annotated[int, Meta(ge=200_000, le=67_108_864)] = 4_000_000

    def __post_init__(self) -> None:
        for index, (name, value) in enumerate((self.headers or {}).items()):
            if not name.isascii() or not name.replace("-", "").replace("_", "").replace(".", "").isalnum():
                raise SettingError(("headers", index), "expected the name of a header")
            if not value.fits_a_header:
                raise SettingError(("headers", index), "expected printable ASCII text without spaces around it")
        if (self.client_key is None) != (self.client_certificate is None):
            lacking = "client_certificate" if self.client_certificate is None else "client_key"
            given = "client_key" if self.client_certificate is None else "client_certificate"
            raise SettingError((given,), f"expected {lacking} beside it, got nothing")


class DestinationSettings(_PushSettings, frozen=True):
    """One of several destinations. No `OTEL_EXPORTER_*` variable says anything about it."""

    name: Name
    endpoint: Endpoint


class OtlpSettings(_PushSettings, frozen=True):
    """How metrics are pushed. What is None here, the standard `OTEL_*` variables say."""

    enabled: bool = False
    endpoint: Endpoint | None = None
    max_age_seconds: Seconds = 3600.0
    resource_attributes: dict[str, str] = {}
    own_metrics: bool = False
    destinations: tuple[DestinationSettings, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if not self.destinations:
            return
        bare = DestinationSettings(name="x", endpoint="x")
        for key in ("endpoint", *_PushSettings.__struct_fields__):
            if getattr(self, key) != (None if key == "endpoint" else getattr(bare, key)):
                raise SettingError((key,), "expected in each of destinations, not beside them")
        names = [each.name for each in self.destinations]
        for index, name in enumerate(names):
            if name in names[:index]:
                raise SettingError(("destinations", index, "name"), f"expected a name of its own, got {name!r} again")
