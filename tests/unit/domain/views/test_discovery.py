"""Target groups from answers and from rows: the same rules for both."""

import re
from collections.abc import Mapping

import msgspec
import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import ConfigError, DerivationError
from infrahub_exporter.domain.model import JSON, Peer, Row, TargetGroup
from infrahub_exporter.domain.views.discovery import (
    Decision,
    Discovery,
    check_labels,
    deriver,
    legal_label_name,
    paths,
)
from infrahub_exporter.domain.views.queried import derive_answer
from infrahub_exporter.domain.views.rows import Found
from tests.unit.domain.anything import JSON_VALUES, PATHS


def spec(
    target_field: str = "address.value", *, port_field: str | None = None, labels: Mapping[str, Written] | None = None
) -> DiscoverySpec:
    return DiscoverySpec(
        name="devices",
        paths=("/sd/devices",),
        target_field=target_field,
        port_field=port_field,
        label_mappings=dict(labels or {}),
    )


def answer(*nodes: JSON, root: str = "InfraDevice") -> dict[str, JSON]:
    return {root: {"count": len(nodes), "edges": [{"node": node} for node in nodes]}}


def decided(asked: DiscoverySpec, row: Row) -> Decision:
    """Decide on the one row of a node that is its row itself."""
    values = [value if isinstance(value, tuple) else (value,) for value in row.values]
    found = tuple(tuple(each for each in several if each is not None) for several in values)
    return deriver(asked)(row.id, [Found(row.id, row.kind, found)])[0]


DEVICES = spec(
    "primary_address.node.address.value",
    port_field="exporter_port.value",
    labels={
        "name": "name.value",
        "role": "role.label",
        "site": "site.node.name.value",
        "region": "site.region.name",
        "tags": "tags[]",
        "my-label": "serial.value",
        "1st": "monitored",
        "facts": "facts",
        "fans": "facts.fans",
        "aliases": "aliases",
        "alias_items": "aliases[]",
    },
)
LEAF1: dict[str, JSON] = {
    "id": "17ab",
    "__typename": "InfraDevice",
    "name": {"value": "leaf1"},
    "role": {"label": "Leaf"},
    "primary_address": {"node": {"address": {"value": "2001:db8::1/64"}}},
    "exporter_port": {"value": 9100},
    "site": {"node": {"name": {"value": "paris"}, "region": {"node": {"name": {"value": "europe"}}}}},
    "tags": {"edges": [{"node": {"name": {"value": "red"}}}, {"node": {"name": {"value": "blue"}}}]},
    "serial": {"value": 9007199254740993},
    "monitored": {"value": False},
    "facts": {"value": {"fans": 4, "name": "x"}},
    "aliases": {"value": ["z", "a,b"]},
}
SPARE: dict[str, JSON] = {
    "id": "17ac",
    "__typename": "InfraDevice",
    "name": {"value": "spare"},
    "role": {"label": ""},
    "primary_address": {"node": {"address": {"value": "10.0.0.2/24"}}},
    "exporter_port": {"value": None},
    "site": {"node": None},
    "tags": {"edges": []},
    "serial": {"value": None},
    "monitored": {"value": True},
    "facts": {"value": None},
    "aliases": {"value": []},
}


def test_a_query_s_answer_becomes_one_group_per_node() -> None:
    found = derive_answer(DEVICES, answer(LEAF1, SPARE))
    assert found.groups == (
        TargetGroup(
            ("[2001:db8::1]:9100",),
            {
                "name": "leaf1",
                "role": "Leaf",
                "site": "paris",
                "region": "europe",
                "tags": "blue,red",
                "my_label": "9007199254740993",
                "_1st": "false",
                "facts": '{"fans":4,"name":"x"}',
                "fans": "4",
                "aliases": '["z","a,b"]',
                "alias_items": "a,b,z",
                "__meta_infrahub_id": "17ab",
                "__meta_infrahub_kind": "InfraDevice",
            },
        ),
        TargetGroup(
            ("10.0.0.2",),
            {
                "name": "spare",
                "role": "",
                "_1st": "true",
                "aliases": "[]",
                "__meta_infrahub_id": "17ac",
                "__meta_infrahub_kind": "InfraDevice",
            },
        ),
    )
    assert found.skipped == {
        "no_target": 0,
        "bad_target": 0,
        "bad_port": 0,
        "no_port": 0,
        "bad_label": 0,
        "bad_content": 0,
    }


