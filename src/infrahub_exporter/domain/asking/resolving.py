"""From a path to columns: each step is looked up in the schema, over a generic in the kinds that inherit from it.

A path is followed by all ways at once. A generic's field is that of all its kinds; one that only some of them have is
asked of those, and where they have it differently each of these ways is a column of its own.
"""

from collections.abc import Sequence
from typing import NoReturn

from msgspec import structs

from infrahub_exporter.domain.asking.columns import (
    CLOSURES,
    CONTENT,
    METADATA,
    Column,
    Condition,
    Hop,
    Keep,
    Meeting,
    OfKinds,
)
from infrahub_exporter.domain.asking.paths import (
    WRAPPERS,
    Fitting,
    OfKind,
    Path,
    Step,
    Steps,
    parse,
    suggestion,
    wrapped,
)
from infrahub_exporter.domain.asking.places import Candidate, Field, Place, Schemas
from infrahub_exporter.domain.asking.subfields import FILE, FILE_OBJECT, taken
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema

NODE_FIELDS = ("id", "hfid", "display_label", "__typename")
"""What GraphQL gives of every node beside its attributes."""
_NAMES = frozenset({"hfid", "display_label"})
"""Those that are made of attributes."""
INSTANTS = ("created_at", "updated_at")
"""When a node, or an attribute, came to be and changed last."""
_ANY = "CoreNode"
"""The generic of every node."""
_WIDE = frozenset({_ANY, "CoreProfile", "CoreObjectTemplate", "CoreObjectComponentTemplate"})
"""The generics of nodes of any kind: what their kinds have beside them is looked up only where a kind is named."""


def column(text: str, kind: str, schemas: Schemas) -> Column:
    """Resolve a path. Raises SourceRejectedError for what the schema does not have, and for secrets."""
    start = (Place((), kind),)
    return resolve(text, meant(text, parse(text), start, schemas), start, schemas)


def meant(text: str, path: Path, places: Sequence[Place], schemas: Schemas) -> Steps:
    """Leave out which `node` and `edges` of a path are GraphQL's own: those that no kind there has as a field.

    Raises as `column`.
    """
    if not path.shaped:
        return path.steps
    kept: list[Step] = []
    before = places
    for index, step in enumerate(path.shaped):
        if step.name in WRAPPERS and not _has(step.name, places, schemas):
            if not kept:
                continue
            kept[-1], relation = wrapped(kept[-1], step), kept[-1]
            if kept[-1] != relation:
                places = cross(text, kept[-1], look_up(text, kept[-1], before, schemas), schemas)
            continue
        rest = path.shaped[index:]
        if step.name in NODE_FIELDS or step.name == METADATA:
            return (*kept, *rest)
        found = look_up(text, step, places, schemas)
        if any(isinstance(each.field, AttributeSchema) for each in found):
            return (*kept, *rest)
        kept.append(step)
        before, places = places, cross(text, structs.replace(step, many=False), found, schemas)
    return tuple(kept) or path.steps


def _has(name: str, places: Sequence[Place], schemas: Schemas) -> bool:
    """Tell whether any kind of the nodes at some places has a field, as far as these kinds are told."""
    for place in places:
        is_any = place.kind in _WIDE and not place.among
        kinds = (place.kind,) if is_any else (place.kind, *schemas.within(place))
        if any(_field(schema, name) is not None for schema in schemas.all(kinds)):
            return True
    return False


def resolve(text: str, steps: Steps, places: Sequence[Place], schemas: Schemas) -> Column:
    """Resolve the steps of a path from some places on. Raises as `column`."""
    for index, step in enumerate(steps):
        own = _of_every_node(text, steps[index:], places, schemas)
        if own is not None:
            return own
        found = look_up(text, step, places, schemas)
        if any(isinstance(each.field, AttributeSchema) for each in found):
            return of_attributes(text, steps[index:], found, schemas)
        places = cross(text, step, found, schemas)
    for place in places:
        schemas.check_name(text, "hfid", place)
    return _joined([Column(text, place.hops) for place in places])


def _joined(ways: Sequence[Column]) -> Column:
    first, *others = ways
    return structs.replace(first, also=tuple(others))


