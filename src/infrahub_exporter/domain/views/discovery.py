"""From a query's answer, or rows, to HTTP SD target groups, with a decision per node."""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.forms import Form, Written, apply
from infrahub_exporter.domain.asking.forms import paths as paths_of
from infrahub_exporter.domain.asking.paths import parse
from infrahub_exporter.domain.asking.selection import Column
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ConfigError, SourceRejectedError
from infrahub_exporter.domain.model import Peer, Row, TargetGroup
from infrahub_exporter.domain.texts import capitalised, text
from infrahub_exporter.domain.views.targets import address, port_number, url

ID_LABEL = "__meta_infrahub_id"
KIND_LABEL = "__meta_infrahub_kind"
NO_TARGET, BAD_TARGET, BAD_PORT, NO_PORT = "no_target", "bad_target", "bad_port", "no_port"
SKIP_REASONS = (NO_TARGET, BAD_TARGET, BAD_PORT, NO_PORT)
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


def check_columns(spec: DiscoverySpec, columns: Sequence[Column]) -> None:
    """Refuse a target or a port that ends on a relation; `columns` are those of `paths(spec)`.

    Raises SourceRejectedError.
    """
    by_path = {column.path: column for column in columns}
    for place, path in places(spec):
        for way in by_path[path].ways if place in {"target_field", "port_field"} else ():
            if way.attribute is None:
                raise SourceRejectedError(
                    f"{place} {path!r}: expected a path that ends on an attribute, "
                    f"got one that ends on the relation to {way.hops[-1].peer}"
                )


def places(spec: DiscoverySpec) -> Iterator[tuple[str, str]]:
    """List the paths that a spec reads with the places that they stand in: target, labels, port."""
    for place, written in _written(spec):
        for path in paths_of(written):
            yield place, path


def paths(spec: DiscoverySpec) -> tuple[str, ...]:
    """List the paths that a spec reads: target, labels, then the port where there is one."""
    return tuple(path for _, path in places(spec))


def _written(spec: DiscoverySpec) -> Iterator[tuple[str, Written]]:
    yield "target_field", spec.target_field
    for label, written in spec.label_mappings.items():
        yield f"label_mappings.{label}", written
    if spec.port_field is not None:
        yield "port_field", spec.port_field


def legal_label_name(name: str) -> str:
    """Make a name legal for every Prometheus (SD-08): `_` for what is not, one in front of a digit."""
    legal = re.sub(r"[^a-zA-Z0-9_]", "_", name)
    return f"_{legal}" if legal[:1].isdigit() or not legal else legal


def row_deriver(spec: DiscoverySpec) -> Callable[[Row], Decision]:
    """Return what makes a decision of a row whose columns are `paths(spec)`."""
    decide = decider(spec)
    return lambda row: decide(row.kind, row.id, tuple(map(_present, row.values)))


def _present(value: object) -> tuple[object, ...]:
    values = value if isinstance(value, tuple) else (value,)
    return tuple(each for each in values if each is not None)


Decide = Callable[[str, str | None, Sequence[tuple[object, ...]]], Decision]
"""Make a decision of a node's kind, its id and what each of a spec's paths found at it, without nulls."""


def decider(spec: DiscoverySpec) -> Decide:
    """Return what applies a spec's rules, SD-06 to SD-10, to a node."""
    names = tuple(map(legal_label_name, spec.label_mappings))
    values = tuple(_readers(spec))
    port_is_mapped = isinstance(spec.port_field, Form) and spec.port_field.map is not None
    write = address if spec.target == "address" else _url
    label = text if spec.booleans != "True" else _capitalised_text

    def decide(kind: str, identifier: str | None, found: Sequence[tuple[object, ...]]) -> Decision:
        target, *others = [value(found) for value in values]
        hosts = _texts(target)
        if not hosts:
            return Decision(kind, identifier, reason=NO_TARGET)
        ports = {port_number(each) for value in others[len(names) :] for each in _texts(value)}
        if None in ports or len(ports) > 1:
            return Decision(kind, identifier, reason=BAD_PORT)
        if port_is_mapped and not ports:
            return Decision(kind, identifier, reason=NO_PORT)
        written = [write(host, next(iter(ports), None)) for host in hosts]
        targets = tuple(dict.fromkeys(each for each in written if each is not None))
        if None in written or any(isinstance(each, Peer) for each in target):  # a node is no host
            return Decision(kind, identifier, reason=BAD_TARGET)
        labels = {name: label(value) for name, value in zip(names, others, strict=False) if value}
        if identifier is not None:
            labels[ID_LABEL] = identifier
        labels[KIND_LABEL] = kind
        return Decision(kind, identifier, TargetGroup(targets, labels))

    return decide


def _capitalised_text(value: object) -> str:
    return text(capitalised(value))


def _url(written: str, port: int | None) -> str | None:
    """Pass a URL on as it is; its port is its own."""
    del port
    return url(written)


def _readers(spec: DiscoverySpec) -> Iterator[Callable[[Sequence[tuple[object, ...]]], tuple[object, ...]]]:
    """Make what takes each value from what the paths found."""
    start = 0
    for _, written in _written(spec):
        end = start + len(paths_of(written))
        yield _reader(written, start, end)
        start = end


def _reader(written: Written, start: int, end: int) -> Callable[[Sequence[tuple[object, ...]]], tuple[object, ...]]:
    if isinstance(written, str):
        return lambda found: found[start]
    return lambda found: apply(written, found[start:end])


def _texts(values: Sequence[object]) -> list[str]:
    """Write what can be a target or a port, sorted (SD-14): each value, those of a list attribute one by one."""
    flat = (item for value in values for item in (value if isinstance(value, list) else (value,)))
    return sorted({text(item) for item in flat} - {""})
