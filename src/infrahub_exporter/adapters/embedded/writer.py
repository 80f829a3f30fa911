"""Changes to nodes, as Infrahub makes them: what is checked, what is stamped, what follows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from enum import Enum
from typing import Union

from infrahub_exporter.adapters.embedded import identity, ipam
from infrahub_exporter.adapters.embedded.fields import label_of
from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.numbers import Numbers
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, RefusedError, invalid, mandatory, violates
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Value, Version
from infrahub_exporter.adapters.embedded.values import InvalidValueError, normalize
from infrahub_exporter.domain.model import JSON

Peers = Mapping[str, Sequence[Record]]


class Default(Enum):
    """What a mutation may say in place of a value: back to the default."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT
Given = Union[JSON, Default]  # noqa: UP007  # JSON is a recursive alias
Values = Mapping[str, Given]


class Writer:
    """Changes the store; a change is checked whole before anything of it is made.

    Stamps (`updated_at`): a changed attribute stamps its node; setting, replacing or removing a relation of an
    existing node stamps both ends; creating a node stamps no peer; deleting one stamps its peers.
    """

    def __init__(self, kinds: Kinds, store: Store, names: Names) -> None:
        self._kinds = kinds
        self._store = store
        self._names = names
        self._numbers = Numbers(kinds, store)
        self.crossing = identity.crosses_relationships(kinds)
        self._unplaced: list[Record] | None = None

    @contextmanager
    def loading(self) -> Iterator[None]:
        """Put addresses and prefixes in their places at the end only: for many changes at once."""
        self._unplaced = []
        yield
        unplaced, self._unplaced = self._unplaced, None
        if unplaced:
            ipam.reconcile(self._store, unplaced, max(each.updated_at for each in unplaced))

    def _reconcile(self, changed: Iterable[Record], instant: int) -> None:
        if self._unplaced is not None:
            self._unplaced += changed
        else:
            ipam.reconcile(self._store, tuple(changed), instant)

    def holder(self, kind: Kind, values: Values, peers: Peers) -> Record | None:
        """Find the node that creating one of these values would repeat: defaults come before identity."""
        planned: dict[str, JSON] = {}
        for attribute in kind.attributes.values():
            given = values.get(attribute.name)
            planned[attribute.name] = _kept(attribute, None if isinstance(given, Default) else given)
        return self._names.holder(kind, planned, ipam.in_namespace(self._store, kind, peers))

    def create(self, kind: Kind, values: Values, peers: Peers, instant: int, identifier: str | None = None) -> Record:
        """Create a node.

        Raises:
            RefusedError: as Infrahub would.
        """
        peers = ipam.in_namespace(self._store, kind, peers)
        _check_complete(kind, values, peers)
        made: dict[str, Value] = {}
        for attribute in kind.attributes.values():
            given = values.get(attribute.name)
            default = given is None or given is DEFAULT
            value = _checked(kind, attribute, attribute.default_value if default else given, made=True)
            if value is None and not attribute.optional and not _given_by_infrahub(attribute):
                raise invalid(kind.key, attribute.name, f"A value must be provided for {attribute.name}")
            made[attribute.name] = Value(value, default, instant)
        _label_from_name(made)
        if identifier is not None and identifier in self._store.by_id:
            raise invalid(kind.key, "id", f"{identifier} is already in use")
        self._names.check_unique(kind, {name: each.value for name, each in made.items()}, peers, None)
        for name, related in peers.items():
            self._check_counts(kind.relationships[name], related, ())
        for attribute in kind.attributes.values():
            if attribute.kind == "NumberPool" and made[attribute.name].value is None:
                made[attribute.name] = Value(self._numbers.give(kind, attribute), False, instant)
        record = self._store.create(kind, instant, identifier)
        for name, related in peers.items():
            for peer in dict.fromkeys(related):
                self._store.link(record, kind.relationships[name], peer, instant)
        self._put(record, made, instant)
        self._reconcile((record,), instant)
        return record

    def update(self, record: Record, values: Values, peers: Peers, instant: int) -> bool:
        """Change attributes and relations of a node; a None among the values is null. Tell whether anything changed.

        Raises:
            RefusedError: as Infrahub would.
        """
        kind = record.kind
        current = record.versions[-1].values
        changed: dict[str, Value] = {}
        for name, given in values.items():
            attribute = kind.attributes[name]
            default = given is DEFAULT
            value = _checked(kind, attribute, attribute.default_value if default else given)
            if value is None and not attribute.optional:
                raise invalid(kind.key, name, f"A value must be provided for {name}")
            before = current[name]
            if value != before.value or type(value) is not type(before.value) or (default and not before.is_default):
                changed[name] = Value(value, default, instant)
        for name, related in peers.items():
            relationship = kind.relationships[name]
            if not relationship.optional and not related:
                raise violates(kind.key, name, "Too few relationships, min 1")
            self._check_counts(relationship, related, list(record.peers(relationship, NOW)))
        planned = {name: each.value for name, each in {**current, **changed}.items()}
        self._names.check_unique(kind, planned, {**self._to_one(record), **peers}, record)
        moved = [self._set(record, kind.relationships[name], related, instant) for name, related in peers.items()]
        if changed or any(moved):
            self._put(record, {**current, **changed}, instant)
            record.updated_at = instant
            self._reconcile((record,), instant)
        return bool(changed) or any(moved)

    def add(self, record: Record, relationship: Relationship, peers: Iterable[Record], instant: int) -> None:
        """Relate nodes to a node, beside those that are."""
        current = list(record.peers(relationship, NOW))
        self._set(record, relationship, [*current, *peers], instant)
        self._refresh(record, instant)

    def remove(self, record: Record, relationship: Relationship, peers: Iterable[Record], instant: int) -> None:
        """End the relations of a node to some others."""
        gone = set(peers)
        self._set(record, relationship, [each for each in record.peers(relationship, NOW) if each not in gone], instant)
        self._refresh(record, instant)

    def delete(self, record: Record, instant: int) -> tuple[Record, ...]:
        """Delete a node and what goes with it; tell what went.

        Raises:
            RefusedError: where a node that stays must have one that goes.
        """
        going = _with_components(record)
        for node in going:
            self._check_not_needed(node, going)
        for node in going:
            node.deleted_at = node.updated_at = instant
            self._names.remove(node)
            for key, edges in node.edges.items():
                for edge in edges:
                    if edge.end > instant:
                        edge.end = instant
                        _end_other(edge.peer, key, node, instant)
        self._numbers.forget()
        self._reconcile(going, instant)
        return tuple(going)

    def settle(self, instant: int) -> int:
        """Recompute what went stale because a peer changed, as Infrahub's workers do; tell of how many nodes."""
        settled = 0
        for key in self.crossing:
            for record in self._store.of(key, NOW):
                if identity.stale(record):
                    self._put(record, record.versions[-1].values, instant)
                    record.updated_at = instant
                    settled += 1
        return settled

    def _put(self, record: Record, values: Mapping[str, Value], instant: int) -> None:
        version = Version(record, instant, values)
        if record.versions and record.versions[-1].start == instant:
            record.versions.pop()
        record.versions.append(version)
        computed = {each.name: each.template for each in record.kind.attributes.values() if each.template}
        if computed:
            filled = dict(values)
            version.values = filled
            for name, template in computed.items():
                filled[name] = Value(identity.render(version, str(template), bare=False), False, instant)
        identity.complete(version)
        self._names.add(record)

    def _refresh(self, record: Record, instant: int) -> None:
        """Compute anew what reads a relation that has just changed."""
        if record.kind.key in self.crossing and identity.stale(record):
            self._put(record, record.versions[-1].values, instant)
        else:
            self._names.add(record)

    def _set(self, record: Record, relationship: Relationship, peers: Sequence[Record], instant: int) -> bool:
        wanted = dict.fromkeys(peers)
        current = dict.fromkeys(record.peers(relationship, NOW))
        gone = [each for each in current if each not in wanted]
        come = [each for each in wanted if each not in current]
        for peer in gone:
            self._store.unlink(record, relationship, peer, instant)
        for peer in come:
            self._store.link(record, relationship, peer, instant)
        for peer in (*gone, *come):
            peer.updated_at = instant
            record.updated_at = instant
        return bool(gone or come)

    def _to_one(self, record: Record) -> dict[str, list[Record]]:
        return {
            name: list(record.peers(each, NOW)) for name, each in record.kind.relationships.items() if not each.many
        }

    def _check_counts(self, relationship: Relationship, peers: Sequence[Record], current: Sequence[Record]) -> None:
        if relationship.max_count and len(peers) > relationship.max_count:
            raise InvalidInputError(f"Too many relationships, max {relationship.max_count} at {relationship.name}")
        for peer in peers:
            mirror = self._kinds.opposite(relationship, peer.kind)
            if mirror is None or not mirror.max_count or peer in current:
                continue
            count = sum(1 for _ in peer.peers(mirror, NOW)) + 1
            if count > mirror.max_count:
                raise InvalidInputError(
                    f"Node {peer.id} has {count} peers for {relationship.identifier}, "
                    f"maximum of {mirror.max_count} allowed"
                )

    def _check_not_needed(self, node: Record, going: Mapping[Record, None]) -> None:
        for key, edges in node.edges.items():
            for edge in edges:
                if edge.end <= NOW or edge.peer in going:
                    continue
                needs = [
                    each
                    for each in edge.peer.kind.relationships.values()
                    if not each.optional and each.mirror == key and each.peer in node.kind.labels
                ]
                if needs:
                    named = needs[0].name
                    raise violates(
                        node.kind.key,
                        f"{edge.peer.kind.key}.{named}",
                        f"Cannot delete {node.kind.key} '{node.id}'. It is linked to mandatory relationship "
                        f"{named} on node {edge.peer.kind.key} '{edge.peer.id}'",
                    )


