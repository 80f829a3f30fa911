"""From rows to HTTP SD target groups, with a decision per row."""

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.forms import paths as paths_of
from infrahub_exporter.domain.asking.selection import Column
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ConfigError, SourceRejectedError
from infrahub_exporter.domain.model import BAD_CONTENT, Peer, TargetGroup
from infrahub_exporter.domain.texts import capitalised, text
from infrahub_exporter.domain.views.rows import Found, Places, Sieve, Value
from infrahub_exporter.domain.views.scraping import SPECIAL, fault
from infrahub_exporter.domain.views.targets import address, port_number, url

ID_LABEL = "__meta_infrahub_id"
KIND_LABEL = "__meta_infrahub_kind"
NO_TARGET, BAD_TARGET, BAD_PORT, NO_PORT, BAD_LABEL = "no_target", "bad_target", "bad_port", "no_port", "bad_label"
SKIP_REASONS = (NO_TARGET, BAD_TARGET, BAD_PORT, NO_PORT, BAD_LABEL, BAD_CONTENT)
_RESERVED = {
    ID_LABEL: "the exporter sets it",
    KIND_LABEL: "the exporter sets it",
    "__address__": "Prometheus sets it from the target",
    "__meta_url": "Prometheus sets it",
}
ENDS = frozenset({"target_field", "port_field"})
CONDITIONS = ("where", "exclude", "match")
"""The places of paths that choose rows."""


class Decision(Struct, frozen=True):
    """What became of one row: a group, or the reason why it is skipped.

    `id` and `kind` are those of the row's node; `also` are other nodes that the group stands for: the one that the row
    belongs to, and those of rows that it is united of. `values` has those labels of a row to be united whose values
    are several. `name` is how a reader knows one that is skipped, where more than its kind and id was read.
    """

    kind: str
    id: str | None = None
    group: TargetGroup | None = None
    reason: str | None = None
    also: tuple[str, ...] = ()
    values: Mapping[str, tuple[str, ...]] | None = None
    name: str | None = None


class Discovery(Struct, frozen=True):
    """A list of target groups with the decisions behind it."""

    decisions: tuple[Decision, ...]

    @property
    def groups(self) -> tuple[TargetGroup, ...]:
        """Return the groups in the order of the answer."""
        return tuple(decision.group for decision in self.decisions if decision.group is not None)

    @property
    def skipped(self) -> Mapping[str, int]:
        """Count the rows without a group, by reason."""
        counted = Counter(decision.reason for decision in self.decisions if decision.reason is not None)
        return {reason: counted[reason] for reason in SKIP_REASONS}


def check_labels(spec: DiscoverySpec) -> None:
    """Raise ConfigError for labels that are reserved, that become one, and for constants that Prometheus refuses."""
    owners: dict[str, str] = {}
    for label in spec.label_mappings:
        name = legal_label_name(label)
        if name in _RESERVED:
            raise ConfigError(f"{label!r} cannot be mapped, {_RESERVED[name]}")
        if name in owners:
            raise ConfigError(f"{owners[name]!r} and {label!r} would both be the label {name!r}")
        owners[name] = label
    constants = {
        legal_label_name(label): text(written.value)
        for label, written in spec.label_mappings.items()
        if isinstance(written, Form) and written.value is not None
    }
    wrong = fault(constants)
    if wrong is not None:
        raise ConfigError(wrong)


def check_columns(spec: DiscoverySpec, columns: Sequence[Column]) -> None:
    """Refuse a target or a port that ends on a relation; `columns` are those of `paths(spec)`.

    Raises SourceRejectedError.
    """
    by_path = {column.path: column for column in columns}
    for place, path in places(spec):
        for way in by_path[path].ways if place in ENDS else ():
            if way.attribute is None:
                raise SourceRejectedError(
                    f"{place} {path!r}: expected a path that ends on an attribute, "
                    f"got one that ends on the relation to {way.hops[-1].peer}"
                )


def places(spec: DiscoverySpec) -> Iterator[tuple[str, str]]:
    """List the paths that a spec reads with the places that they stand in: target, labels, port, conditions."""
    for place, written in _written(spec):
        for path in paths_of(written):
            yield place, path
    yield from chosen_by(spec)


