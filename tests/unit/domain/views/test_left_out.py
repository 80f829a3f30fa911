"""Rows that come to no series: counted and named as nodes come and go."""

from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.views.left_out import EXAMPLES, LeftOut, named


def test_reasons_are_counted_by_row_and_named_by_node() -> None:
    left = LeftOut()
    left.put("1", "Rack__a", ("no_value", "no_value", "several_values"))
    left.put("2", "Rack__b", ("no_value",))
    assert left.counts == {"no_value": 3, "several_values": 1}
    assert left.examples == {"no_value": ("Rack__a", "Rack__b"), "several_values": ("Rack__a",)}
    left.take("1")
    assert (left.counts, left.examples) == ({"no_value": 1}, {"no_value": ("Rack__b",)})


def test_no_more_than_some_nodes_are_named() -> None:
    left = LeftOut()
    for number in range(9):
        left.put(str(number), f"Rack__{number}", ("no_value",))
    assert left.examples == {"no_value": tuple(f"Rack__{number}" for number in range(EXAMPLES))}


def test_a_node_is_named_by_its_human_friendly_id_else_by_kind_and_id() -> None:
    assert named(Row("17ab", "Rack", ("par", "r1"), ())) == "Rack__par__r1"
    assert named(Row("17ab", "Rack", None, ())) == "Rack 17ab"


STEP = st.tuples(st.sampled_from("abcd"), st.lists(st.sampled_from(["x", "y"]), max_size=3))


@given(st.lists(STEP, max_size=12))
def test_what_follows_change_is_what_is_counted_anew(steps: list[tuple[str, list[str]]]) -> None:
    left = LeftOut()
    now: dict[str, tuple[str, ...]] = {}
    for node, reasons in steps:
        left.take(node)
        now.pop(node, None)
        if reasons:
            now[node] = tuple(reasons)
            left.put(node, node, now[node])
    flat = [reason for reasons in now.values() for reason in reasons]
    assert left.counts == {reason: flat.count(reason) for reason in set(flat)}
    for reason in set(flat):
        nodes = {node for node, reasons in now.items() if reason in reasons}
        assert set(left.examples[reason]) <= nodes
        assert len(left.examples[reason]) == min(EXAMPLES, len(nodes))
