"""Changes to nodes, as Infrahub makes them: what is checked, what is stamped, what follows."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from infrahub_exporter.adapters.embedded import checks, files, identity, ipam, object_templates, profiles, removal
from infrahub_exporter.adapters.embedded.checks import DEFAULT, Default, Given, Values
from infrahub_exporter.adapters.embedded.fields import label_of
from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.numbers import Numbers
from infrahub_exporter.adapters.embedded.pools import Draw, Pools, Wanted
from infrahub_exporter.adapters.embedded.refusals import invalid, violates
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Value, Version
from infrahub_exporter.domain.model import JSON


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
        self.pools = Pools(kinds, store, self.create)
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

    def keep(self, upload: files.Upload) -> dict[str, JSON]:
        """Keep a file; return what the attributes of its node say of it."""
        return files.keep(self._store.files, upload)

    def holder(self, kind: Kind, values: Values, peers: Wanted) -> Record | None:
        """Find the node that creating one of these values would repeat: defaults come before identity."""
        planned: dict[str, JSON] = {}
        for attribute in kind.attributes.values():
            given = values.get(attribute.name)
            planned[attribute.name] = checks.kept(attribute, None if isinstance(given, Default | Draw) else given)
        there = ipam.in_namespace(self._store, kind, checks.without_draws(peers))
        return self._names.holder(kind, planned, there)

    def create(self, kind: Kind, values: Values, peers: Wanted, instant: int, identifier: str | None = None) -> Record:
        """Create a node, with the components that its template describes.

        Raises:
            RefusedError: as Infrahub would.
        """
        named = tuple(peers)
        template = object_templates.template_of(peers)
        record = self._create(kind, object_templates.Content(values, peers), template, instant, identifier)
        if template is not None:
            self._complete(record, template, named, instant)
        return record

    def _complete(self, record: Record, template: Record, named: Iterable[str], instant: int) -> None:
        """Make the components of a node, and theirs."""
        for kind, content, part in object_templates.components(self._kinds, record, template, named):
            self._complete(self._create(kind, content, part, instant), part, (), instant)

    def _create(
        self,
        kind: Kind,
        content: object_templates.Content,
        template: Record | None,
        instant: int,
        identifier: str | None = None,
    ) -> Record:
        if template is not None:
            content = object_templates.filled(kind, template, content)
        values = content.values
        there = ipam.in_namespace(self._store, kind, checks.without_draws(content.peers))
        wanted = {**content.peers, **there}
        provided = profiles.provided(wanted.get("profiles", ()))
        checks.check_complete(kind, values, wanted, provided)
        made: dict[str, Value] = {}
        for attribute in kind.attributes.values():
            given = values.get(attribute.name)
            default = given is None or given is DEFAULT
            value = checks.checked(
                kind, attribute, self._taken(attribute, DEFAULT if given is None else given), made=True
            )
            filled = attribute.name in provided or checks.given_by_infrahub(attribute)
            if value is None and not attribute.optional and not filled:
                raise invalid(kind.key, attribute.name, f"A value must be provided for {attribute.name}")
            made[attribute.name] = Value(value, default, instant)
        _label_from_name(made)
        if identifier is not None and identifier in self._store.by_id:
            raise invalid(kind.key, "id", f"{identifier} is already in use")
        self._names.check_unique(kind, {name: each.value for name, each in made.items()}, there, None)
        for name, related in there.items():
            checks.check_counts(self._kinds, kind.relationships[name], related, ())
        checks.check_relatives(kind, there)
        peers = self.pools.drawn(wanted, instant)
        for attribute in kind.attributes.values():
            if attribute.kind == "NumberPool" and made[attribute.name].value is None:
                made[attribute.name] = Value(self._numbers.give(kind, attribute), False, instant)
        record = self._store.create(kind, instant, identifier)
        for name, related in peers.items():
            for peer in dict.fromkeys(related):
                self._store.link(record, kind.relationships[name], peer, instant)
        profiles.share(self._store, record, instant)
        self._put(record, made, instant)
        self._reconcile((record,), instant)
        self._follow(record, instant)
        return record

    def _taken(self, attribute: Attribute, given: Given) -> JSON:
        """Give the value that is meant: the default, one from a pool, or what is given."""
        if isinstance(given, Draw):
            return self.pools.number(given, attribute)
        return attribute.default_value if isinstance(given, Default) else given

    def _follow(self, profile: Record, instant: int) -> None:
        """Give the values and peers of a profile to its nodes."""
        for node in list(profiles.nodes_of(profile)):
            before = node.versions[-1].values
            if profiles.share(self._store, node, instant) or any(
                value is not before[name] for name, value in profiles.applied(node, before, instant).items()
            ):
                self._put(node, before, instant)
                node.updated_at = instant

    def update(self, record: Record, values: Values, peers: Wanted, instant: int) -> bool:
        """Change attributes and relations of a node; a None among the values is null. Tell whether anything changed.

        Raises:
            RefusedError: as Infrahub would.
        """
        kind = record.kind
        peers = self.pools.still_drawn(record, peers, instant)
        current = record.versions[-1].values
        changed: dict[str, Value] = {}
        for name, given in values.items():
            attribute = kind.attributes[name]
            default = given is DEFAULT
            if isinstance(given, Draw) and current[name].value is not None:
                continue
            value = checks.checked(kind, attribute, self._taken(attribute, given))
            if value is None and not attribute.optional:
                raise invalid(kind.key, name, f"A value must be provided for {name}")
            before = current[name]
            same = value == before.value and type(value) is type(before.value) and not before.from_profile
            if not same or (default and not before.is_default):
                changed[name] = Value(value, default, instant, is_protected=before.is_protected)
        for name, related in peers.items():
            relationship = kind.relationships[name]
            if not relationship.optional and not related:
                raise violates(kind.key, name, "Too few relationships, min 1")
            checks.check_counts(self._kinds, relationship, related, list(record.peers(relationship, NOW)))
        planned = {name: each.value for name, each in {**current, **changed}.items()}
        wanted = {**self._to_one(record), **peers}
        self._names.check_unique(kind, planned, wanted, record)
        checks.check_relatives(kind, wanted)
        moved = [self._set(record, kind.relationships[name], related, instant) for name, related in peers.items()]
        moved.append(bool(peers) and profiles.share(self._store, record, instant))
        if changed or any(moved):
            self._put(record, {**current, **changed}, instant)
            record.updated_at = instant
            self._reconcile((record,), instant)
            self._follow(record, instant)
        return bool(changed) or any(moved)

    def protect(self, record: Record, said: Mapping[str, bool], instant: int) -> None:
        """Protect attributes of a node, or no longer."""
        current = record.versions[-1].values
        changed = {
            name: Value(held.value, held.is_default, instant, from_profile=held.from_profile, is_protected=wanted)
            for name, wanted in said.items()
            if (held := current[name]).is_protected is not wanted
        }
        if changed:
            self._put(record, {**current, **changed}, instant)
            record.updated_at = instant

    def add(self, record: Record, relationship: Relationship, peers: Iterable[Record], instant: int) -> None:
        """Relate nodes to a node, beside those that are, and in place of those that a profile gave.

        Raises:
            RefusedError: as Infrahub would, where a node has room for no more.
        """
        edges = record.edges.get(relationship.edge, ())
        shared = {each.peer for each in edges if each.end > NOW and each.from_profile}
        current = [each for each in record.peers(relationship, NOW) if each not in shared]
        wanted = [*current, *peers]
        checks.check_counts(self._kinds, relationship, list(dict.fromkeys(wanted)), current)
        checks.check_relatives(record.kind, {**self._to_one(record), relationship.name: wanted})
        self._set(record, relationship, wanted, instant)
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
        going = removal.with_components(record)
        for node in going:
            removal.check_not_needed(node, going)
        profiled = [each for node in going for each in profiles.nodes_of(node) if each not in going]
        for node in going:
            node.deleted_at = node.updated_at = instant
            self._names.remove(node)
            for key, edges in node.edges.items():
                for edge in edges:
                    if edge.end > instant:
                        edge.end = instant
                        removal.end_other(edge.peer, key, node, instant)
        self._numbers.forget()
        for node in profiled:
            self._refresh(node, instant)
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
        values = profiles.applied(record, values, instant)
        version = Version(record, instant, values)
        if record.versions and record.versions[-1].start == instant:
            record.versions.pop()
        record.versions.append(version)
        computed = {each.name: each.template for each in record.kind.attributes.values() if each.template}
        if computed:
            filled = dict(values)
            version.values = filled
            for name, template in computed.items():
                filled[name] = Value(identity.render(version, str(template)), False, instant)
        identity.complete(version)
        self._names.add(record)

    def _refresh(self, record: Record, instant: int) -> None:
        """Compute anew what reads a relation that has just changed."""
        if profiles.share(self._store, record, instant):
            record.updated_at = instant
        values = record.versions[-1].values
        profiled = profiles.applied(record, values, instant)
        if profiled is not values or (record.kind.key in self.crossing and identity.stale(record)):
            self._put(record, profiled, instant)
        else:
            self._names.add(record)
        self._follow(record, instant)

    def _set(self, record: Record, relationship: Relationship, peers: Sequence[Record], instant: int) -> bool:
        wanted = dict.fromkeys(peers)
        current = dict.fromkeys(record.peers(relationship, NOW))
        gone = [each for each in current if each not in wanted]
        come = [each for each in wanted if each not in current]
        for peer in gone:
            self._store.unlink(record, relationship, peer, instant)
        for peer in come:
            self._store.link(record, relationship, peer, instant)
        for edge in record.edges.get(relationship.edge, ()):
            edge.from_profile = False
        for peer in (*gone, *come):
            peer.updated_at = instant
            record.updated_at = instant
        return bool(gone or come)

    def _to_one(self, record: Record) -> dict[str, list[Record]]:
        return {
            name: list(record.peers(each, NOW)) for name, each in record.kind.relationships.items() if not each.many
        }


def _label_from_name(values: Mapping[str, Value]) -> None:
    """Write a label after the name where a kind has both and none was given, as Infrahub does."""
    label, name = values.get("label"), values.get("name")
    if label is not None and name is not None and label.value is None and name.value:
        label.value = label_of(str(name.value))
        label.is_default = False