def _of_every_node(text: str, rest: Steps, places: Sequence[Place], schemas: Schemas) -> Column | None:
    """Take what every node has beside its attributes, whatever its kind."""
    name = rest[0].name
    if name in NODE_FIELDS and rest == (Step(name),):
        for place in places if name in _NAMES else ():
            schemas.check_name(text, name, place)
        return _joined([Column(text, place.hops, name) for place in places])
    if name != METADATA:
        return None
    if rest not in {(Step(METADATA), Step(each)) for each in INSTANTS}:
        expected = " or ".join(f"{METADATA}.{each}" for each in INSTANTS)
        raise SourceRejectedError(f"{text!r}: expected {expected}")
    return _joined([Column(text, place.hops, METADATA, rest[1].name) for place in places])


def look_up(text: str, step: Step, places: Sequence[Place], schemas: Schemas) -> Sequence[Candidate]:
    """Find the fields that a step may mean at some places. Raises SourceRejectedError where none has it."""
    found = [each for place in places for each in _look_up(text, step, place, schemas)]
    if not found:
        _refuse_unknown(text, step.name, places, schemas)
    return found


def _look_up(text: str, step: Step, place: Place, schemas: Schemas) -> Sequence[Candidate]:
    """Find a field at a place: of its kind itself, else of those that inherit from it, alike ones together."""
    own = _field(schemas[place.kind], step.name)
    if own is not None:
        return [Candidate(place, schemas[place.kind], *own)]
    if not place.among and place.kind in _WIDE:
        if not place.hops:
            return []
        here = f"{place.hops[-1].name}[Kind].{step.name}"
        raise SourceRejectedError(f"{text!r}: {place.kind} is any kind of node, say which: {here}")
    named = None if place.among is None else _field(schemas[place.among], step.name)
    if place.among is not None and named is not None:
        return [Candidate(place, schemas[place.among], *named, (place.among,))]
    alike: dict[object, list[Candidate]] = {}
    for schema in schemas.all(schemas.within(place)):
        field = _field(schema, step.name)
        if field is not None:
            alike.setdefault(_sort(*field), []).append(Candidate(place, schema, *field))
    return [structs.replace(group[0], on=tuple(each.owner.kind for each in group)) for group in alike.values()]


def _field(schema: KindSchema, name: str) -> tuple[Field, bool] | None:
    """Find a field of a kind; over a relation of a hierarchy also all that it leads to in the end."""
    found = schema.attributes.get(name) or schema.relationships.get(name)
    if found is not None:
        return found, False
    if name == CONTENT and FILE_OBJECT in (schema.kind, *schema.inherit_from):
        return FILE, False
    for relation, closure in CLOSURES.items():
        relationship = schema.relationships.get(relation)
        if name == closure and relationship is not None and relationship.hierarchy is not None:
            return relationship, True
    return None


def _sort(field: Field, closure: bool) -> object:  # noqa: FBT001 - what `_field` found, as it is
    """Tell fields apart that have to be asked for separately."""
    if isinstance(field, AttributeSchema):
        return field.kind
    return field.many, (field.hierarchy if closure else None) or field.peer, closure


def _refuse_unknown(text: str, name: str, places: Sequence[Place], schemas: Schemas) -> NoReturn:
    kinds = dict.fromkeys(place.among or place.kind for place in places)
    known: dict[str, None] = {}
    for place in places:
        seen = (place.kind,) if place.kind in _WIDE and not place.among else schemas.within(place)
        for schema in schemas.all((place.kind, *seen)):
            known |= dict.fromkeys((*schema.attributes, *schema.relationships))
            known |= dict.fromkeys((CONTENT,) if _field(schema, CONTENT) else ())
    has = noun(len(kinds), "has", "have")
    is_wide = any(place.kind in _WIDE and not place.among for place in places)
    near = suggestion(name, known) or (", any kind of node is one: read a kind that has it" if is_wide else "")
    raise SourceRejectedError(f"{text!r}: {' and '.join(kinds)} {has} no field {name!r}{near}")


def _refuse_secret(text: str, found: Candidate, schemas: Schemas) -> None:
    """Refuse a secret, also where it is one of those kinds alone that inherit the attribute."""
    inheriting = [] if found.on and found.on != (found.place.among,) else schemas.all(schemas.within(found.place))
    for schema in (found.owner, *inheriting):
        attribute = schema.attributes.get(found.field.name)
        if attribute is not None and attribute.is_secret:
            raise SourceRejectedError(
                f"{text!r}: {attribute.name!r} of {schema.kind} is a {attribute.kind}, secrets are never exported"
            )