def test_sd_06_and_sd_07_a_group_is_targets_and_labels_that_are_texts() -> None:
    group = derive_answer(spec("ip"), answer({"ip": "10.0.0.1"})).groups
    assert msgspec.json.encode(group) == (b'[{"targets":["10.0.0.1"],"labels":{"__meta_infrahub_kind":"InfraDevice"}}]')


def test_every_root_field_is_walked_and_names_the_kind_where_the_node_does_not() -> None:
    data: dict[str, JSON] = {
        **answer({"address": {"value": "10.0.0.1"}}, root="InfraRouter"),
        "info": {"version": "1.11"},
        "nothing": None,
        "counted": {"count": 4},
        **answer({"address": {"value": "10.0.0.2"}, "id": "2", "__typename": "InfraSwitch"}, root="switches"),
        **answer({"name": {"value": "without an address"}}, root="InfraRack"),
    }
    assert derive_answer(spec(), data) == Discovery(
        (
            Decision("InfraRouter", None, TargetGroup(("10.0.0.1",), {"__meta_infrahub_kind": "InfraRouter"})),
            Decision(
                "InfraSwitch",
                "2",
                TargetGroup(("10.0.0.2",), {"__meta_infrahub_id": "2", "__meta_infrahub_kind": "InfraSwitch"}),
            ),
            Decision("InfraRack", None, reason="no_target"),
        )
    )


@pytest.mark.parametrize(
    ("node", "reason"),
    [
        ({"address": {"value": None}}, "no_target"),
        ({"address": {"value": ""}}, "no_target"),
        ({"address": None}, "no_target"),
        ({}, "no_target"),
        ({"address": {"value": "10.0.0.1/33"}}, "bad_target"),
        ({"address": {"value": "http://x"}}, "bad_target"),
        ({"address": {"value": {"an": "object"}}}, "bad_target"),
        ({"address": {"value": ["10.0.0.1", "a/b"]}}, "bad_target"),
        ({"address": {"value": "router:9200"}, "port": {"value": 9100}}, "bad_target"),
        ({"address": {"value": "router"}, "port": {"value": 0}}, "bad_port"),
        ({"address": {"value": "router"}, "port": {"value": 65536}}, "bad_port"),
        ({"address": {"value": "router"}, "port": {"value": -1}}, "bad_port"),
        ({"address": {"value": "router"}, "port": {"value": "http"}}, "bad_port"),
        ({"address": {"value": "router"}, "port": {"value": True}}, "bad_port"),
        ({"address": {"value": "router"}, "port": {"value": [9100, 9200]}}, "bad_port"),
        ({"address": {"value": "a/b"}, "port": {"value": 0}}, "bad_port"),
    ],
)
def test_a_node_without_target_or_with_a_wrong_one_is_skipped_and_counted_by_reason(
    node: dict[str, JSON], reason: str
) -> None:
    good: dict[str, JSON] = {"address": {"value": "10.0.0.9"}, "port": {"value": None}}
    found = derive_answer(spec(port_field="port"), answer(node, good))
    assert [decision.reason for decision in found.decisions] == [reason, None]
    assert [group.targets for group in found.groups] == [("10.0.0.9",)]
    assert found.skipped == {
        "no_target": 0,
        "bad_target": 0,
        "bad_port": 0,
        "no_port": 0,
        "bad_label": 0,
        "bad_content": 0,
        reason: 1,
    }


@pytest.mark.parametrize(
    ("port", "target"),
    [
        (9100, "router:9100"),
        ("9100", "router:9100"),
        ([9100, "9100"], "router:9100"),
        (None, "router"),
        ("", "router"),
        ([], "router"),
    ],
)
def test_a_port_is_a_number_or_its_text_and_a_node_without_one_has_none(port: JSON, target: str) -> None:
    found = derive_answer(spec(port_field="port"), answer({"address": {"value": "router"}, "port": {"value": port}}))
    assert [group.targets for group in found.groups] == [(target,)]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("address[]", {"value": ["10.0.0.2/24", None, "10.0.0.1", "10.0.0.2", ""]}),
        ("address", {"value": ["10.0.0.2/24", None, "10.0.0.1", "10.0.0.2", ""]}),
        (
            "address[].ip",
            {"edges": [{"node": {"ip": {"value": "10.0.0.2/24"}}}, {"node": {"ip": {"value": "10.0.0.1"}}}]},
        ),
    ],
)
def test_sd_14_several_targets_of_a_node_are_one_group_each_once_and_sorted(field: str, value: JSON) -> None:
    found = derive_answer(spec(field), answer({"address": value}))
    assert [group.targets for group in found.groups] == [("10.0.0.1", "10.0.0.2")]


