"""Infrahub's own paths (`name__value`, `site__name__value`) and the templates that are made of them."""

import re
from functools import cache

from msgspec import Struct

_PLACEHOLDER = re.compile(r"\{\{\s*(.*?)\s*\}\}", re.DOTALL)
_PATH = re.compile(r"^[A-Za-z_][A-Za-z0-9_]*$")
_FILTERS = frozenset({"upper", "lower", "title", "capitalize", "trim"})


class TemplateError(ValueError):
    """A template that is more than text, paths and simple filters."""


class AttributePath(Struct, frozen=True):
    """A property of an attribute, of the node itself or over one to-one relationship."""

    relationship: str | None
    attribute: str
    property: str
    property_given: bool = True


@cache
def parse_path(text: str) -> AttributePath:
    """Parse a path; without a property it is the value. A direction at the end (`name__value__desc`) is not part."""
    parts = text.split("__")
    if len(parts) == 1:
        return AttributePath(None, parts[0], "value", property_given=False)
    if len(parts) == 2:  # noqa: PLR2004 - attribute and property
        return AttributePath(None, parts[0], parts[1])
    return AttributePath(parts[0], parts[1], "__".join(parts[2:]))


class Piece(Struct, frozen=True):
    """A piece of a template: a text, or a path with filters."""

    text: str = ""
    path: str | None = None
    filters: tuple[str, ...] = ()


@cache
def parse_template(template: str, *, bare: bool = True) -> tuple[Piece, ...]:
    """Split a template into pieces. `bare`: one without braces is a path, as in `display_label: name__value`.

    Raises:
        TemplateError: for anything but texts, paths and the filters upper, lower, title, capitalize and trim.
    """
    if bare and template and _PATH.match(template):
        return (Piece(path=template),)
    if "{%" in template or "{#" in template:
        raise TemplateError(f"{template!r}: statements, expected a template of texts and {{{{ paths }}}}")
    pieces = []
    at = 0
    for match in _PLACEHOLDER.finditer(template):
        pieces.append(Piece(text=template[at : match.start()]))
        path, *filters = (each.strip() for each in match.group(1).split("|"))
        if not _PATH.match(path) or not _FILTERS.issuperset(filters):
            raise TemplateError(f"{match.group(0)}: expected a path, and of filters {', '.join(sorted(_FILTERS))}")
        pieces.append(Piece(path=path, filters=tuple(filters)))
        at = match.end()
    pieces.append(Piece(text=template[at:]))
    return tuple(each for each in pieces if each.text or each.path)


def template_paths(template: str, *, bare: bool = True) -> tuple[str, ...]:
    """List the paths of a template. Raises TemplateError."""
    return tuple(each.path for each in parse_template(template, bare=bare) if each.path)


def apply_filters(value: str, filters: tuple[str, ...]) -> str:
    """Apply a piece's filters to a text."""
    for name in filters:
        value = value.strip() if name == "trim" else getattr(value, name)()
    return value
