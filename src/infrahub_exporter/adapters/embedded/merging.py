"""How Infrahub puts a second declaration of a kind into the first: by the names of what both have."""

from collections.abc import Sequence
from typing import Any, TypeVar

import msgspec

from infrahub_exporter.adapters.embedded.declarations import (
    AttributeDeclaration,
    ChoiceDeclaration,
    ExtensionDeclaration,
    KindDeclaration,
    Parameters,
    RelationshipDeclaration,
)

T = TypeVar("T", bound=msgspec.Struct)
_NAMED = (AttributeDeclaration, RelationshipDeclaration, ChoiceDeclaration)
_ABSENT = "absent"


def merge(first: T, second: msgspec.Struct) -> T:
    """Put what the second declaration says into the first.

    What it leaves null stays; a value or a list takes the place of the first one's, defaults too, as a server does it;
    attributes, relationships and choices are merged by their names, and gone where the second has them `absent`.
    """
    changed: dict[str, Any] = {}
    for name in first.__struct_fields__:
        if name not in second.__struct_fields__:
            continue
        mine, theirs = getattr(first, name), getattr(second, name)
        if theirs is None or theirs == mine or theirs is msgspec.UNSET:
            continue
        if isinstance(theirs, Parameters):
            changed[name] = merge(mine, theirs)
        elif _named(mine) and _named(theirs):
            changed[name] = _merge_named(mine or (), theirs)
        else:
            changed[name] = theirs
    return msgspec.structs.replace(first, **changed)


def twice(declaration: KindDeclaration | ExtensionDeclaration) -> str | None:
    """Name the first field that one declaration has twice."""
    seen: set[str] = set()
    for each in (*declaration.attributes, *declaration.relationships):
        if each.name in seen:
            return each.name
        seen.add(each.name)
    return None


def _named(value: object) -> bool:
    return value is None or (isinstance(value, tuple) and all(isinstance(each, _NAMED) for each in value))


def _merge_named(first: Sequence[Any], second: Sequence[Any]) -> tuple[Any, ...]:
    """Merge two lists by name: what only one has, in its order, then what both have."""
    mine, theirs = {each.name: each for each in first}, {each.name: each for each in second}
    kept = [each for each in first if each.name not in theirs]
    added = [each for each in second if each.name not in mine and each.state != _ABSENT]
    both = [merge(each, theirs[each.name]) for each in first if each.name in theirs]
    return (*kept, *added, *(each for each in both if each.state != _ABSENT))
