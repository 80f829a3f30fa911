"""Filters, those that tell the truth and those that do not."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from tests.unit.adapters.embedded.conftest import Asker, Hands

Ask = Any
Write = Callable[[str, str], Path]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ('name__value: "leaf1"', ["LEAF1"]),
        ('name__value: "LEAF1"', []),
        ('name__values: ["leaf1", "bare"]', ["BARE", "LEAF1"]),
        ("units__value: 0", ["LEAF1"]),
        ("units__isnull: true", ["BARE"]),
        ("units__isnull: false", ["CORE1", "LEAF1"]),
        ("watched__value: false", ["CORE1"]),
        ('role__value: "core_router"', ["CORE1"]),
        ('management__value: "192.0.2.1/24"', ["LEAF1"]),
        ('management__value: "192.0.2.1"', []),
        ('aliases__value: "a,b"', ["LEAF1"]),
        ('aliases__values: ["nothing", "one"]', ["LEAF1"]),
        ("aliases__isnull: true", []),
        ("aliases__values: []", ["BARE", "CORE1", "LEAF1"]),
        ("installed__isnull: false", ["LEAF1"]),
        ('any__value: "core_router"', ["CORE1"]),
        ('any__values: ["core_router", "gold"]', ["CORE1", "LEAF1"]),
        ('name__value: "EAF", partial_match: true', ["LEAF1"]),
        ("units__value: 2, partial_match: true", ["CORE1"]),
        ('tier__value: "null", partial_match: true', ["BARE", "CORE1"]),
        ('display_label__value: "BARE (leaf)"', ["BARE"]),
        ('site__name__value: "oslo"', ["LEAF1"]),
        ('site__name__values: ["oslo", "tromsø"]', ["CORE1", "LEAF1"]),
        ("site__isnull: true", ["BARE"]),
        ("tags__isnull: false", ["LEAF1"]),
        ('tags__name__value: "red"', ["LEAF1"]),
        ("tags__weight__value: 9007199254740993", ["LEAF1"]),
        ('member_of_groups__name__value: "lab_group"', ["LEAF1"]),
        ('member_of_groups__name__values: ["lab_group", "x"]', ["LEAF1"]),
        ('site__name__value: "oslo", role__value: "core_router"', []),
        ("name__is_protected: false", ["BARE", "CORE1", "LEAF1"]),
        ('name__owner__id: "x"', []),
        ('hfid: ["leaf1"]', ["LEAF1"]),
        ('hfid: ["leaf1"], name__value: "bare"', ["LEAF1"]),
        ('hfid: ["nobody"]', []),
        ("ids: []", []),
        ("ids: null", []),
        ("site__ids: []", []),
        ("name__values: []", []),
        ("name__value: null", ["BARE", "CORE1", "LEAF1"]),
        ("name__values: null", ["BARE", "CORE1", "LEAF1"]),
        ("units__isnull: null", ["BARE", "CORE1", "LEAF1"]),
    ],
)
def test_a_filter_selects(filters: str, names: list[str], ask: Ask) -> None:
    assert [name.partition(" ")[0] for name in ask.names(f"NetDevice({filters})")] == names
    page = ask(f"{{ NetDevice({filters}) {{ count }} }}")
    assert page == {"NetDevice": {"count": len(names)}}


def test_filters_by_ids_take_the_ids_of_nodes_and_of_peers(ask: Ask) -> None:
    leaf, oslo = ask.id("NetDevice", "leaf1"), ask.id("NetSite", "oslo")

    assert ask.names(f'NetDevice(ids: ["{leaf}"])') == ["LEAF1 (leaf)"]
    assert ask.names(f'CoreNode(ids: ["{leaf}", "{oslo}"])') == ["oslo", "LEAF1 (leaf)"]
    assert ask.names(f'NetDevice(site__ids: ["{oslo}"])') == ["LEAF1 (leaf)"]


def test_filters_along_a_hierarchy_see_every_distance(ask: Ask) -> None:
    assert ask.names('NetRegion(children__name__value: "oslo")') == ["north"]
    assert ask.names('NetSite(parent__name__value: "north")') == ["oslo", "tromsø"]


def test_filters_by_stamps_are_strict(ask: Ask) -> None:
    document = """query probe($t: DateTime!) {
      after: NetDevice(node_metadata__updated_at__after: $t) { count }
      before: NetDevice(node_metadata__created_at__before: $t) { count }
      at: NetDevice(node_metadata__updated_at: $t) { count }
      by: NetDevice(node_metadata__created_by__ids: ["x"]) { count } }"""

    counts = {name: page["count"] for name, page in ask(document, {"t": "2026-05-01T11:59:59.000008Z"}).items()}
    assert counts == {"after": 2, "before": 1, "at": 1, "by": 0}
    assert ask('{ NetDevice(node_metadata__updated_at: "2026-05-01T00:00:00") { count } }')["NetDevice"]["count"] == 3


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ("", ["et2", "et1"]),
        ("enabled__value: true", ["et2"]),
        ("enabled__value: false", ["et2", "et1"]),
        ('name__value: "et1"', ["et1"]),
        ('name__value: ""', ["et2", "et1"]),
        ("isnull: true", ["et2", "et1"]),
        ("ids: []", []),
    ],
)
def test_within_a_relation_false_and_empty_values_filter_nothing(filters: str, names: list[str], ask: Ask) -> None:
    field = f"ports{f'({filters})' if filters else ''}"
    (leaf,) = ask.nodes('NetDevice(name__value: "leaf1")', f"{field} {{ count edges {{ node {{ display_label }} }} }}")

    assert leaf["ports"]["count"] == len(names)
    assert [edge["node"]["display_label"] for edge in leaf["ports"]["edges"]] == names


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ("limit: -1", "limit must be a non-negative integer"),
        ("offset: -1", "offset must be a non-negative integer"),
        ("hfid: null", "can only join an iterable"),
        ("name__values: [null]", "filter values: [None] (list) contains unsupported item"),
        (
            'installed__value: "2030-01-01T00:00:00Z"',
            "filter value: 2030-01-01 00:00:00+00:00 (<class 'datetime.datetime'>) is not supported.",
        ),
        (
            'installed__values: ["2030-01-01T00:00:00Z"]',
            "filter values: [datetime.datetime(2030, 1, 1, 0, 0, tzinfo=tzutc())] (list) contains unsupported item",
        ),
        ("units__value: 9223372036854775808", "Python int too large to convert to C long"),
        ("units__values: [1, -9223372036854775809]", "Python int too large to convert to C long"),
        ("facts__value: {fans: 4}", "filter value: {'fans': 4} (<class 'dict'>) is not supported."),
        (
            'order: {by: [{field: "nothing__value"}]}',
            "attribute 'nothing' not defined on this schema (field: 'nothing__value').",
        ),
    ],
)
def test_what_infrahub_fails_on_is_an_error(filters: str, message: str, ask: Ask) -> None:
    error = ask.error(f"{{ NetDevice({filters}) {{ count }} }}")

    assert error["message"] == message
    assert error["path"] == ["NetDevice"]
    assert error["extensions"]["code"] == "UNDEFINED_ERROR"


def test_an_hfid_of_another_length_is_not_found(ask: Ask) -> None:
    error = ask.error('{ NetDevice(hfid: ["leaf1", "x"]) { count } }')

    assert error["message"] == (
        "Unable to lookup node by HFID, schema 'NetDevice' HFID does not contain the same number of elements as "
        "['leaf1', 'x']"
    )
    assert error["extensions"] == {
        "code": "NODE_NOT_FOUND",
        "http_status": 404,
        "data": {"node_kind": "NetDevice", "identifier": "leaf1 :: x"},
    }


def test_numbers_want_a_big_int_that_takes_what_looks_like_one(ask: Ask) -> None:
    document = "query q($v: BigInt) { NetDevice(units__value: $v) { count } }"

    for value in (2, "2", 2.9, "2.0"):
        assert ask(document, {"v": value}) == {"NetDevice": {"count": 1}}
    assert ask.error(document, {"v": "two"})["message"] == (
        "Variable '$v' got invalid value 'two'; Expected type 'BigInt'."
    )
    assert ask.error(document, {"v": [2]})["message"].startswith("Variable '$v' got invalid value [2]")
    assert ask.error("query q($v: Int) { NetDevice(units__value: $v) { count } }", {"v": 2})["message"] == (
        "Variable '$v' of type 'Int' used in position expecting type 'BigInt'."
    )
    assert ask.error('{ NetDevice(units__value: "2") { count } }')["message"] == (
        "Expected value of type 'BigInt', found \"2\"."
    )


def test_generic_scalars_take_any_literal(ask: Ask) -> None:
    for literal in ("3000000000", "1.5", "null", "true", "[1, {a: $v}]"):
        document = f"query q($v: String) {{ NetDevice(facts__value: {literal}, name__value: $v) {{ count }} }}"
        ask.answer(document, {"v": "x"})
    assert ask("{ NetDevice(aliases__value: 1) { count } }") == {"NetDevice": {"count": 0}}


def test_times_that_are_none_are_refused(ask: Ask) -> None:
    document = "query q($t: DateTime) { NetDevice(node_metadata__created_at__after: $t) { count } }"

    assert ask.error(document, {"t": "soon"})["message"] == (
        "Variable '$t' got invalid value 'soon'; DateTime cannot represent value: 'soon'"
    )
    assert ask.error(document, {"t": 5})["message"] == (
        "Variable '$t' got invalid value 5; DateTime cannot represent non-string value: 5"
    )
    assert ask.error("{ NetDevice(node_metadata__created_at__after: 5) { count } }")["message"] == (
        "DateTime cannot represent non-string value: 5"
    )


def test_an_attribute_of_a_peer_has_no_isnull(ask: Ask) -> None:
    assert ask.error("{ NetDevice(site__name__isnull: true) { count } }")["message"].startswith(
        "Unknown argument 'site__name__isnull' on field 'Query.NetDevice'. Did you mean"
    )
    assert ask.error("{ NetDevice(site__display_label__isnull: true) { count } }")["message"] == (
        "site__display_label__isnull is not allowed: 'isnull' is not supported for attributes of relationships"
    )


def test_a_filter_in_which_a_relationship_has_its_name_twice_fails_as_in_infrahub(write: Write) -> None:
    schema = write(
        "schema.yml",
        """
nodes:
  - name: Box
    namespace: Kit
    attributes: [{name: name, kind: Text, unique: true}, {name: main_owner, kind: Text, optional: true}]
    relationships: [{name: owner, peer: KitBox, identifier: box__owner, direction: outbound, cardinality: one}]
""",
    )
    clock = Hands()
    ask = Asker(EmbeddedInfrahub.load([schema], [], now=clock), clock)

    assert ask('{ KitBox(owner__name__value: "x") { count } }') == {"KitBox": {"count": 0}}
    answer = ask.answer('{ KitBox(owner__main_owner__value: "x") { count } }')
    assert [each["message"] for each in answer["errors"]] == ["list index out of range"]
