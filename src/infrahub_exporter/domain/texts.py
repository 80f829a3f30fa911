"""How a value reads as a label value."""

from collections.abc import Iterable

import msgspec

from infrahub_exporter.domain.model import Peer, Row


def label_form(kind: str, hfid: tuple[str, ...] | None, identifier: str) -> str:
    """Name a node `Kind__a__b` by its human-friendly id, else by its id (the SDK's form, `include_kind=True`)."""
    return f"{kind}__{'__'.join(hfid)}" if hfid else identifier


def label_forms(rows: Iterable[Row]) -> list[str]:
    """Name many nodes as `label_form` does one: a call for each costs as much again."""
    return [f"{row.kind}__{'__'.join(row.hfid)}" if row.hfid else row.id for row in rows]


def capitalised(value: object) -> object:
    """Write booleans `True` and `False`, alone or among the values that a to-many path found, and leave all else."""
    if isinstance(value, tuple):
        return tuple(map(capitalised, value))
    return str(value) if isinstance(value, bool) else value


def text(value: object) -> str:
    """Write a value: null is empty, booleans `true` or `false`, lists and mappings compact JSON, a peer its label form.

    A tuple is what a to-many path found: its texts, sorted and joined by commas, nulls left out.
    """
    if isinstance(value, str):
        return value
    if value is None:
        return ""
    if isinstance(value, Peer):
        return label_form(value.kind, value.hfid, value.id)
    if isinstance(value, tuple):
        return ",".join(sorted(text(item) for item in value if item is not None))
    return msgspec.json.encode(value).decode()
