"""The directive `@expand`: the attributes of nodes without their names in the document."""

from typing import Any

import pytest

from tests.unit.adapters.embedded.conftest import Asker

NAME = {"value": "oslo", "is_default": False, "is_from_profile": False}
CODE = {"value": "osl", "is_default": False, "is_from_profile": False}


@pytest.mark.parametrize(
    ("node", "added"),
    [
        ("node @expand { display_label }", {"display_label": "oslo", "name": NAME, "code": CODE}),
        ("node @expand { code { value } hfid }", {"code": CODE, "hfid": ["oslo"], "name": NAME}),
        ("node @expand { short: code { is_protected } }", {"short": {"is_protected": False, **CODE}, "name": NAME}),
        ("node @expand { ...short } ", {"code": CODE, "name": NAME}),
        ("node @expand { ... on NetSite { code { value } } } ", {"code": CODE, "name": NAME}),
        ('node @expand(exclude: ["name", "colour"]) { ...short }', {"code": CODE}),
        # what a variable excludes is not left out
        ("node @expand(exclude: $none) { ...short }", {"code": CODE, "name": NAME}),
    ],
)
def test_nodes_of_a_root_field_come_with_all_attributes_of_its_kind(
    node: str, added: dict[str, Any], ask: Asker
) -> None:
    document = (
        f'query ($none: [String] = ["name"]) {{ NetSite(name__values: ["oslo"]) {{ edges {{ {node} }} }} '
        "NetRegion(name__values: $none) { edges { node { children { edges { node { ...short } } } } } } } "
        "fragment short on NetSite { code { value } }"
    )
    for _ in range(2):  # a document is parsed once
        (edge,) = ask(document)["NetSite"]["edges"]
        assert edge["node"] == {"__typename": "NetSite", "id": ask.id("NetSite", "oslo"), **added}


def test_nodes_of_a_generic_come_with_the_attributes_that_it_has(ask: Asker) -> None:
    nodes = ask('{ NetPort(name__value: "et2") { edges { node @expand { __typename } } } }')["NetPort"]["edges"]
    assert [set(each["node"]) for each in nodes] == [{"__typename", "id", "name", "enabled"}]


def test_anywhere_else_the_name_of_the_type_is_added(ask: Asker) -> None:
    document = (
        '{ NetSite(name__value: "oslo") { edges { node { code @expand { value } parent { node @expand '
        "{ display_label } } } } } InfrahubInfo @expand { version } }"
    )
    (edge,) = ask(document)["NetSite"]["edges"]
    assert edge["node"] == {
        "code": {"value": "osl", "__typename": "TextAttribute"},
        "parent": {"node": {"display_label": "north", "__typename": "NetRegion"}},
    }


def test_a_document_that_is_refused_is_not_expanded(ask: Asker) -> None:
    error = ask.error("{ NetSite { edges { node @expand(only: []) { id } } } }")
    assert error["message"] == "Unknown argument 'only' on directive '@expand'."