def test_sd_14_groups_keep_the_order_of_the_answer() -> None:
    nodes: list[dict[str, JSON]] = [{"ip": host} for host in ("b", "c", "a")]
    assert [group.targets for group in derive_answer(spec("ip"), answer(*nodes)).groups] == [("b",), ("c",), ("a",)]


def test_null_nodes_and_edges_are_passed_over() -> None:
    edges: JSON = [None, {"node": None}, {"cursor": 1}, {"node": {"ip": "a"}}]
    assert [group.targets for group in derive_answer(spec("ip"), {"Kind": {"edges": edges}}).groups] == [("a",)]


@pytest.mark.parametrize("edges", [[], [{"node": None}]])
def test_sd_04_an_answer_without_nodes_is_an_empty_list(edges: JSON) -> None:
    assert derive_answer(spec(), {"InfraDevice": {"edges": edges}}) == Discovery(())


@pytest.mark.parametrize(
    "data", [{}, {"info": {"version": "1"}}, {"a": None}, {"a": [1]}, {"a": {"edges": None}}, {"a": {"count": 3}}]
)
def test_sd_02_an_answer_without_edges_is_a_failure_not_an_empty_list(data: dict[str, JSON]) -> None:
    with pytest.raises(DerivationError) as raised:
        derive_answer(spec(), data)
    assert str(raised.value) == "the query's answer has no root field with edges { node { ... } }"


def test_sd_02_a_target_field_that_no_node_contains_is_a_failure_not_an_empty_list() -> None:
    nodes: list[dict[str, JSON]] = [{"adress": {"value": "10.0.0.1"}}, {"name": {"value": "x"}}]
    with pytest.raises(DerivationError) as raised:
        derive_answer(spec(), answer(*nodes))
    problem = "target_field 'address.value': no node of the query's answer contains it, did you mean 'adress'?"
    assert str(raised.value) == problem


@pytest.mark.parametrize(
    "there", [{"address": {"value": None}}, {"address": {"node": None}}, {"address": {"edges": []}}]
)
def test_a_target_field_that_is_null_everywhere_is_an_empty_list(there: dict[str, JSON]) -> None:
    found = derive_answer(spec(), answer(there, {"name": {"value": "x"}}))
    assert (found.groups, found.skipped) == (
        (),
        {"no_target": 2, "bad_target": 0, "bad_port": 0, "no_port": 0, "bad_label": 0, "bad_content": 0},
    )


@given(strategies.dictionaries(strategies.text(max_size=5), JSON_VALUES, max_size=3), JSON_VALUES, PATHS, PATHS)
def test_any_answer_gives_groups_of_texts_or_a_derivation_error(
    data: dict[str, JSON], node: JSON, target: str, label: str
) -> None:
    asked = spec(target, port_field=label, labels={"x": label})
    try:
        found = derive_answer(asked, {**data, **answer(node, node)})
    except DerivationError:
        return
    for group in found.groups:
        assert group.targets
        assert all(isinstance(each, str) and each and "/" not in each for each in group.targets)
        assert all(isinstance(each, str) for pair in group.labels.items() for each in pair)


ROWS = spec(
    "primary_address.address.ip",
    port_field="exporter_port",
    labels={"name": "name", "site": "site", "tags": "tags[]", "tag_names": "tags[].name", "my-label": "facts"},
)


