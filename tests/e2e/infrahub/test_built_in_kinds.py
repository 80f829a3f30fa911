"""What both say of the kinds that every Infrahub has, at `/api/schema`."""

from typing import Any

import httpx

_TEXTS = frozenset({"description", "icon", "documentation", "menu_placement"})
_OF_THE_INSTALLATION = frozenset({"id", "hash", "used_by", "order_weight", "source_attribute_id"})
_LEFT_OUT = _TEXTS | _OF_THE_INSTALLATION
_OWN = frozenset({"Core", "Builtin", "Lineage"})


def _kinds(address: str) -> dict[str, Any]:
    answer = httpx.get(f"{address}/api/schema", timeout=60)
    listed = [each for sort in ("nodes", "generics", "profiles") for each in answer.json()[sort]]
    return {each["kind"]: _bare(each) for each in listed if each["namespace"] in _OWN or each["name"] == "BuiltinTag"}


def _bare(described: dict[str, Any]) -> dict[str, Any]:
    """Leave out what differs between installations, and order fields by their names."""
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


def test_the_embedded_infrahub_knows_each_built_in_kind_as_it_is(real_address: str, embedded_address: str) -> None:
    real, embedded = _kinds(real_address), _kinds(embedded_address)

    assert embedded.keys() == real.keys()
    assert [key for key in real if embedded[key] != real[key]] == []
    assert len(real) > 80
