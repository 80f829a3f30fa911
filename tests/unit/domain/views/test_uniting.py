"""Rows that are alike are one target group, kept right block by block."""

from collections.abc import Mapping

import msgspec
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.forms import Written
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.discovery import Decision, deriver
from infrahub_exporter.domain.views.rows import Found
from infrahub_exporter.domain.views.uniting import Plain, United, listing, unite

LABELS: Mapping[str, Written] = {"device": "name", "every": "^every", "plans": "^name", "measures": "^measures[]"}
SPEC = DiscoverySpec(
    name="x",
    paths=(),
    rows="members[]",
    target_field="ip",
    label_mappings=dict(LABELS),
    distinct=("device", "every"),
)
NO_ONE = DiscoverySpec(name="x", paths=(), target_field="ip")


def decisions(plan: str, every: str, measures: tuple[str, ...], *members: tuple[str, str]) -> tuple[Decision, ...]:
    rows = [
        Found(f"id-{name}", "Leaf", ((ip,) if ip else (), (name,), (every,), (plan,), measures)) for name, ip in members
    ]
    return deriver(SPEC)(f"id-{plan}", rows)


FABRIC = decisions("fabric", "30", ("counters", "sessions"), ("leaf1", "10.0.0.1"), ("leaf2", "10.0.0.2"))
LEAVES = decisions("leaves", "30", ("routes", "counters"), ("leaf1", "10.0.0.9"), ("bare", ""))
SLOW = decisions("slow", "60", ("load",), ("leaf1", "10.0.0.1"))
LEAF1 = Decision(
    "Leaf",
    "id-leaf1",
    TargetGroup(
        ("10.0.0.1", "10.0.0.9"),
        {
            "device": "leaf1",
            "every": "30",
            "plans": "fabric,leaves",
            "measures": "counters,routes,sessions",
            "__meta_infrahub_id": "id-leaf1",
            "__meta_infrahub_kind": "Leaf",
        },
    ),
    also=("id-fabric", "id-leaves"),
)


def test_rows_that_are_alike_in_some_labels_are_one_and_the_others_are_united() -> None:
    found = unite((*FABRIC, *LEAVES, *LEAVES, *SLOW), SPEC)
    assert [(each.id, each.group and each.group.labels["every"], each.reason) for each in found] == [
        ("id-leaf1", "30", None),
        ("id-leaf2", "30", None),
        ("id-bare", None, "no_target"),
        ("id-leaf1", "60", None),
    ]
    assert found[0] == LEAF1
    assert unite((*LEAVES, *FABRIC), SPEC)[0] == LEAF1


def test_skipped_rows_that_nothing_tells_apart_are_counted_each() -> None:
    nameless = Decision("Leaf", None, reason="no_target")
    assert unite((nameless, nameless), SPEC) == (nameless, nameless)


def test_an_empty_value_is_nothing_beside_another() -> None:
    asked = msgspec.structs.replace(SPEC, label_mappings={"device": "name", "site": "site"}, distinct=("device",))
    rows = [Found("1", "Leaf", (("10.0.0.1",), ("leaf",), site)) for site in ((), ("",), ("paris",))]
    (found,) = unite(deriver(asked)("1", rows), asked)
    assert found.group is not None
    assert found.group.labels["site"] == "paris"


def test_what_prometheus_refuses_once_it_is_united_is_skipped() -> None:
    asked = msgspec.structs.replace(
        SPEC, label_mappings={"device": "name", "__scrape_interval__": "every"}, distinct=("device",)
    )
    rows = [Found("1", "Leaf", (("10.0.0.1",), ("leaf",), (every,))) for every in ("30s", "60s")]
    assert unite(deriver(asked)("1", rows), asked) == (Decision("Leaf", "1", reason="bad_label"),)


def test_without_rows_and_distinct_all_stays_as_it_is() -> None:
    whole = listing(NO_ONE)
    assert isinstance(whole, Plain)
    one, two = Decision("K", "1", reason="no_target"), Decision("K", "2", reason="bad_port")
    assert (whole.held((one,)), whole.held(())) == (one, None)
    blocks = ((one, two), (), (two,), ())
    assert all(again is block for again, block in zip(whole.of(blocks), blocks, strict=True))


def test_of_a_node_with_rows_all_are_held_be_it_none() -> None:
    united = listing(SPEC)
    assert (united.held(LEAVES), united.held(())) == (LEAVES, ())


def test_sd_20_of_rows_that_are_equal_one_is_a_target() -> None:
    asked = msgspec.structs.replace(SPEC, label_mappings={"device": "name"}, distinct=())
    rows = [Found("1", "Leaf", ((ip,), ("leaf1",))) for ip in ("10.0.0.1", "10.0.0.1", "10.0.0.2")]
    derive = deriver(asked)
    blocks = ((derive("p1", rows[:1]),), (derive("p2", rows[1:]),))
    found = [each for block in listing(asked).of(blocks) for each in block]
    assert [(each.group and each.group.targets, each.also) for each in found] == [
        (("10.0.0.1",), ("p1", "p2")),
        (("10.0.0.2",), ("p2",)),
    ]


def test_a_block_stays_the_same_object_as_long_as_its_rows_do() -> None:
    united = United(SPEC)
    blocks = ((FABRIC,), (LEAVES, SLOW))
    before = united.of(blocks)
    assert all(again is block for again, block in zip(united.of(blocks), before, strict=True))


NODES = strategies.lists(
    strategies.tuples(
        strategies.sampled_from(["30", "60"]),
        strategies.sets(strategies.sampled_from(["a", "b", "c"])),
        strategies.sets(
            strategies.sampled_from([("leaf1", "10.0.0.1"), ("leaf1", "10.0.0.2"), ("leaf2", "10.0.0.3"), ("bare", "")])
        ),
    ),
    max_size=4,
)


@given(strategies.lists(strategies.lists(NODES, max_size=3), max_size=6))
def test_after_any_changes_it_is_what_a_whole_uniting_gives(
    steps: list[list[list[tuple[str, set[str], set[tuple[str, str]]]]]],
) -> None:
    kept = United(SPEC)
    for step in steps:
        blocks = tuple(
            tuple(
                decisions(f"p{at}{index}", every, tuple(sorted(measures)), *sorted(members))
                for index, (every, measures, members) in enumerate(block)
            )
            for at, block in enumerate(step)
        )
        found = [each for block in kept.of(blocks) for each in block]
        whole = unite((each for block in blocks for node in block for each in node), SPEC)
        assert sorted(found, key=repr) == sorted(whole, key=repr)
