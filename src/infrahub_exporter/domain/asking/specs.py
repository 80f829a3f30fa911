"""What the user asks for, as the configuration file says it."""

from collections.abc import Iterable
from typing import Annotated, Any, Literal, TypeAlias

from msgspec import Meta, Struct

from infrahub_exporter.domain.asking.conditions import Condition
from infrahub_exporter.domain.asking.formats import Formats
from infrahub_exporter.domain.asking.forms import Written
from infrahub_exporter.domain.asking.paths import label_names
from infrahub_exporter.domain.asking.variables import Variable

FilterValue = str | bool | int | float | list[str | bool | int | float]
Filters = dict[str, FilterValue]
Variables = dict[str, Any]
"""JSON by the names of variables."""
Seconds = Annotated[float, Meta(gt=0)]
KindName = Annotated[str, Meta(pattern=r"^[A-Z][A-Za-z0-9]*\Z", description="the name of a kind, such as InfraDevice")]


Ratio = Annotated[float, Meta(ge=0, le=1)]
Count = Annotated[int, Meta(ge=1)]


class GuardOverride(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What one entry says differently from the guard of all; None is not said."""

    enabled: bool | None = None
    max_loss_ratio: Ratio | None = None
    min_loss: Count | None = None
    confirmations: Count | None = None


Override: TypeAlias = bool | GuardOverride | None
"""`False` turns the guard off, `True` on; None leaves it as it is."""


Booleans = Literal["true", "True"]
"""How labels write booleans: as JSON does, or as Python does and the earlier exporter did."""


class MetricSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An entry of `metrics.kind`: one info metric of the nodes of a kind."""

    kind: KindName
    include: tuple[str, ...] = ()
    labels: dict[str, str] = {}
    filters: Filters = {}
    booleans: Booleans | None = None
    guard: Override = None
    max_series: Count | None = None

    @property
    def label_names(self) -> tuple[str, ...]:
        """Name the labels. Raises ConfigError (see `paths.label_names`)."""
        return label_names(self.include, self.labels)

    @property
    def paths(self) -> tuple[str, ...]:
        """List the paths behind the labels that come after `id` and `hfid`."""
        return (*self.include, *self.labels.values())


class DiscoverySpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A discovery, resolved: served at each of `paths`, read by GraphQL (`document`) or by `kind` and `filters`.

    `rows` leads to the rows; `where`, `exclude` and `match` choose among them, and those that are alike in the labels
    of `distinct` are one. `target` says what the targets are: hosts and addresses, or URLs. `stored` names a document
    that lies in Infrahub, `file` where the list is written, too.
    `declared` are the document's variables, `variables` their values, and `parameters` those that a URL may give.
    """

    name: str
    paths: tuple[str, ...]
    target_field: Written
    target: Literal["address", "url"] = "address"
    port_field: Written | None = None
    label_mappings: dict[str, Written] = {}
    refresh_interval_seconds: Seconds = 60.0
    document: str | None = None
    stored: str | None = None
    variables: Variables = {}
    parameters: tuple[str, ...] = ()
    declared: tuple[Variable, ...] = ()
    kind: KindName | None = None
    filters: Filters = {}
    rows: str | None = None
    where: dict[str, Condition] = {}
    exclude: dict[str, Condition] = {}
    match: dict[str, str] = {}
    distinct: tuple[str, ...] = ()
    formats: Formats = Formats()
    file: str | None = None
    booleans: Booleans | None = None
    guard: Override = None

    @property
    def required(self) -> tuple[str, ...]:
        """Name the parameters without which nothing can be read: those that have neither a value nor a default."""
        optional = {each.name for each in self.declared if each.has_default}.union(self.variables)
        return tuple(name for name in self.parameters if name not in optional)


class UncoveredSpec(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A kind whose nodes should each be in some list of targets."""

    kind: KindName
    filters: Filters = {}
    where: dict[str, Condition] = {}
    exclude: dict[str, Condition] = {}
    match: dict[str, str] = {}

    @property
    def paths(self) -> tuple[str, ...]:
        """List the paths of the conditions."""
        return (*self.where, *self.exclude, *self.match, *self.match.values())


def entry_names(kinds: Iterable[str]) -> tuple[str, ...]:
    """Name entries after their kinds, from the second one of a kind on with a number (`InfraDevice#2`)."""
    counted: dict[str, int] = {}
    names = []
    for kind in kinds:
        counted[kind] = counted.get(kind, 0) + 1
        names.append(kind if counted[kind] == 1 else f"{kind}#{counted[kind]}")
    return tuple(names)