def _check_complete(kind: Kind, values: Values, peers: Peers) -> None:
    for attribute in kind.attributes.values():
        if attribute.name not in values and not attribute.optional and not _given_by_infrahub(attribute):
            raise mandatory(kind.key, attribute.name)
    for relationship in kind.relationships.values():
        if not relationship.optional and not peers.get(relationship.name):
            raise mandatory(kind.key, relationship.name)


def _given_by_infrahub(attribute: Attribute) -> bool:
    """Tell whether the value of an attribute is computed or taken from a pool."""
    return attribute.template is not None or attribute.kind == "NumberPool"


def _kept(attribute: Attribute, given: JSON) -> JSON:
    """Give what would be kept of a value; one that will be refused stays as it is."""
    value = attribute.default_value if given is None else given
    try:
        return normalize(attribute, value)
    except InvalidValueError:
        return value


def _checked(kind: Kind, attribute: Attribute, value: Given, *, made: bool = False) -> JSON:
    """Check a value; outside an enumeration it fails in one way where a node is `made`, in another where it is not."""
    if attribute.enum and value is not None and value not in attribute.enum:
        if made:
            raise violates(kind.key, attribute.name, f"{value} must be one of {list(attribute.enum)!r}")
        raise RefusedError(f"{value!r} is not a valid {attribute.name.title()}Enum")
    try:
        return normalize(attribute, value)  # type: ignore[arg-type]  # not DEFAULT any more
    except InvalidValueError as exc:
        raise invalid(kind.key, attribute.name, str(exc)) from exc


def _label_from_name(values: Mapping[str, Value]) -> None:
    """Write a label after the name where a kind has both and none was given, as Infrahub does."""
    label, name = values.get("label"), values.get("name")
    if label is not None and name is not None and label.value is None and name.value:
        label.value = label_of(str(name.value))
        label.is_default = False


def _end_other(peer: Record, key: str, node: Record, instant: int) -> None:
    """End the other half of an edge, and stamp the peer of a node that goes."""
    mirror = {">": "<", "<": ">"}.get(key[-1])
    for edge in peer.edges.get(key[:-1] + mirror if mirror else key, ()):
        if edge.peer is node and edge.end > instant:
            edge.end = instant
    peer.updated_at = instant


def _with_components(record: Record) -> dict[Record, None]:
    """Gather a node and what goes with it: its components, and theirs."""
    going = dict.fromkeys([record])
    queue = [record]
    while queue:
        node = queue.pop()
        for relationship in node.kind.relationships.values():
            for peer in node.peers(relationship, NOW) if relationship.cascade else ():
                if peer not in going:
                    going[peer] = None
                    queue.append(peer)
    return going
