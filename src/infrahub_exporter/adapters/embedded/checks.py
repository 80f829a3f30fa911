"""What a node is given, and what is checked of it before anything is made."""

from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from enum import Enum
from typing import Union

from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.object_templates import USES
from infrahub_exporter.adapters.embedded.pools import Draw, Peers, Wanted
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError, RefusedError, invalid, mandatory, violates
from infrahub_exporter.adapters.embedded.store import NOW, Record
from infrahub_exporter.adapters.embedded.values import InvalidValueError, normalize
from infrahub_exporter.domain.model import JSON


class Default(Enum):
    """What a mutation may say in place of a value: back to the default."""

    DEFAULT = "default"


DEFAULT = Default.DEFAULT
Given = Union[JSON, Default, Draw]  # noqa: UP007  # JSON is a recursive alias
Values = Mapping[str, Given]


def without_draws(wanted: Wanted) -> Peers:
    """Give the relationships whose peers are all there, none to be taken from a pool."""
    there = {name: [each for each in related if isinstance(each, Record)] for name, related in wanted.items()}
    return {name: related for name, related in there.items() if len(related) == len(wanted[name])}


def check_complete(kind: Kind, values: Values, peers: Wanted, provided: Container[str]) -> None:
    """Refuse a node that lacks what is mandatory and no profile provides; a list of peers may be empty, as in Infrahub.

    Raises:
        RefusedError: with the message of Infrahub.
    """
    for attribute in kind.attributes.values():
        there = attribute.name in values or attribute.name in provided
        if not there and not attribute.optional and not given_by_infrahub(attribute):
            raise mandatory(kind.key, attribute.name)
    for relationship in kind.relationships.values():
        given = relationship.name in peers if relationship.many else peers.get(relationship.name)
        if not relationship.optional and not given and relationship.name not in provided:
            raise mandatory(kind.key, relationship.name)


def expected_of(kind: Kind, said: Container[str]) -> Iterator[str]:
    """Name what an object of a file has to say, be it there already; nothing where a template or profile may say it."""
    if USES in said or "profiles" in said:
        return
    yield from (each.name for each in kind.attributes.values() if not each.optional and not each.read_only)
    yield from (each.name for each in kind.relationships.values() if not each.optional)


def check_relatives(kind: Kind, peers: Peers) -> None:
    """Refuse peers whose parent is another than the node's, or that differ in what they are to have in common.

    Raises:
        RefusedError: with the message of Infrahub, but for the node's id.
    """
    for name, related in peers.items():
        relationship = kind.relationships[name]
        of_peers = f"All the elements of the '{name}' relationship on node {kind.key}"
        parent = relationship.common_parent
        if parent is not None and not set(_related(related, parent)) <= set(peers.get(parent, ())):
            raise InvalidInputError(f"{of_peers} must have the same parent as the node at {name}")
        for common in relationship.common_relatives or () if relationship.many else ():
            if len({frozenset(_related([each], common)) for each in related}) > 1:
                raise InvalidInputError(f"{of_peers} must have the same set of peers for their '{common}' at {name}")


def _related(records: Iterable[Record], name: str) -> Iterator[Record]:
    for record in records:
        if name in record.kind.relationships:
            yield from record.peers(record.kind.relationships[name], NOW)


def given_by_infrahub(attribute: Attribute) -> bool:
    """Tell whether the value of an attribute is computed or taken from a pool."""
    return attribute.template is not None or attribute.kind == "NumberPool"


def kept(attribute: Attribute, given: JSON) -> JSON:
    """Give what would be kept of a value; one that will be refused stays as it is."""
    value = attribute.default_value if given is None else given
    try:
        return normalize(attribute, value)
    except InvalidValueError:
        return value


def checked(kind: Kind, attribute: Attribute, value: JSON, *, made: bool = False) -> JSON:
    """Check a value; outside an enumeration it fails in one way where a node is `made`, in another where it is not."""
    if attribute.enum and value is not None and value not in attribute.enum:
        if made:
            raise violates(kind.key, attribute.name, f"{value} must be one of {list(attribute.enum)!r}")
        raise RefusedError(f"{value!r} is not a valid {attribute.name.title()}Enum")
    try:
        return normalize(attribute, value)
    except InvalidValueError as exc:
        raise invalid(kind.key, attribute.name, str(exc)) from exc


def check_counts(kinds: Kinds, relationship: Relationship, peers: Sequence[Record], current: Sequence[Record]) -> None:
    """Refuse more peers than either side may have.

    Raises:
        RefusedError: with the message of Infrahub.
    """
    if relationship.max_count and len(peers) > relationship.max_count:
        raise InvalidInputError(f"Too many relationships, max {relationship.max_count} at {relationship.name}")
    for peer in peers:
        mirror = kinds.opposite(relationship, peer.kind)
        if mirror is None or not mirror.max_count or peer in current:
            continue
        count = sum(1 for _ in peer.peers(mirror, NOW)) + 1
        if count > mirror.max_count:
            raise InvalidInputError(
                f"Node {peer.id} has {count} peers for {relationship.identifier}, maximum of {mirror.max_count} allowed"
            )
