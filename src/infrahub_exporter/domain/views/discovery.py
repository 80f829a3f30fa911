"""From a query's answer, or rows, to HTTP SD target groups, with a decision per node."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.paths import Steps, parse
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ConfigError, DerivationError
from infrahub_exporter.domain.model import JSON, Peer, Row, TargetGroup
from infrahub_exporter.domain.texts import text
from infrahub_exporter.domain.views.answers import ABSENT, Absent, dig
from infrahub_exporter.domain.views.targets import address, port_number

ID_LABEL = "__meta_infrahub_id"
KIND_LABEL = "__meta_infrahub_kind"
NO_TARGET, BAD_TARGET, BAD_PORT = "no_target", "bad_target", "bad_port"
SKIP_REASONS = (NO_TARGET, BAD_TARGET, BAD_PORT)
_RESERVED = {
    ID_LABEL: "the exporter sets it",
    KIND_LABEL: "the exporter sets it",
    "__address__": "Prometheus sets it from the target",
    "__meta_url": "Prometheus sets it",
}


class Decision(Struct, frozen=True):
    """What became of one node: a group, or the reason why it is skipped."""

    kind: str
    id: str | None = None
    group: TargetGroup | None = None
    reason: str | None = None


class Discovery(Struct, frozen=True):
    """A list of target groups with the decisions behind it."""

    decisions: tuple[Decision, ...]

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the groups in the order of the answer."""
        return tuple(decision.group for decision in self.decisions if decision.group is not None)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the nodes without a group, by reason."""
        counted = Counter(decision.reason for decision in self.decisions if decision.reason is not None)
        return {reason: counted[reason] for reason in SKIP_REASONS}


def check(spec: DiscoverySpec) -> None:
    """Raise ConfigError for a path that is none, a label that is reserved and two that become one."""
    owners: dict[str, str] = {}
    for path in paths(spec):
        parse(path)
    for label in spec.label_mappings:
        name = legal_label_name(label)
        if name in _RESERVED:
            raise ConfigError(f"label_mappings: {label!r} cannot be mapped, {_RESERVED[name]}")
        if name in owners:
            raise ConfigError(f"label_mappings: {owners[name]!r} and {label!r} would both be the label {name!r}")
        owners[name] = label


def paths(spec: DiscoverySpec) -> tuple[str, ...]:
    """List the paths that a spec reads: target, labels, then the port where there is one."""
    port = () if spec.port_field is None else (spec.port_field,)
    return (spec.target_field, *spec.label_mappings.values(), *port)


def legal_label_name(name: str) -> str:
    """Make a name legal for every Prometheus (SD-08): `_` for what is not, one in front of a digit."""
    legal = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{legal}" if legal[:1].isdigit() or not legal else legal


class _Found(Struct, frozen=True):
    """What a spec's paths found at one node: for each of `paths(spec)` the values that are there, without nulls."""

    kind: str
    id: str | None
    values: Sequence[tuple[object, ...]]


def row_deriver(spec: DiscoverySpec) -> Callable[[Row], Decision]:
    """Return what makes a decision of a row whose columns are `paths(spec)`."""
    names = tuple(map(legal_label_name, spec.label_mappings))

    def derive(row: Row) -> Decision:
        return _decision(names, _Found(row.kind, row.id, tuple(map(_present, row.values))))

    return derive


def _present(value: object) -> tuple[object, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in values if each is not None)


def derive_answer(spec: DiscoverySpec, data: Mapping[str, JSON]) -> Discovery:
    """Make a group of each node under the root fields of a GraphQL answer.

    Raises DerivationError where no root field holds `edges`, and where no node even contains the target field: that is
    a query that does not fit its spec, not an empty inventory.
    """
    lists = {root: edges for root, field in data.items() if (edges := _edges(field)) is not None}
    if not lists:
        raise DerivationError("the query's answer has no root field with edges { node { ... } }")
    nodes = [(root, node) for root, edges in lists.items() for node in _nodes(edges)]
    followed = tuple(parse(each).steps for each in paths(spec))
    if nodes and all(dig(node, followed[0]) is ABSENT for _, node in nodes):
        raise DerivationError(f"target_field {spec.target_field!r}: no node of the query's answer contains it")
    names = tuple(map(legal_label_name, spec.label_mappings))
    return Discovery(tuple(_decision(names, _answered(root, node, followed)) for root, node in nodes))


def _edges(field: JSON) -> list[JSON] | None:
    edges = field.get("edges") if isinstance(field, dict) else None
    return edges if isinstance(edges, list) else None


def _nodes(edges: Iterable[JSON]) -> Iterator[dict[str, JSON]]:
    for edge in edges:
        node = edge.get("node") if isinstance(edge, dict) else None
        if isinstance(node, dict):
            yield node


def _answered(root: str, node: Mapping[str, JSON], followed: Iterable[Steps]) -> _Found:
    kind, identifier = node.get("__typename"), node.get("id")
    found = (dig(node, path) for path in followed)
    return _Found(
        kind=kind if isinstance(kind, str) else root,
        id=identifier if isinstance(identifier, str) else None,
        values=tuple(() if isinstance(values, Absent) else values for values in found),
    )


def _decision(names: Sequence[str], node: _Found) -> Decision:
    """Apply the rules of SD-06 to SD-10 to one node."""
    target, *others = node.values
    hosts = _texts(target)
    if not hosts:
        return Decision(node.kind, node.id, reason=NO_TARGET)
    ports = {port_number(each) for values in others[len(names) :] for each in _texts(values)}
    if None in ports or len(ports) > 1:
        return Decision(node.kind, node.id, reason=BAD_PORT)
    addresses = [address(host, next(iter(ports), None)) for host in hosts]
    targets = tuple(dict.fromkeys(each for each in addresses if each is not None))
    if None in addresses or any(isinstance(each, Peer) for each in target):  # a node is no host
        return Decision(node.kind, node.id, reason=BAD_TARGET)
    labels = {name: text(values) for name, values in zip(names, others, strict=False) if values}
    if node.id is not None:
        labels[ID_LABEL] = node.id
    labels[KIND_LABEL] = node.kind
    return Decision(node.kind, node.id, TargetGroup(targets, labels))


def _texts(values: Iterable[object]) -> list[str]:
    """Write what can be a target or a port, sorted (SD-14): each value, those of a list attribute one by one."""
    flat = (item for value in values for item in (value if isinstance(value, list) else (value,)))
    return sorted({text(item) for item in flat} - {""})