def test_rows_become_one_group_each_by_the_same_rules() -> None:
    red, blue = Peer("1", "BuiltinTag", ("red",)), Peer("2", "BuiltinTag", ("blue",))
    rows = [
        Row(
            "17ab",
            "InfraDevice",
            ("leaf1",),
            (
                "2001:db8::1",
                "leaf1",
                Peer("3", "LocationSite", ("paris",)),
                (red, blue),
                ("red", None, "blue"),
                {"fans": 4},
                9100,
            ),
        ),
        Row("17ac", "InfraSpare", None, ("10.0.0.2", "spare", None, (), (None,), None, None)),
        Row("17ad", "InfraDevice", None, (None, "no target", None, (), (), None, 9100)),
        Row("17ae", "InfraDevice", None, ("10.0.0.3", "bad port", None, (), (), None, 70000)),
        Row("17af", "InfraDevice", None, ("not an address/x", "bad target", None, (), (), None, None)),
    ]
    found = Discovery(tuple(decided(ROWS, row) for row in rows))
    assert found == Discovery(
        (
            Decision(
                "InfraDevice",
                "17ab",
                TargetGroup(
                    ("[2001:db8::1]:9100",),
                    {
                        "name": "leaf1",
                        "site": "LocationSite__paris",
                        "tags": "BuiltinTag__blue,BuiltinTag__red",
                        "tag_names": "blue,red",
                        "my_label": '{"fans":4}',
                        "__meta_infrahub_id": "17ab",
                        "__meta_infrahub_kind": "InfraDevice",
                    },
                ),
            ),
            Decision(
                "InfraSpare",
                "17ac",
                TargetGroup(
                    ("10.0.0.2",),
                    {"name": "spare", "__meta_infrahub_id": "17ac", "__meta_infrahub_kind": "InfraSpare"},
                ),
            ),
            Decision("InfraDevice", "17ad", reason="no_target"),
            Decision("InfraDevice", "17ae", reason="bad_port"),
            Decision("InfraDevice", "17af", reason="bad_target"),
        )
    )
    assert found.skipped == {
        "no_target": 1,
        "bad_target": 1,
        "bad_port": 1,
        "no_port": 0,
        "bad_label": 0,
        "bad_content": 0,
    }


@pytest.mark.parametrize("values", [("10.0.0.2/24", "10.0.0.1", None), ["10.0.0.1", "10.0.0.2"]])
def test_a_row_whose_target_is_a_list_has_several_targets(values: object) -> None:
    group = decided(spec(), Row("1", "Kind", None, (values,))).group
    assert group is not None
    assert group.targets == ("10.0.0.1", "10.0.0.2")


@pytest.mark.parametrize("target", [Peer("17ab", "IpamIPAddress"), (Peer("17ab", "Kind", ("router1",)), "10.0.0.1")])
def test_a_row_s_target_that_ends_on_a_relation_is_no_host_but_a_bad_target(target: object) -> None:
    derived = decided(spec(), Row("1", "Kind", None, (target,)))
    assert derived == Decision("Kind", "1", reason="bad_target")


@pytest.mark.parametrize("value", ["text", "", 0, False, ["a", "b"], {"a": 1}, None])
def test_an_attribute_reads_the_same_from_an_answer_and_from_a_row(value: JSON) -> None:
    asked = spec("ip", labels={"label": "attribute"})
    node: dict[str, JSON] = {"id": "1", "ip": {"value": "a"}, "attribute": {"value": value}}
    from_answer = derive_answer(asked, answer(node, root="Kind"))
    assert (decided(asked, Row("1", "Kind", None, ("a", value))),) == from_answer.decisions


@pytest.mark.parametrize(
    ("written", "found", "label"),
    [
        (("a", "b"), (None, "second"), "second"),
        (("a", "b"), ("first", "second"), "first"),
        (("a", "b"), (None, None), None),
        (Form(path="a", map={"1": "one", "true": "yes"}), (1,), "one"),
        (Form(path="a", map={"1": "one", "true": "yes"}), (True,), "yes"),
        (Form(path="a", map={"1": "one"}), (2,), None),
        (Form(path="a", map={"1": "one"}, default="many"), (2,), "many"),
        (Form(path=("a", "b"), times=1000), (None, 2.5), "2500.0"),
        (Form(value="if_mib"), (), "if_mib"),
        (Form(value=True), (), "true"),
    ],
)
def test_a_label_can_be_more_than_one_path(written: Written, found: tuple[object, ...], label: str | None) -> None:
    asked = DiscoverySpec(name="x", paths=(), target_field=Form(value="host"), label_mappings={"x": written})
    group = decided(asked, Row("1", "Kind", None, found)).group
    assert group is not None
    assert group.targets == ("host",)
    assert group.labels.get("x") == label


@pytest.mark.parametrize(
    ("port", "found", "targets"),
    [
        (Form(value=9100), (), ("host:9100",)),
        (("a", "b"), (None, 9200), ("host:9200",)),
        (("a", "b"), (None, None), ("host",)),
        (Form(path="a", map={"edge": 6030}), ("edge",), ("host:6030",)),
        (Form(path="a", map={"edge": 6030}, default=9100), ("core",), ("host:9100",)),
        (Form(path="a", default=9100), (None,), ("host:9100",)),
    ],
)
def test_so_can_a_port(port: Written, found: tuple[object, ...], targets: tuple[str, ...]) -> None:
    asked = DiscoverySpec(name="x", paths=(), target_field=Form(value="host"), port_field=port)
    group = decided(asked, Row("1", "Kind", None, found)).group
    assert group is not None
    assert group.targets == targets


