"""Nodes that are in no list of targets."""

from hypothesis import given, strategies

from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.coverage import Coverage, Lists, Named
from infrahub_exporter.domain.views.discovery import Decision

GROUP = TargetGroup(("10.0.0.1",), {})


def listed(*ids: str) -> tuple[Decision, ...]:
    return tuple(Decision("Leaf", each, GROUP) for each in ids)


def named(*ids: str) -> tuple[Named, ...]:
    return tuple(Named(each, f"leaf{each}") for each in ids)


def test_what_is_in_any_list_is_covered_however_it_is_named_there() -> None:
    subject = Coverage()
    lists: Lists = {
        "one": [listed("1"), (Decision("Leaf", "2", reason="no_target"), Decision("Door", "d", GROUP, also=("3",)))],
        "other": [(Decision("Leaf", None, GROUP),)],
    }
    subject.update(lists, {"Leaf": [named("1", "3"), named("4", "2")], "Bare": [(Named("5", None), Named("1", "x"))]})
    assert subject.nodes("Leaf") == (Named("2", "leaf2"), Named("4", "leaf4"))
    assert subject.nodes("Bare") == ()


def test_a_list_that_is_gone_covers_nothing_any_more() -> None:
    subject, kinds = Coverage(), {"Leaf": [named("1", "2")]}
    subject.update({"one": [listed("1")], "other": [listed("1", "2")]}, kinds)
    assert subject.nodes("Leaf") == ()
    subject.update({"one": [listed("1")]}, kinds)
    assert subject.nodes("Leaf") == named("2")
    assert subject.nodes("Leaf") is subject.nodes("Leaf")
    subject.update({}, kinds)
    assert subject.nodes("Leaf") == named("1", "2")


IDS = strategies.sets(strategies.sampled_from("123456"))
STATES = strategies.tuples(
    strategies.dictionaries(strategies.sampled_from(["a", "b"]), strategies.lists(IDS, max_size=3)),
    strategies.lists(IDS, min_size=2, max_size=2),
    IDS,
)


@given(strategies.lists(STATES, max_size=5))
def test_after_any_changes_it_is_what_lists_and_nodes_say(
    states: list[tuple[dict[str, list[set[str]]], list[set[str]], set[str]]],
) -> None:
    subject = Coverage()
    for lists, halves, unwanted in states:
        own = [sorted(halves[0]), sorted(halves[1] - halves[0])]
        nodes = [tuple(Named(each, None if each in unwanted else each) for each in half) for half in own]
        subject.update(
            {name: [listed(*sorted(block)) for block in blocks] for name, blocks in lists.items()}, {"Leaf": nodes}
        )
        covered = {each for blocks in lists.values() for block in blocks for each in block}
        wanted = {each for half in own for each in half} - unwanted - covered
        assert [node.id for node in subject.nodes("Leaf")] == sorted(wanted)
