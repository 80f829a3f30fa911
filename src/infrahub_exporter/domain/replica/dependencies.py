"""What an entry depends on beside its own nodes: the kinds whose changes can change it without changing them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.node_names import names_over_relations
from infrahub_exporter.domain.model import KindSchema, RelationshipSchema
from infrahub_exporter.domain.replica.plan import Plan


class Link(Struct, frozen=True):
    """A relation of a table's kind over which something else reaches into its rows.

    Created peers do not bump the nodes that they join, a peer's attribute that a filter or a human-friendly id reads
    changes without its node being bumped: then the nodes at the other end have to be asked for (`<relation>__ids`).
    """

    table: str
    relation: str
    peer: str
    only_new: bool
    """Ask only for peers that are not held: what changed of a held one is known from itself."""
    under: tuple[str, ...] = ()
    """The kinds that have the relation, where the table's own kind has it not."""


class Dependencies(Struct, frozen=True):
    """The kinds to watch, the links over which their changes reach rows, and what makes nodes pass the filters.

    `passing` are the links over which a change makes nodes pass the filters or fail them. A filter along a hierarchy
    looks at ancestors or descendants at any distance, which no link reaches: when a kind of `relisted` changes, the ids
    that pass are listed.
    """

    kinds: frozenset[str]
    links: tuple[Link, ...]
    passing: tuple[Link, ...] = ()
    relisted: frozenset[str] = frozenset()


NONE = Dependencies(frozenset(), ())


def dependencies(plan: Plan, kinds: Mapping[str, KindSchema]) -> Dependencies:
    """Find what a plan depends on; `kinds` describes the root's kind, the peers' kinds and those that filters cross."""
    links = tuple(dict.fromkeys(_links(plan, kinds)))
    crossed = tuple(_filtered_over(plan, kinds))
    root = plan.root.kind
    passing = dict.fromkeys(
        Link(root, each.name, each.peer, only_new=False) for each in crossed if each.hierarchy is None
    )
    if plan.root.filters:
        passing.update(dict.fromkeys(link for link in links if link.table == root and not link.only_new))
    relisted = frozenset(each.hierarchy for each in crossed if each.hierarchy is not None)
    watched = {root, *plan.peers, *(link.peer for link in (*links, *passing)), *relisted}
    return Dependencies(frozenset(watched), links, tuple(passing), relisted)


def _links(plan: Plan, kinds: Mapping[str, KindSchema]) -> Iterator[Link]:
    for table, crossings in plan.crossings.items():
        for crossing in crossings:
            yield Link(table or plan.root.kind, crossing.relation, crossing.peer, only_new=True, under=crossing.on)
    for table in dict.fromkeys(name or plan.root.kind for name in plan.crossings):
        schema = kinds.get(table)
        if schema is not None:
            for relation, peer in names_over_relations(schema):
                yield Link(table, relation, peer, only_new=False)
    root = plan.root.kind
    for table, kept in dict.fromkeys([(root, None), *plan.named()]):
        schema = kinds.get(table)
        if schema is not None:
            yield from _named_over(schema, kept, kinds)


def _named_over(schema: KindSchema, kept: frozenset[str] | None, kinds: Mapping[str, KindSchema]) -> Iterator[Link]:
    """Find the relations over which nodes of a generic, those of some kinds or all, are named as their kinds say."""
    own = frozenset(names_over_relations(schema))
    for kind in schema.used_by:
        if kind in kinds and (kept is None or kind in kept):
            for relation, peer in names_over_relations(kinds[kind]):
                if (relation, peer) not in own:
                    yield Link(schema.kind, relation, peer, only_new=False, under=(kind,))


def _filtered_over(plan: Plan, kinds: Mapping[str, KindSchema]) -> Iterator[RelationshipSchema]:
    relationships = kinds[plan.root.kind].relationships
    for each in plan.root.filters:
        relationship = relationships.get(each.argument.partition("__")[0])
        if relationship is not None:
            yield relationship
