"""Rows of a GraphQL answer, and the paths that begin at them."""

from collections.abc import Mapping

import pytest
from hypothesis import given

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.answer_rows import Lacking, rows_of
from infrahub_exporter.domain.views.rows import Found
from tests.unit.domain.anything import JSON_VALUES, PATHS


def edges(*nodes: JSON) -> dict[str, JSON]:
    return {"edges": [{"node": node} for node in nodes]}


def port(number: str, name: str, **more: JSON) -> dict[str, JSON]:
    return {"id": number, "__typename": "InfraPort", "name": {"value": name}, **more}


LEAF: dict[str, JSON] = {
    "id": "d1",
    "__typename": "InfraLeaf",
    "name": {"value": "leaf1"},
    "site": {"node": {"name": {"value": "paris"}}},
    "ports": edges(port("p1", "et0", speed={"value": 10}), port("p2", "et1", speed={"value": None})),
    "modules": {"value": ["if_mib", None, "bgp"]},
    "plan": {"value": {"slots": [{"name": "a", "cards": [{"no": 1}, {"no": 2}]}, {"name": "b", "cards": []}]}},
}
BARE: dict[str, JSON] = {
    "id": "d2",
    "name": {"value": "leaf2"},
    "site": {"node": None},
    "ports": edges(),
    "modules": {"value": None},
    "plan": {"value": {"slots": []}},
}
ANSWER: Mapping[str, JSON] = {"InfraDevice": edges(LEAF, BARE), "info": {"version": "1.11", "workers": [{"no": 7}]}}


def test_without_rows_the_nodes_under_the_root_fields_are_the_rows() -> None:
    assert rows_of(ANSWER, None, ["name", "site.name", "ports[].name"]).rows == (
        Found("d1", "InfraLeaf", (("leaf1",), ("paris",), ("et0", "et1"))),
        Found("d2", "InfraDevice", (("leaf2",), (), ())),
    )


def test_the_same_rows_may_be_named() -> None:
    assert rows_of(ANSWER, "InfraDevice[]", ["name", "^info.version"]).rows == (
        Found("d1", "InfraLeaf", (("leaf1",), ("1.11",))),
        Found("d2", "InfraDevice", (("leaf2",), ("1.11",))),
    )


def test_the_peers_of_a_relation_are_rows_and_the_way_leads_back() -> None:
    assert rows_of(
        ANSWER, "InfraDevice[].ports[]", ["name", "speed", "^name", "^site.name", "^^info.version"]
    ).rows == (
        Found("p1", "InfraPort", (("et0",), (10,), ("leaf1",), ("paris",), ("1.11",))),
        Found("p2", "InfraPort", (("et1",), (), ("leaf1",), ("paris",), ("1.11",))),
    )


def test_the_peer_of_a_relation_to_one_is_a_row_of_a_kind_that_nobody_asked_for() -> None:
    assert rows_of(ANSWER, "InfraDevice[].site", ["name", "^name"]).rows == (Found("", "", (("paris",), ("leaf1",))),)


def test_a_selector_chooses_rows() -> None:
    assert rows_of(ANSWER, "InfraDevice[name=leaf1].ports[name!=et0]", ["name"]).rows == (
        Found("p2", "InfraPort", (("et1",),)),
    )
    assert rows_of(ANSWER, "InfraDevice[name=leaf3].ports[]", ["name"]).rows == ()


def test_the_node_that_a_row_came_from_is_left_out_by_other() -> None:
    ends = edges(port("p1", "et0"), port("p3", "et9"))
    answer: dict[str, JSON] = {"InfraPort": edges(port("p1", "et0", cable={"node": {"id": "c1", "ends": ends}}))}
    assert rows_of(answer, "InfraPort[].cable.ends[other]", ["name", "^id", "^^name"]).rows == (
        Found("p3", "InfraPort", (("et9",), ("c1",), ("et0",))),
    )
    assert rows_of(answer, "InfraPort[].cable", ["ends[other].name"]).rows == (Found("c1", "", (("et9",),)),)


def test_elements_of_json_are_rows_of_the_node_that_holds_them() -> None:
    assert rows_of(ANSWER, "InfraDevice[].plan.slots[]", ["name", "^name", "cards[].no"]).rows == (
        Found("d1", "InfraLeaf", (("a",), ("leaf1",), (1, 2))),
        Found("d1", "InfraLeaf", (("b",), ("leaf1",), ())),
    )
    assert rows_of(ANSWER, "InfraDevice[].plan.slots[].cards[]", ["no", "^name", "^^name"]).rows == (
        Found("d1", "InfraLeaf", ((1,), ("a",), ("leaf1",))),
        Found("d1", "InfraLeaf", ((2,), ("a",), ("leaf1",))),
    )


