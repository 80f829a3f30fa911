"""Object templates: what a node is made of where it names one, and the components that are made with it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec import Struct

from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds
from infrahub_exporter.adapters.embedded.pools import Draw
from infrahub_exporter.adapters.embedded.store import NOW, Record

USES = "object_template"
_PREFIX = "Template"
_FROM_POOL = "_from_resource_pool"
_KEPT = frozenset({"Attribute", "Profile"})


class Content(Struct, frozen=True):
    """What is given to a new node: values and peers by name; some of either may be drawn from pools."""

    values: Mapping[str, Any]
    peers: Mapping[str, Sequence[Any]]


def template_of(peers: Mapping[str, Sequence[Any]]) -> Record | None:
    """Give the template that a new node names."""
    return next(iter(peers.get(USES, ())), None)


def filled(kind: Kind, template: Record, given: Content) -> Content:
    """Add what the template has to what is given; what is given wins.

    What the template has of a profile the node has of it, too. Defaults of a component's template are none of its own.
    """
    values, peers = dict(given.values), dict(given.peers)
    is_component = USES not in given.peers
    for name, value in template.versions[-1].values.items():
        attribute = kind.attributes.get(name)
        if attribute is None or attribute.read_only or value.value is None or value.from_profile:
            continue
        if not (is_component and value.is_default and value.value == attribute.default_value):
            values.setdefault(name, value.value)
    for name, relationship in template.kind.relationships.items():
        found = list(template.peers(relationship, NOW))
        if name.endswith(_FROM_POOL):
            _draw(kind, name.removesuffix(_FROM_POOL), found, (values, given.values), (peers, given.peers))
        elif name in kind.relationships and relationship.kind in _KEPT and found:
            peers.setdefault(name, [each for each in found if not _is_template(each)])
    return Content(values, peers)


def components(
    kinds: Kinds, owner: Record, template: Record, given: Iterable[str]
) -> Iterator[tuple[Kind, Content, Record]]:
    """Yield the components that only the template describes: the kind, what it is given, its template."""
    named = set(given)
    for name, relationship in owner.kind.relationships.items():
        described = template.kind.relationships.get(name)
        if relationship.kind != "Component" or name in named or described is None:
            continue
        for part in template.peers(described, NOW):
            key = part.kind.key.removeprefix(_PREFIX)
            if _is_template(part) and key in kinds:
                mirror = kinds.opposite(relationship, kinds[key])
                yield kinds[key], Content({}, {mirror.name: [owner]} if mirror else {}), part


def _draw(
    kind: Kind,
    name: str,
    pools: Sequence[Record],
    values: tuple[dict[str, Any], Mapping[str, Any]],
    peers: tuple[dict[str, Sequence[Any]], Mapping[str, Sequence[Any]]],
) -> None:
    """Draw from the pool that a template names for an attribute or a relationship, unless one is given."""
    for pool in pools:
        if name in kind.attributes and name not in values[1]:
            values[0][name] = Draw(pool, {})
        elif name in kind.relationships and name not in peers[1]:
            peers[0][name] = [Draw(pool, {})]


def _is_template(record: Record) -> bool:
    return record.kind.namespace == _PREFIX
