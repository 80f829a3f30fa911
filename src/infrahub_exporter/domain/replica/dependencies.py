"""What an entry depends on beside its own nodes: the kinds whose changes can change it without changing them."""

from collections.abc import Iterator, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.naming import names_over_relations
from infrahub_exporter.domain.model import KindSchema, RelationshipSchema
from infrahub_exporter.domain.replica.plan import ROOT, Plan


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
    """The kinds to watch, the links over which their changes reach the entry, and the kinds that leave no choice.

    A filter along a hierarchy looks at ancestors or descendants at any distance, which no link reaches: when a kind of
    `relisted` changes, the ids that pass are listed.
    """

    kinds: frozenset[str]
    links: tuple[Link, ...]
    relisted: frozenset[str] = frozenset()


NONE = Dependencies(frozenset(), ())


def dependencies(plan: Plan, kinds: Mapping[str, KindSchema]) -> Dependencies:
    """Find what a plan depends on; `kinds` describes the root's kind, the peers' kinds and those that filters cross."""
    links = dict.fromkeys(_links(plan, kinds))
    relisted = frozenset(each.hierarchy for each in _filtered_over(plan, kinds) if each.hierarchy is not None)
    watched = {plan.root.kind, *plan.peers, *(link.peer for link in links), *relisted}
    return Dependencies(frozenset(watched), tuple(links), relisted)


def _links(plan: Plan, kinds: Mapping[str, KindSchema]) -> Iterator[Link]:
    for table, crossings in plan.crossings.items():
        for crossing in crossings:
            yield Link(table, crossing.relation, crossing.peer, only_new=True, under=crossing.on)
    for relationship in _filtered_over(plan, kinds):
        if relationship.hierarchy is None:
            yield Link(ROOT, relationship.name, relationship.peer, only_new=False)
    for table in plan.crossings:
        schema = kinds.get(plan.root.kind if table == ROOT else table)
        if schema is not None:
            yield from _named_over(table, schema, kinds)


def _named_over(table: str, schema: KindSchema, kinds: Mapping[str, KindSchema]) -> Iterator[Link]:
    """Find the relations that nodes are named over, those of a generic also as its kinds say it."""
    own = tuple(names_over_relations(schema))
    for relation, peer in own:
        yield Link(table, relation, peer, only_new=False)
    for kind in schema.used_by:
        if kind in kinds:
            for relation, peer in names_over_relations(kinds[kind]):
                if (relation, peer) not in own:
                    yield Link(table, relation, peer, only_new=False, under=(kind,))


def _filtered_over(plan: Plan, kinds: Mapping[str, KindSchema]) -> Iterator[RelationshipSchema]:
    relationships = kinds[plan.root.kind].relationships
    for each in plan.root.filters:
        relationship = relationships.get(each.argument.partition("__")[0])
        if relationship is not None:
            yield relationship