def test_an_element_that_is_no_object_is_its_value() -> None:
    assert rows_of(ANSWER, "InfraDevice[].modules[]", ["value", "^name"]).rows == (
        Found("d1", "InfraLeaf", (("if_mib",), ("leaf1",))),
        Found("d1", "InfraLeaf", (("bgp",), ("leaf1",))),
    )


def test_what_is_no_node_at_all_may_be_rows() -> None:
    assert rows_of(ANSWER, "info.workers[]", ["no"]).rows == (Found("", "", ((7,),)),)
    assert rows_of(
        {"DiffTree": {"nodes": [{"label": "x"}]}}, "DiffTree.nodes[]", ["label", "^DiffTree.nodes[].label"]
    ).rows == (Found("", "", (("x",), ("x",))),)
    assert rows_of(ANSWER, "info", ["version"]).rows == (Found("", "info", (("1.11",),)),)


def test_a_path_that_no_row_contains_is_lacking_with_what_may_be_meant() -> None:
    found = rows_of(
        ANSWER, "InfraDevice[].plan.slots[]", ["nmae", "^serial", "name", "^^^x", "^plan.slots[].cards[].x"]
    )
    assert found.lacking == (
        Lacking("nmae", ", did you mean 'name'?", is_key=True),
        Lacking("^serial", "", is_key=False),
        Lacking("^^^x", "", is_key=False),
        Lacking("^plan.slots[].cards[].x", "", is_key=True),
    )
    assert found.rows[0].values == ((), (), ("a",), (), ())


def test_what_is_asked_for_of_some_kinds_only_is_not_lacking() -> None:
    assert rows_of(ANSWER, None, ["serial", "rack.name"], optional={"serial"}).lacking == (
        Lacking("rack.name", "", is_key=False),
    )


def test_rows_that_the_answer_does_not_contain_are_a_failure() -> None:
    problems = {
        "InfraDevise[]": "rows 'InfraDevise[]': the query's answer has no 'InfraDevise', did you mean 'InfraDevice'?",
        "InfraDevice[].prots[]": "rows 'InfraDevice[].prots[]': the query's answer does not contain it",
        "nothing": "rows 'nothing': the query's answer has no 'nothing'",
    }
    for rows, problem in problems.items():
        with pytest.raises(DerivationError) as raised:
            rows_of({**ANSWER, "nothing": None}, rows, ["name"])
        assert str(raised.value) == problem


def test_no_rows_are_no_failure() -> None:
    empty: Mapping[str, JSON] = {"InfraDevice": edges()}
    assert rows_of(empty, "InfraDevice[].ports[]", ["nmae"]) == rows_of(empty, None, ["nmae"])
    assert rows_of(ANSWER, "InfraDevice[].cards[]", ["name"], optional={"cards"}).rows == ()


@pytest.mark.parametrize("depth", [1, 5000])
def test_json_may_be_as_deep_as_it_likes(depth: int) -> None:
    nested: JSON = "end"
    for _ in range(depth):
        nested = [nested]
    answer: Mapping[str, JSON] = {"InfraDevice": edges({"list": {"value": nested}})}
    assert rows_of(answer, "InfraDevice[].list[]", ["value"]).rows == (Found("", "", (("end",),)),)
    assert rows_of(answer, "InfraDevice[].list[]", ["^list[]"]).rows == (Found("", "", (("end",),)),)


@given(JSON_VALUES, PATHS, PATHS)
def test_any_answer_gives_rows_or_a_derivation_error(node: JSON, rows: str, path: str) -> None:
    try:
        found = rows_of({"Kind": edges(node, node)}, f"Kind[].{rows}", [path, f"^{path}"])
    except DerivationError:
        return
    assert all(len(row.values) == 2 for row in found.rows)


@pytest.mark.parametrize("name", ["id", "__typename"])
@pytest.mark.parametrize("given", [[1], 5, True])
def test_a_node_whose_id_or_kind_is_no_text_is_no_answer(name: str, given: JSON) -> None:
    answer: dict[str, JSON] = {"DcimDevice": {"edges": [{"node": {name: given, "name": {"value": "a"}}}]}}
    with pytest.raises(DerivationError) as refused:
        rows_of(answer, None, ["name"])
    assert str(refused.value) == f"the query's answer has a node whose {name} is no text"
