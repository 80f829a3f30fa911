"""What branches do to each field of a kind."""

from collections.abc import Mapping

import msgspec

from infrahub_exporter.adapters.embedded.kinds import Attribute, Kind, Relationship


def with_branches(kind: Kind, kinds: Mapping[str, Kind]) -> Kind:
    """Fill in what branches do to each field: as the kind says, or what it and the peer's kind have in common."""
    attributes = dict(kind.attributes)
    for attribute in kind.attributes.values():
        if _as_its_generic(attribute, kind, kinds):
            attributes[attribute.name] = msgspec.structs.replace(attribute, branch=kind.branch)
    relationships = dict(kind.relationships)
    for relationship in kind.relationships.values():
        if not relationship.branch or _as_its_generic(relationship, kind, kinds):
            both = {kind.branch, kinds[relationship.peer].branch if relationship.peer in kinds else kind.branch}
            branch = kind.branch if len(both) == 1 else "local" if "local" in both else "aware"
            relationships[relationship.name] = msgspec.structs.replace(relationship, branch=branch)
    return msgspec.structs.replace(kind, attributes=attributes, relationships=relationships)


def _as_its_generic(field: Attribute | Relationship, kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    """Tell whether a field was inherited from a generic that treats branches as the field does."""
    if not field.inherited:
        return False
    owners = (kinds[each] for each in kind.inherit_from)
    owner = next(each for each in owners if field.name in each.attributes or field.name in each.relationships)
    return field.branch == owner.branch
