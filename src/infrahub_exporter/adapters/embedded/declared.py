"""Declarations and where they were written, so that what is wrong with one can be named."""

import difflib
from collections.abc import Iterable, Mapping

import msgspec

from infrahub_exporter.adapters.embedded.declarations import GenericDeclaration, NodeDeclaration
from infrahub_exporter.adapters.embedded.kinds import RESTRICTED, Kind

BUILTIN = "built-in"
"""The source of what every Infrahub has."""


class Declared(msgspec.Struct):
    """A declaration, the file that it was written in, the files of fields that came from another one, who has it."""

    source: str
    declaration: NodeDeclaration | GenericDeclaration
    fields: dict[str, str] = {}
    built_in: bool = False

    def place(self, field: str) -> str:
        """Name the file and the place of a field."""
        return f"{self.fields.get(field, self.source)}: {self.declaration.key}.{field}"


_DERIVED = {"Template": "generate_template", "Profile": "generate_profile"}
"""The kinds that Infrahub makes of one that is declared, by the beginning of their names, and what has it do so."""


def unknown(kind: str, known: Iterable[str]) -> str:
    """Say that a kind is missing, and of which sort."""
    known = frozenset(known)
    near = difflib.get_close_matches(kind, sorted(known), n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    for prefix, wanted in _DERIVED.items():
        bare = kind.removeprefix(prefix)
        if bare != kind and bare in known:
            return f"{kind}: {bare} has no {prefix.lower()}, expected {wanted}: true there"
        if bare != kind and not bare.startswith(RESTRICTED):
            return f"{kind}: {unknown(bare, known)}"
    if kind.startswith(RESTRICTED):
        return f"{kind}: no kind that every Infrahub has{hint}"
    return f"{kind}: not declared in any of these files{hint}"


def origin(field: str, kind: Kind, declared: Mapping[str, Declared]) -> Declared:
    """Find the declaration that a field of a kind was written in: its own or a generic's."""
    for key in (kind.key, *kind.inherit_from):
        declaration = declared[key].declaration
        if any(each.name == field for each in (*declaration.attributes, *declaration.relationships)):
            return declared[key]
    return declared[kind.key]
