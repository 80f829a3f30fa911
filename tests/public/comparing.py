"""Make answers of two servers comparable: names in place of ids, no times, no order where none was asked for."""

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
_STAMP = re.compile(r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:\+00:00|Z)$")
NODES = (
    "{ CoreNode { edges { node { id __typename hfid display_label } } } "
    "CoreGroup { edges { node { id __typename hfid display_label } } } }"
)
"""Asked of each server, so that its ids have names."""


def names_of(answer: Mapping[str, Any]) -> dict[str, str]:
    """Name the ids of all nodes by kind and human-friendly id, or by the display label."""
    nodes = (edge["node"] for page in answer["data"].values() for edge in page["edges"])
    return {
        each["id"]: f"<{each['__typename']} {each['hfid'] or _UUID.sub('<id>', each['display_label'])}>"
        for each in nodes
    }


def filled(variables: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """Put the ids that a server has in place of names."""
    ids = {name: each for each, name in names.items()}
    return {**variables, **{name: [ids[each] for each in variables[name]] for name in ("ids",) if name in variables}}


def comparable(value: Any, names: Mapping[str, str], *, ordered: bool) -> Any:
    """Bring an answer into the form that it has on any server."""
    if isinstance(value, dict):
        return {name: comparable(each, names, ordered=ordered) for name, each in value.items()}
    if isinstance(value, list):
        made = [comparable(each, names, ordered=ordered) for each in value]
        edges = all(isinstance(each, dict) for each in made)
        return made if ordered or not edges else sorted(made, key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(value, str):
        text = _UUID.sub(lambda match: names.get(match[0], "<id>"), value)
        return "<time>" if _STAMP.match(text) else text
    return value


def differences(first: Any, second: Any, place: str = "") -> Iterator[str]:
    """Yield where two comparable answers differ."""
    if isinstance(first, dict) and isinstance(second, dict):
        for name in first.keys() | second.keys():
            yield from differences(first.get(name), second.get(name), f"{place}.{name}")
    elif isinstance(first, list) and isinstance(second, list) and len(first) == len(second):
        for number, (one, other) in enumerate(zip(first, second, strict=True)):
            yield from differences(one, other, f"{place}[{number}]")
    elif first != second:
        yield f"{place}: {first!r}, expected {second!r}"
