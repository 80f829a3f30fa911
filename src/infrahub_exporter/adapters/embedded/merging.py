"""How Infrahub puts a second declaration of a kind into the first: by the names of what both have."""

from collections.abc import Container, Sequence
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
K = TypeVar("K", bound=KindDeclaration)
_NAMED = (AttributeDeclaration, RelationshipDeclaration, ChoiceDeclaration)
_ABSENT = "absent"
_CLEARED = frozenset(
    {"default_filter", "description", "label", "menu_placement", "documentation", "parent", "children"}
)
"""The texts of a kind that a second declaration makes unsaid by an empty one."""
_PATHS = ("human_friendly_id", "display_labels", "order_by")


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
        if isinstance(mine, Parameters) and isinstance(theirs, Parameters):
            changed[name] = merge(mine, theirs)
        elif theirs == "" and name in _CLEARED and isinstance(first, KindDeclaration):
            changed[name] = None if mine else mine
        elif _named(mine) and _named(theirs):
            changed[name] = _merge_named(mine or (), theirs)
        else:
            changed[name] = theirs
    return msgspec.structs.replace(first, **changed)


def without_absent(declaration: K, second: KindDeclaration) -> K:
    """Take what a second declaration has `absent` out of the paths of the first, before the two are merged."""
    gone = {each.name for each in (*second.attributes, *second.relationships) if each.state == _ABSENT}
    if not gone:
        return declaration
    changed: dict[str, Any] = {name: _left(getattr(declaration, name), gone) for name in _PATHS}
    constraints = [_left(each, gone) for each in declaration.uniqueness_constraints or ()]
    changed["uniqueness_constraints"] = tuple(dict.fromkeys(each for each in constraints if each)) or None
    if _left((declaration.default_filter or "",), gone) == ():
        changed["default_filter"] = None
    return msgspec.structs.replace(declaration, **changed)


def _left(paths: tuple[str, ...] | None, gone: Container[str]) -> tuple[str, ...] | None:
    return None if paths is None else tuple(each for each in paths if each.partition("__")[0] not in gone)


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