@pytest.mark.parametrize(
    ("target", "found", "outcome"),
    [
        (("a", "b"), (None, "10.0.0.1/24"), "10.0.0.1"),
        (("a", "b"), ("", "2001:db8::1"), "[2001:db8::1]"),
        (Form(path="a", map={"paris": "par1.example"}), ("paris",), "par1.example"),
        (Form(path="a", map={"paris": "par1.example"}), ("oslo",), "no_target"),
        (Form(path="a", map={"paris": "par1.example"}, default="any.example"), ("oslo",), "any.example"),
        (Form(path="a", default="any.example"), (None,), "any.example"),
        (Form(path="a", times=2), (1,), "bad_target"),
    ],
)
def test_so_can_a_target(target: Written, found: tuple[object, ...], outcome: str) -> None:
    asked = DiscoverySpec(name="x", paths=(), target_field=target)
    decision = decided(asked, Row("1", "Kind", None, found))
    assert decision.reason == (outcome if decision.group is None else None)
    assert decision.group is None or decision.group.targets == (outcome,)


def test_a_port_that_a_map_lacks_is_no_target() -> None:
    asked = DiscoverySpec(name="x", paths=(), target_field="a", port_field=Form(path="b", map={"edge": 6030}))
    assert decided(asked, Row("1", "Kind", None, ("host", "core"))) == Decision("Kind", "1", reason="no_port")


def test_what_a_spec_reads_is_the_target_then_the_labels_then_the_port() -> None:
    assert paths(ROWS) == (
        "primary_address.address.ip",
        "name",
        "site",
        "tags[]",
        "tags[].name",
        "facts",
        "exporter_port",
    )
    assert paths(spec()) == ("address.value",)


@pytest.mark.parametrize(
    ("name", "legal"),
    [
        ("site", "site"),
        ("Site_2", "Site_2"),
        ("my-label", "my_label"),
        ("my.label x", "my_label_x"),
        ("1st", "_1st"),
        ("9", "_9"),
        ("-1", "_1"),
        ("größe", "gr__e"),
        ("٣", "_"),
        ("", "_"),
        ("__scheme__", "__scheme__"),
    ],
)
def test_sd_08_a_label_name_is_made_legal(name: str, legal: str) -> None:
    assert legal_label_name(name) == legal


@given(strategies.text())
def test_sd_08_any_text_becomes_a_legal_label_name_and_a_legal_one_stays(name: str) -> None:
    legal = legal_label_name(name)
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", legal)
    assert legal_label_name(legal) == legal


