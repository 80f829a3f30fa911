#!/usr/bin/env python3
"""Write the built-in kinds of the embedded Infrahub from what a real one says of its schema.

    INFRAHUB_ADDRESS=http://127.0.0.1:8000 INFRAHUB_API_TOKEN=... tools/builtin_kinds.py [FILE]

The server must be a fresh one, into which no schema was loaded. What is written are facts: names and labels, kinds,
choices, relations; what inheritance, groups, profiles and hierarchies add to a kind is left out, since the embedded
one adds it itself.
"""

import json
import os
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TARGET = Path(__file__).parent.parent / "src/infrahub_exporter/adapters/embedded/builtin.json"
_KIND = [
    "name",
    "namespace",
    "branch",
    "inherit_from",
    "hierarchical",
    "human_friendly_id",
    "display_label",
    "default_filter",
    "order_by",
    "uniqueness_constraints",
    "include_in_menu",
    "generate_profile",
    "generate_template",
    "restricted_namespaces",
]
_ATTRIBUTE = [
    "name",
    "kind",
    "branch",
    "enum",
    "read_only",
    "unique",
    "optional",
    "default_value",
    "order_weight",
    "ordered",
    "allow_override",
    "display",
]
_RELATIONSHIP = [
    "name",
    "peer",
    "kind",
    "identifier",
    "cardinality",
    "branch",
    "direction",
    "optional",
    "min_count",
    "max_count",
    "common_parent",
    "common_relatives",
    "on_delete",
    "read_only",
    "order_weight",
    "allow_override",
    "display",
]
_ADDED = frozenset({"Group", "Profile", "Hierarchy", "Template"})
_DEFAULTS: Mapping[str, Any] = {
    "cardinality": "many",
    "direction": "bidirectional",
    "on_delete": "no-action",
    "max_count": 0,
    "ordered": True,
    "allow_override": "any",
}
_OWN = frozenset({"optional", "generate_profile", "include_in_menu", "default_value"})
"""What is written even where it is false, since leaving it out means another thing."""


def facts(kind: Mapping[str, Any]) -> dict[str, Any]:
    """Say of a kind what a schema file would."""
    attributes = [_attribute(each) for each in kind["attributes"] if not each["inherited"]]
    relationships = [
        _pick(each, _RELATIONSHIP) | _label(each)
        for each in kind["relationships"]
        if not each["inherited"] and not (each["kind"] in _ADDED and _is_added(each))
    ]
    picked = _pick(kind, _KIND) | _label(kind)
    if attributes:
        picked["attributes"] = attributes
    if relationships:
        picked["relationships"] = relationships
    return picked


def _is_added(relationship: Mapping[str, Any]) -> bool:
    return relationship["name"] in {
        "member_of_groups",
        "subscriber_of_groups",
        "profiles",
        "object_template",
        "parent",
        "children",
    }


def _attribute(attribute: Mapping[str, Any]) -> dict[str, Any]:
    picked = _pick(attribute, _ATTRIBUTE) | _label(attribute)
    limits = {name: value for name, value in (attribute["parameters"] or {}).items() if value is not None}
    if limits:
        picked["parameters"] = limits
    if attribute["choices"]:
        picked["choices"] = [_pick(each, ["name", "color"]) | _label(each) for each in attribute["choices"]]
    return picked


def _label(named: Mapping[str, Any]) -> dict[str, str]:
    """Give the label where it is another one than the name gives."""
    made = " ".join(word.title() for word in named["name"].split("_"))
    return {} if named["label"] == made else {"label": named["label"]}


def _pick(source: Mapping[str, Any], names: list[str]) -> dict[str, Any]:
    return {name: source[name] for name in names if name in source and _says(name, source[name])}


def _says(name: str, value: object) -> bool:
    """Tell whether leaving a value out would mean another thing."""
    if value is False:
        return name in _OWN
    return value not in (None, [], "") and value != _DEFAULTS.get(name)


def lines(schema: Mapping[str, Any]) -> Iterator[str]:
    """Write a schema with one kind per line, in the order of their names."""
    yield "{\n"
    yield '"version": "1.0",\n'
    for place, sort in enumerate(("generics", "nodes")):
        kinds = sorted(schema[sort], key=lambda kind: kind["kind"])
        written = [json.dumps(facts(each), ensure_ascii=False) for each in kinds]
        yield f'"{sort}": [\n' + ",\n".join(written) + ("\n],\n" if place == 0 else "\n]\n")
    yield "}\n"


def main() -> None:
    """Ask the server and write the file."""
    address = os.environ.get("INFRAHUB_ADDRESS", "http://127.0.0.1:8000").rstrip("/")
    headers = {"X-INFRAHUB-KEY": os.environ.get("INFRAHUB_API_TOKEN", "")}
    request = urllib.request.Request(f"{address}/api/schema?branch=main", headers=headers)  # noqa: S310 - the address that was asked for
    with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310
        schema = json.load(answer)
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.write_text("".join(lines(schema)), encoding="utf-8")
    print(f"{target}: {len(schema['generics'])} generics, {len(schema['nodes'])} nodes")


if __name__ == "__main__":
    main()