def of_attributes(text: str, steps: Steps, found: Sequence[Candidate], schemas: Schemas) -> Column:
    """Take attributes: of each kind that has one what the path wants of it, refused where none has that."""
    attributes = []
    for each in found:
        if isinstance(each.field, RelationshipSchema):
            _refuse_mixed(text, steps, found)
        _refuse_secret(text, each, schemas)
        attributes.append((each, each.field))
    wanted = [(each, attribute, taken(text, each.owner.kind, attribute, steps)) for each, attribute in attributes]
    ways = [
        Column(text, each.place.hops, attribute.name, part.subfield, each.on, part.inner)
        for each, attribute, part in wanted
        if not isinstance(part, SourceRejectedError)
    ]
    if not ways:
        raise next(part for _, _, part in wanted if isinstance(part, SourceRejectedError))
    return _joined(ways)


def _refuse_mixed(text: str, steps: Steps, found: Sequence[Candidate]) -> NoReturn:
    """Name both, and write how that is said which the rest of the path may mean."""
    one, other = (
        next(each for each in found if isinstance(each.field, sort)) for sort in (AttributeSchema, RelationshipSchema)
    )
    hops, name = one.place.hops, steps[0].name
    meant = (other if len(steps) > 1 else one).owner.kind
    say = f"say which: {hops[-1].name}[{meant}].{name}" if hops else "read them by entries of their own"
    raise SourceRejectedError(
        f"{text!r}: {name!r} is an attribute of {one.owner.kind} and a relation of {other.owner.kind}, {say}"
    )


def _hop(found: Candidate, field: RelationshipSchema) -> Hop:
    """Say what a relation leads to: all kinds of a hierarchy, where it is followed to the end."""
    peer = (field.hierarchy if found.closure else None) or field.peer
    return Hop(field.name, field.many or found.closure, peer, found.on, closure=found.closure)


def cross(text: str, step: Step, found: Sequence[Candidate], schemas: Schemas) -> Sequence[Place]:
    """Go on to the peers of a relation, those that the step's selector keeps."""
    hops = [(each.place, _hop(each, each.field)) for each in found if isinstance(each.field, RelationshipSchema)]
    if step.many and not any(hop.many for _, hop in hops):
        raise SourceRejectedError(
            f"{text!r}: {step.name!r} of {found[0].owner.kind} leads to one node, write it without []"
        )
    places = []
    for place, hop in hops:
        keep = _keep(text, step, hop.peer, schemas)
        if keep == OfKinds(()):
            continue
        way = (*place.hops, structs.replace(hop, keep=keep))
        if isinstance(keep, OfKinds) and isinstance(step.selector, OfKind):
            places.append(Place(way, hop.peer, step.selector.kind, keep.kinds))
        else:
            places.append(Place(way, hop.peer))
    if not places and isinstance(step.selector, OfKind):
        peers = " and ".join(dict.fromkeys(hop.peer for _, hop in hops))
        raise SourceRejectedError(
            f"{text!r}: {step.name!r} of {found[0].owner.kind} leads to {peers}, "
            f"and no {step.selector.kind} is one of those"
        )
    return places


def _keep(text: str, step: Step, peer: str, schemas: Schemas) -> Keep | None:
    """Say which peers a selector keeps: None is all, and no kinds is none."""
    start = Place((), peer)
    if isinstance(step.selector, OfKind):
        wanted = schemas.nodes(step.selector.kind)
        if peer == _ANY:
            return OfKinds(wanted)
        if peer in _WIDE:
            return OfKinds(tuple(each.kind for each in schemas.all(wanted) if peer in each.inherit_from))
        there = schemas.within(start)
        kept = tuple(kind for kind in wanted if kind in there)
        return None if set(kept) == set(there) else OfKinds(kept)
    if isinstance(step.selector, Fitting):
        conditions = []
        for predicate in step.selector.predicates:
            condition = Condition(resolve(text, predicate.path, (start,), schemas), predicate)
            if any(way.subfield == CONTENT for way in condition.column.ways):
                raise SourceRejectedError(f"{text!r}: what stands between [ and ] cannot be in a file, use where")
            if condition.column.many:
                raise SourceRejectedError(f"{text!r}: what stands between [ and ] has to lead to one value")
            conditions.append(condition)
        return Meeting(tuple(conditions))
    return step.selector