@pytest.mark.parametrize(
    "asked",
    [
        DEVICES,
        ROWS,
        spec(labels={"__scheme__": "scheme", "__metrics_path__": "path", "__scrape_interval__": Form(value="1m")}),
    ],
)
def test_a_good_spec_passes(asked: DiscoverySpec) -> None:
    check_labels(asked)


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            spec(labels={"my-label": "name", "my.label": "site.name"}),
            "'my-label' and 'my.label' would both be the label 'my_label'",
        ),
        (
            spec(labels={"__meta_infrahub_id": "name"}),
            "'__meta_infrahub_id' cannot be mapped, the exporter sets it",
        ),
        (
            spec(labels={"__meta-infrahub-kind": "name"}),
            "'__meta-infrahub-kind' cannot be mapped, the exporter sets it",
        ),
        (
            spec(labels={"__address__": "name"}),
            "'__address__' cannot be mapped, Prometheus sets it from the target",
        ),
        # SD-11
        (spec(labels={"__meta_url": "name"}), "'__meta_url' cannot be mapped, Prometheus sets it"),
        # SD-12, SD-13
        (spec(labels={"__scheme__": Form(value="ftp")}), "__scheme__: expected http or https, got 'ftp'"),
        (
            spec(labels={"__scrape_interval__": Form(value=60)}),
            "__scrape_interval__: expected a duration such as 30s or 1m30s, got '60'",
        ),
        (
            spec(labels={"__scrape_interval__": Form(value="30s"), "__scrape_timeout__": Form(value="1m")}),
            "__scrape_timeout__: expected no more than __scrape_interval__, 30s, got 1m",
        ),
    ],
)
def test_a_spec_that_cannot_hold_is_refused_by_name(asked: DiscoverySpec, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        check_labels(asked)
    assert str(raised.value) == message


CHOSEN = DiscoverySpec(
    name="x",
    paths=(),
    target_field="ip",
    where={"role": ("core", "edge")},
    exclude={"phase": "gone"},
    match={"side": "only_side"},
)


@pytest.mark.parametrize(
    ("role", "phase", "side", "only", "is_there"),
    [
        ("core", None, None, None, True),
        ("edge", "live", "a", "a", True),
        ("access", None, None, None, False),
        (None, None, None, None, False),
        ("core", "gone", None, None, False),
        ("core", None, "a", "b", False),
        ("core", None, None, "b", False),
    ],
)
def test_a_row_that_the_conditions_leave_out_is_none_and_not_skipped(
    role: str | None, phase: str | None, side: str | None, only: str | None, *, is_there: bool
) -> None:
    names = ("role", "phase", "side", "only_side")
    node: dict[str, JSON] = {"ip": "a", **dict(zip(names, (role, phase, side, only), strict=True))}
    found = derive_answer(CHOSEN, answer(node, root="Kind"))
    group = TargetGroup(("a",), {"__meta_infrahub_kind": "Kind"})
    assert found.decisions == ((Decision("Kind", None, group),) if is_there else ())


@pytest.mark.parametrize(
    ("labels", "reason"),
    [
        ({"__scheme__": "https", "__scrape_interval__": "1m", "__scrape_timeout__": "30s"}, None),
        ({"__scheme__": "", "__metrics_path__": "/probe", "__param_module": "any thing"}, None),
        ({"__scheme__": "ftp"}, "bad_label"),
        ({"__scrape_interval__": "60"}, "bad_label"),
        ({"__scrape_timeout__": "0s"}, "bad_label"),
        ({"__scrape_interval__": "10s", "__scrape_timeout__": "11s"}, "bad_label"),
    ],
)
def test_sd_13_a_row_whose_labels_prometheus_would_refuse_is_skipped(
    labels: dict[str, str], reason: str | None
) -> None:
    asked = spec("ip", labels={name: name.strip("_") for name in labels})
    node: dict[str, JSON] = {"ip": "a", **{name.strip("_"): value for name, value in labels.items()}}
    (decision,) = derive_answer(asked, answer(node, root="Kind")).decisions
    assert decision.reason == reason
    group = TargetGroup(("a",), {**labels, "__meta_infrahub_kind": "Kind"})
    assert decision.group == (None if reason else group)


IN_ROWS = DiscoverySpec(
    name="doors",
    paths=(),
    rows="Application[].doors[]",
    where={"protocol": "tcp"},
    target_field="^address",
    port_field="port",
    label_mappings={"service": "^name", "door": "name"},
)


def test_rows_of_an_answer_are_targets_of_their_own() -> None:
    doors: list[dict[str, JSON]] = [
        {"id": "w", "name": "web", "port": 80, "protocol": "tcp"},
        {"id": "n", "name": "dns", "port": 53, "protocol": "udp"},
        {"id": "t", "name": "tls", "port": None, "protocol": "tcp"},
    ]
    shop: dict[str, JSON] = {
        "name": "shop",
        "address": "10.0.0.1",
        "doors": {"edges": [{"node": each} for each in doors]},
    }
    assert derive_answer(IN_ROWS, answer(shop, root="Application")).groups == (
        TargetGroup(("10.0.0.1:80",), {"service": "shop", "door": "web", "__meta_infrahub_id": "w"}),
        TargetGroup(("10.0.0.1",), {"service": "shop", "door": "tls", "__meta_infrahub_id": "t"}),
    )


def test_a_condition_on_what_no_row_contains_is_a_failure_not_an_empty_list() -> None:
    asked = DiscoverySpec(
        name="x", paths=(), rows="Application[]", target_field="ip", where={"rol": "core"}, exclude={"facts.mute": True}
    )
    with pytest.raises(DerivationError) as raised:
        derive_answer(asked, answer({"ip": "a", "role": "core", "facts": {"value": {}}}, root="Application"))
    assert str(raised.value) == "where 'rol': no row of the query's answer contains it, did you mean 'role'?"


def test_a_row_with_a_bad_file_is_skipped_whatever_chooses_rows() -> None:
    asked = DiscoverySpec(name="d", paths=("d",), target_field="name", where={"role": "edge"}, kind="Device")
    row = Found("1", "Device", ((), ()), fault="bad_content")
    assert deriver(asked)("1", [row]) == (Decision("Device", "1", reason="bad_content"),)
