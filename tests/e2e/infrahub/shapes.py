"""The shape of the inventory as an Infrahub describes it: kinds at the REST API, types at GraphQL."""

from collections.abc import Mapping
from typing import Any

from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import Ask

_TYPE = """query type($name: String!) { __type(name: $name) {
  fields(includeDeprecated: true) { name type { ...of } args(includeDeprecated: true) { name type { ...of } } }
  inputFields(includeDeprecated: true) { name type { ...of } } } }
fragment of on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"""


_OF_KIND = (
    *("kind", "name", "namespace", "label", "human_friendly_id", "display_label", "order_by", "uniqueness_constraints"),
    *("inherit_from", "hierarchy", "hierarchical", "parent", "children"),
)
_OF_ATTRIBUTE = ("kind", "label", "optional", "inherited", "unique", "read_only", "default_value", "enum")
_OF_RELATIONSHIP = (
    *("peer", "cardinality", "kind", "identifier", "direction", "optional", "label", "hierarchical", "inherited"),
    *("min_count", "max_count", "on_delete", "read_only", "branch"),
)

OTHERS = "used_by"
"""What of a description the embedded Infrahub may have less of: more schemas are loaded into the real one."""


def kind_at(infrahub: Infrahub, kind: str) -> dict[str, Any]:
    """Describe a kind by what an answer depends on."""
    body: Any = infrahub.ask(Ask(path=f"/api/schema/{kind}?branch=main")).body
    described: dict[str, Any] = {key: body.get(key) for key in _OF_KIND}
    described["attributes"] = {
        each["name"]: [
            *(each[key] for key in _OF_ATTRIBUTE),
            sorted(choice["name"] for choice in each["choices"] or ()),
        ]
        for each in body["attributes"]
    }
    described["relationships"] = {
        each["name"]: [each[key] for key in _OF_RELATIONSHIP] for each in body["relationships"]
    }
    described["used_by"] = sorted(body.get("used_by") or ())
    return described


_TEXTS = frozenset({"description", "icon", "documentation", "menu_placement"})
_OF_THE_INSTALLATION = frozenset({"id", "hash", "used_by", "order_weight", "source_attribute_id"})
_LEFT_OUT = _TEXTS | _OF_THE_INSTALLATION


def bare_kinds(body: Mapping[str, Any]) -> dict[str, Any]:
    """Give what `/api/schema` says of each kind, without texts and what differs between installations."""
    listed = [each for sort in ("nodes", "generics", "profiles", "templates") for each in body.get(sort, ())]
    return {each["kind"]: _bare(each) for each in listed}


def _bare(described: Mapping[str, Any]) -> dict[str, Any]:
    """Order fields by their names, too."""
    kept = {name: value for name, value in described.items() if name not in _LEFT_OUT}
    kept["display_labels"] = kept["display_labels"] or None
    for fields in ("attributes", "relationships"):
        kept[fields] = {
            each["name"]: {name: _value(name, value) for name, value in each.items() if name not in _LEFT_OUT}
            for each in kept[fields]
        }
    return kept


def _value(name: str, value: Any) -> Any:
    if name == "choices" and value:
        return [(choice["name"], choice["color"], choice["label"]) for choice in value]
    return value


def type_at(infrahub: Infrahub, name: str) -> set[str]:
    """Write each field and argument of a type with its own type in one line."""
    body: Any = infrahub.ask(Ask(document=_TYPE, variables={"name": name})).body
    described = body["data"]["__type"]
    lines: set[str] = set()
    if described is None:
        return lines
    for field in described["fields"] or ():
        lines.add(f"{field['name']}: {_written(field['type'])}")
        lines |= {f"{field['name']}({each['name']}: {_written(each['type'])})" for each in field["args"]}
    for field in described["inputFields"] or ():
        lines.add(f"{field['name']}: {_written(field['type'])}")
    return lines


def _written(described: Any) -> str:
    if described["kind"] == "NON_NULL":
        return f"{_written(described['ofType'])}!"
    if described["kind"] == "LIST":
        return f"[{_written(described['ofType'])}]"
    return str(described["name"])
