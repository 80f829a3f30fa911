"""Infrahub's own paths: `name__value`, `site__name__value`."""

from functools import cache

from msgspec import Struct


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
