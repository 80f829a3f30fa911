"""What can be taken of an attribute, by its kind."""

from collections.abc import Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.columns import CONTENT
from infrahub_exporter.domain.asking.paths import Step, Steps, suggestion
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema

_SUBFIELDS: Mapping[str, tuple[str, ...]] = {
    "IPHost": ("ip", "hostmask", "netmask", "prefixlen", "version", "with_hostmask", "with_netmask"),
    "IPNetwork": (
        "broadcast_address",
        "hostmask",
        "netmask",
        "prefixlen",
        "version",
        "with_hostmask",
        "with_netmask",
    ),
    "IPAddress": ("version",),
    "Dropdown": ("label", "color", "description"),
    "MacAddress": (
        "oui",
        "ei",
        "version",
        "binary",
        "eui48",
        "eui64",
        "bare",
        "dot_notation",
        "semicolon_notation",
        "split_notation",
    ),
}
"""Subfields by attribute kind (GraphQL types of Infrahub 1.11); `num_addresses` is left out, it overflows."""

_COMMON = ("value", "id", "updated_at", "is_default", "is_from_profile", "is_protected")
_PROPERTIES = frozenset(map(Step, _COMMON))
_ENTERED = frozenset({"JSON", "List"})
"""The kinds whose values a path leads on into."""


FILE_OBJECT = "CoreFileObject"
"""The generic of the kinds whose nodes have a file."""
FILE = AttributeSchema("checksum", "FileContent", optional=False)
"""The file of a file object, looked at as an attribute: it is another one when its checksum is."""


class Taken(Struct, frozen=True):
    """What a path takes of an attribute: a subfield, and the way on inside its value."""

    subfield: str
    inner: Steps = ()


def taken(text: str, kind: str, attribute: AttributeSchema, steps: Steps) -> Taken | SourceRejectedError:
    """Say what a path takes of an attribute, whose step comes first, or, with a suggestion, that it is not there."""
    first, rest = steps[0], steps[1:]
    here = f"{text!r}: {first.name!r} of {kind} is an attribute"
    if any(step.selector is not None for step in steps):
        return SourceRejectedError(f"{here}, and [...] chooses among the peers of a relation")
    if attribute is FILE:
        return Taken(CONTENT, (Step("", first.many), *rest) if first.many or rest else ())
    if attribute.kind in _ENTERED:
        says_value = bool(rest) and rest[0].name == "value" and not first.many
        many, onward = (rest[0].many, rest[1:]) if says_value else (first.many, rest)
        is_property = not says_value and not many and len(rest) == 1 and rest[0] in _PROPERTIES
        if not is_property and (attribute.kind == "JSON" or many or not onward):
            return Taken("value", (Step("", many), *onward) if many or onward else ())
    if first.many:
        return SourceRejectedError(f"{here}, write it without []")
    known = (*_COMMON, *_SUBFIELDS.get(attribute.kind, ()))
    subfield, *further = rest or (Step("value"),)
    if not further and subfield.name in known:
        return Taken(subfield.name)
    wrong = ".".join(step.name for step in rest)
    return SourceRejectedError(f"{here} of kind {attribute.kind} and has no {wrong!r}{suggestion(wrong, known)}")
