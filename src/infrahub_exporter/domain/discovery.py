"""From a query's answer, or rows, to HTTP SD target groups, with a decision per node."""

import ipaddress
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.errors import ConfigError, DerivationError
from infrahub_exporter.domain.model import JSON, Row, TargetGroup
from infrahub_exporter.domain.paths import ABSENT, Absent, dig, node_text, parse
from infrahub_exporter.domain.specs import DiscoverySpec
from infrahub_exporter.domain.texts import text

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
_HOST = re.compile(r"[^\s/\[\]:@?#\"'<>\\]+(:[0-9]{1,5})?")
_PORTS = range(1, 65536)


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


class _Found(Struct, frozen=True):
    """What the paths of a spec found at one node: texts, in the answer's order."""

    kind: str
    id: str | None
    target: tuple[str, ...]
    port: tuple[str, ...]
    labels: Mapping[str, str]


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
    legal = re.sub(r"[^a-zA-Z0-9_]", "_", name, flags=re.ASCII)
    return f"_{legal}" if legal[:1].isdigit() or not legal else legal


def derive_rows(spec: DiscoverySpec, rows: Iterable[Row]) -> Discovery:
    """Make a group of each row whose columns are `paths(spec)`."""
    labels = tuple(map(legal_label_name, spec.label_mappings))
    return _decide(_row_found(labels, row) for row in rows)


def _row_found(labels: Sequence[str], row: Row) -> _Found:
    target, *values = row.values
    port = values[len(labels)] if len(values) > len(labels) else None
    mapped = {label: text(value) for label, value in zip(labels, values, strict=False) if value not in (None, ())}
    return _Found(row.kind, row.id, _texts(target), _texts(port), mapped)


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(text(item) for item in values if item is not None)


def derive_answer(spec: DiscoverySpec, data: Mapping[str, JSON]) -> Discovery:
    """Make a group of each node under the root fields of a GraphQL answer.

    Raises DerivationError where no root field holds `edges`, and where no node even contains the target field: that is
    a query that does not fit its spec, not an empty inventory.
    """
    nodes = list(_nodes(data))
    if not any(isinstance(root, dict) and "edges" in root for root in data.values()):
        raise DerivationError("the query's answer has no root field with edges { node { ... } }")
    target = parse(spec.target_field)
    if nodes and all(dig(node, target) is ABSENT for _, node in nodes):
        raise DerivationError(f"target_field {spec.target_field!r}: no node of the query's answer contains it")
    return _decide(_answer_found(spec, root, node) for root, node in nodes)


def _nodes(data: Mapping[str, JSON]) -> Iterator[tuple[str, dict[str, JSON]]]:
    for root, field in data.items():
        edges = field.get("edges") if isinstance(field, dict) else None
        for edge in edges if isinstance(edges, list) else ():
            node = edge.get("node") if isinstance(edge, dict) else None
            if isinstance(node, dict):
                yield root, node


def _answer_found(spec: DiscoverySpec, root: str, node: dict[str, JSON]) -> _Found:
    labels = {legal_label_name(label): _dug(node, path) for label, path in spec.label_mappings.items()}
    kind, identifier = node.get("__typename"), node.get("id")
    return _Found(
        kind=kind if isinstance(kind, str) else root,
        id=identifier if isinstance(identifier, str) else None,
        target=_dug(node, spec.target_field),
        port=() if spec.port_field is None else _dug(node, spec.port_field),
        labels={label: ",".join(sorted(values)) for label, values in labels.items() if values},
    )


def _dug(node: dict[str, JSON], path: str) -> tuple[str, ...]:
    found = dig(node, parse(path))
    if isinstance(found, Absent):
        return ()
    named = ((node_text(value) if isinstance(value, dict) else None) or text(value) for value in found)
    return tuple(named)


def _decide(nodes: Iterable[_Found]) -> Discovery:
    return Discovery(tuple(map(_decision, nodes)))


def _decision(found: _Found) -> Decision:
    """Apply the rules of SD-06 to SD-10 to one node."""
    hosts = tuple(dict.fromkeys(found.target))
    if not any(hosts):
        return Decision(found.kind, found.id, reason=NO_TARGET)
    port = _port(found.port)
    if port is not None and port not in _PORTS:
        return Decision(found.kind, found.id, reason=BAD_PORT)
    targets = [address(host, port) for host in sorted(hosts) if host]
    if None in targets:
        return Decision(found.kind, found.id, reason=BAD_TARGET)
    labels = dict(found.labels)
    if found.id is not None:
        labels[ID_LABEL] = found.id
    labels[KIND_LABEL] = found.kind
    return Decision(found.kind, found.id, TargetGroup(tuple(target for target in targets if target), labels))


def _port(texts: Sequence[str]) -> int | None:
    """Return the port, None where the node names none, and 0 for what is no port."""
    if not any(texts):
        return None
    return int(texts[0]) if len(texts) == 1 and texts[0].isascii() and texts[0].isdigit() else 0


def address(host: str, port: int | None) -> str | None:
    """Write `host` or `host:port`, IPv6 in brackets, without a prefix length; None for what is no address."""
    try:
        ip = ipaddress.ip_interface(host.strip("[]") if host.startswith("[") else host).ip
    except ValueError:
        match = _HOST.fullmatch(host)
        if match is None or (match[1] and (port is not None or int(match[1][1:]) not in _PORTS)):
            return None
        return host if port is None else f"{host}:{port}"
    written = f"[{ip}]" if ip.version == 6 else str(ip)  # noqa: PLR2004 - the IP version, not a magic number
    return written if port is None else f"{written}:{port}"
