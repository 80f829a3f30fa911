"""The shape of the inventory as an Infrahub describes it: kinds at the REST API, types at GraphQL."""

from typing import Any

from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import Ask

_TYPE = """query type($name: String!) { __type(name: $name) { kind
  fields { name type { ...of } args { name type { ...of } } } inputFields { name type { ...of } } } }
fragment of on __Type { kind name ofType { kind name ofType { kind name ofType { kind name } } } }"""


def kind_at(infrahub: Infrahub, kind: str) -> dict[str, Any]:
    """Describe a kind by what an answer depends on."""
    body: Any = infrahub.ask(Ask(path=f"/api/schema/{kind}?branch=main")).body
    attributes = {
        each["name"]: tuple(
            str(sorted(choice["name"] for choice in each[key] or ())) if key == "choices" else str(each[key])
            for key in (
                "kind",
                "label",
                "description",
                "optional",
                "unique",
                "read_only",
                "default_value",
                "enum",
                "choices",
            )
        )
        for each in body["attributes"]
    }
    relationships = {
        each["name"]: tuple(
            each[key]
            for key in ("peer", "cardinality", "kind", "identifier", "direction", "optional", "label", "hierarchical")
        )
        for each in body["relationships"]
    }
    keys = (
        "kind",
        "name",
        "namespace",
        "label",
        "human_friendly_id",
        "display_label",
        "order_by",
        "uniqueness_constraints",
    )
    more = ("inherit_from", "hierarchy", "hierarchical", "used_by", "parent", "children")
    named = {
        key: sorted(body[key]) if isinstance(body.get(key), list) and key == "used_by" else body.get(key)
        for key in (*keys, *more)
    }
    return {**named, "attributes": attributes, "relationships": relationships}


def type_at(infrahub: Infrahub, name: str) -> set[str]:
    """Write each field and argument of a type with its own type in one line."""
    body: Any = infrahub.ask(Ask(document=_TYPE, variables={"name": name})).body
    described = body["data"]["__type"]
    if described is None:
        return {"no such type"}
    lines = set()
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
