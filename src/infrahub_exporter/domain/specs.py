"""What the user asks for, as the configuration file says it."""

from typing import Annotated

from msgspec import Meta, Struct

from infrahub_exporter.domain.guard import Override

FilterValue = str | bool | int | float | list[str | bool | int | float]
Filters = dict[str, FilterValue]
Seconds = Annotated[float, Meta(gt=0)]
KindName = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]*\Z", description="the name of a kind, such as InfraDevice")]


class MetricSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of `metrics.kind`: one info metric of the nodes of a kind."""

    kind: KindName
    include: tuple[str, ...] = ()
    filters: Filters = {}
    guard: Override = None


class DiscoverySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discovery, resolved: served at each of `paths`, read by GraphQL (`document`) or by `kind` and `filters`."""

    name: str
    paths: tuple[str, ...]
    target_field: str
    port_field: str | None = None
    label_mappings: dict[str, str] = {}
    refresh_interval_seconds: Seconds = 60.0
    document: str | None = None
    kind: KindName | None = None
    filters: Filters = {}
    guard: Override = None