def chosen_by(spec: DiscoverySpec) -> Iterator[tuple[str, str]]:
    """List the paths of the conditions on rows, each with the key that it stands below."""
    yield from (("where", path) for path in spec.where)
    yield from (("exclude", path) for path in spec.exclude)
    yield from (("match", path) for pair in spec.match.items() for path in pair)


def paths(spec: DiscoverySpec) -> tuple[str, ...]:
    """List the paths that a spec reads, each once."""
    return _places(spec).paths


def _places(spec: DiscoverySpec) -> Places:
    return Places(path for _, path in places(spec))


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


Derive = Callable[[str, Iterable[Found]], tuple[Decision, ...]]
"""Make the decisions of a node's rows, by its id; the rows have the values of `paths(spec)`."""


def deriver(spec: DiscoverySpec) -> Derive:
    """Return what chooses rows, and applies a spec's rules, SD-06 to SD-13, to each."""
    sieve = Sieve(spec.where, spec.exclude, spec.match, _places(spec))
    decide = _decider(spec)

    def derive(node: str, rows: Iterable[Found]) -> tuple[Decision, ...]:
        return tuple(
            [
                _left_out(row, row.fault) if row.fault is not None else decide(row, node)
                for row in rows
                if row.fault is not None or sieve.passes(row)
            ]
        )

    return derive


def _decider(spec: DiscoverySpec) -> Callable[[Found, str], Decision]:
    at = _places(spec)
    target = Value(spec.target_field, at)
    labelled = [(legal_label_name(label), Value(written, at)) for label, written in spec.label_mappings.items()]
    port_of = None if spec.port_field is None else Value(spec.port_field, at)
    port_is_mapped = isinstance(spec.port_field, Form) and spec.port_field.map is not None
    write = address if spec.target == "address" else _url
    label = text if spec.booleans != "True" else _capitalised_text
    keeps_values = bool(spec.distinct)
    is_special = not SPECIAL.isdisjoint(name for name, _ in labelled)

    def decide(row: Found, node: str) -> Decision:
        kind, identifier = row.kind, row.id or None
        found = target.read(row)
        hosts = _texts(found)
        if not hosts:
            return _left_out(row, NO_TARGET)
        ports = () if port_of is None else {port_number(each) for each in _texts(port_of.read(row))}
        if None in ports or len(ports) > 1:
            return _left_out(row, BAD_PORT)
        if port_is_mapped and not ports:
            return _left_out(row, NO_PORT)
        written = [write(host, next(iter(ports), None)) for host in hosts]
        targets = tuple(dict.fromkeys(each for each in written if each is not None))
        if None in written or any(isinstance(each, Peer) for each in found):  # a node is no host
            return _left_out(row, BAD_TARGET)
        values = {name: value for name, each in labelled if (value := each.read(row))}
        labels = {name: label(value) for name, value in values.items()}
        if is_special and fault(labels) is not None:
            return _left_out(row, BAD_LABEL)
        if identifier is not None:
            labels[ID_LABEL] = identifier
        if kind:
            labels[KIND_LABEL] = kind
        several = (
            {name: tuple(map(label, value)) for name, value in values.items() if len(value) > 1}
            if keeps_values
            else None
        )
        also = (node,) if node not in {"", identifier} else ()
        group = TargetGroup(targets, labels)
        return Decision(kind, identifier, group, also=also, values=several)

    return decide


def _left_out(row: Found, reason: str) -> Decision:
    return Decision(row.kind, row.id or None, reason=reason, name=row.name)


def _capitalised_text(value: object) -> str:
    return text(capitalised(value))


def _url(written: str, port: int | None) -> str | None:
    """Pass a URL on as it is; its port is its own."""
    del port
    return url(written)


def _texts(values: Sequence[object]) -> list[str]:
    """Write what can be a target or a port, sorted (SD-14): each value, those of a list attribute one by one."""
    flat = (item for value in values for item in (value if isinstance(value, list) else (value,)))
    return sorted({text(item) for item in flat} - {""})
