"""The shape of the inventory as an Infrahub describes it: kinds at the REST API, types at GraphQL."""

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
