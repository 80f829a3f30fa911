"""GraphQL documents over the known inventory, and what they must answer."""

from collections.abc import Callable, Mapping

from infrahub_exporter.domain.model import JSON

ANSWERS: Mapping[str, Mapping[str, JSON]] = {
    "query { ContractRegion { count edges { node { __typename hfid name { value } } } } }": {
        "ContractRegion": {
            "count": 2,
            "edges": [
                {"node": {"__typename": "ContractRegion", "hfid": ["alps"], "name": {"value": "alps"}}},
                {"node": {"__typename": "ContractRegion", "hfid": ["void"], "name": {"value": "void"}}},
            ],
        }
    },
    "query known { "
    'devices: ContractDevice(name__values: ["core1", "bare"]) { edges { node { '
    "name { value } description { value } serial { value } facts { value } site { node { name { value } } } "
    "tags { edges { node { name { value } } } } } } } "
    'none: ContractTag(name__value: "green") { count edges { node { name { value } } } } '
    "}": {
        "devices": {
            "edges": [
                {
                    "node": {
                        "name": {"value": "bare"},
                        "description": {"value": None},
                        "serial": {"value": None},
                        "facts": {"value": None},
                        "site": {"node": None},
                        "tags": {"edges": []},
                    }
                },
                {
                    "node": {
                        "name": {"value": "core1"},
                        "description": {"value": 'says "hi",\nthen C:\\temp'},
                        "serial": {"value": 9007199254740993},
                        "facts": {"value": {"fans": 4, "psu": ["ok", None], "half": 0.5, "accent": "ü"}},
                        "site": {"node": {"name": {"value": "lyon"}}},
                        "tags": {
                            "edges": [{"node": {"name": {"value": "blue"}}}, {"node": {"name": {"value": "red"}}}]
                        },
                    }
                },
            ]
        },
        "none": {"count": 0, "edges": []},
    },
}
"""Documents and the whole of their answers' `data`."""


def _regions(variables: Mapping[str, JSON]) -> Mapping[str, JSON]:
    names = variables["names"]
    assert isinstance(names, list)
    edges: list[JSON] = [{"node": {"name": {"value": name}}} for name in ("alps", "void") if name in names]
    return {"ContractRegion": {"edges": edges}}


FILLED: Mapping[str, Callable[[Mapping[str, JSON]], Mapping[str, JSON]]] = {
    "query ($names: [String]) { ContractRegion(name__values: $names) { edges { node { name { value } } } } }": _regions
}
"""Documents with variables, and what makes their answers' `data` of these."""
