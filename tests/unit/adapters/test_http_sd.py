import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.http_sd import TargetList, render
from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.discovery import ID_LABEL, NO_TARGET, Decision


def test_the_body_is_a_list_of_objects_of_two_keys() -> None:
    groups = [TargetGroup(("a:1", "b:1"), {"x": "ü"}), TargetGroup(("c",), {})]

    assert render(groups).decode() == '[{"targets":["a:1","b:1"],"labels":{"x":"ü"}},{"targets":["c"],"labels":{}}]'


def test_no_targets_are_an_empty_list_never_null() -> None:
    assert render([]) == b"[]"


def test_an_equal_group_appears_once() -> None:
    group = TargetGroup(("a",), {"x": "1", "y": "2"})

    assert render([group, TargetGroup(("b",), {}), TargetGroup(("a",), {"x": "1", "y": "2"})]) == render(
        [group, TargetGroup(("b",), {})]
    )


def decided(*names: str, reason: str | None = None) -> tuple[Decision, ...]:
    """Make a block: a group per name, and a skipped node where there is a reason."""
    groups = [Decision("K", name, TargetGroup((f"{name}:1",), {ID_LABEL: name})) for name in names]
    return (*groups, *([Decision("K", "skipped", reason=reason)] if reason else []))


def test_blocks_become_the_chunks_of_one_list() -> None:
    chunks = TargetList().render([decided("a", "b"), (), decided(reason=NO_TARGET), decided("c", reason=NO_TARGET)])

    assert chunks == (
        b'[{"targets":["a:1"],"labels":{"__meta_infrahub_id":"a"}},{"targets":["b:1"],"labels":{"__meta_infrahub_id":"b"}}',
        b',{"targets":["c:1"],"labels":{"__meta_infrahub_id":"c"}}',
        b"]",
    )


@pytest.mark.parametrize("blocks", [[], [()], [decided(reason=NO_TARGET), ()]])
def test_blocks_without_targets_are_an_empty_list(blocks: list[tuple[Decision, ...]]) -> None:
    assert TargetList().render(blocks) == (b"[]",)


def test_an_equal_group_in_a_block_appears_once() -> None:
    assert TargetList().render([decided("a", "a")]) == TargetList().render([decided("a")])


def test_a_block_that_stays_is_not_rendered_again() -> None:
    targets = TargetList()
    blocks = [decided(name) for name in "abcd"]
    before = targets.render(blocks)
    blocks[2] = decided("changed")

    after = targets.render(blocks)

    assert [one is other for one, other in zip(before[:4], after[:4], strict=True)] == [True, True, False, True]
    assert msgspec.json.decode(b"".join(after)) == msgspec.json.decode(
        render([decision.group for block in blocks for decision in block if decision.group])
    )


def grouped(identifier: str, value: str) -> Decision:
    """Decide on a node: a group with a value, a skipped node without one."""
    if not value:
        return Decision("K", identifier, reason=NO_TARGET)
    return Decision("K", identifier, TargetGroup((value,), {"targets": value, ID_LABEL: "equal"}))


@given(st.lists(st.lists(st.sampled_from(["", "a", "b", '"', "aa", 'x"]}', "c"]), min_size=4, max_size=4), max_size=12))
def test_few_that_differ_in_a_block_give_what_all_of_it_would(turns: list[list[str]]) -> None:
    targets = TargetList()
    held = tuple(grouped(str(number), value) for number, value in enumerate("xyz0"))
    for values in turns:
        made = [grouped(str(number), value) for number, value in enumerate(values)]
        held = tuple(new if new != old else old for new, old in zip(made, held, strict=True))

        chunks = targets.render([held])

        assert b"".join(chunks) == b"".join(TargetList().render([held]))


def test_what_differs_among_many_is_exchanged_where_it_stands() -> None:
    targets = TargetList()
    block = decided("a", "b", "c")
    targets.render([block])

    (other,) = decided("other")

    assert b"".join(targets.render([(block[0], other, block[2])])) == (
        b'[{"targets":["a:1"],"labels":{"__meta_infrahub_id":"a"}},'
        b'{"targets":["other:1"],"labels":{"__meta_infrahub_id":"other"}},'
        b'{"targets":["c:1"],"labels":{"__meta_infrahub_id":"c"}}]'
    )


BLOCKS = st.lists(st.lists(st.text(min_size=1, max_size=3), max_size=3), max_size=6)


@given(st.lists(BLOCKS, min_size=1, max_size=4))
def test_after_any_lists_the_chunks_are_those_of_the_last_alone(lists: list[list[list[str]]]) -> None:
    targets = TargetList()
    for blocks in lists:
        decisions = [decided(*(f"{number}{name}" for name in names)) for number, names in enumerate(blocks)]
        groups = [decision.group for block in decisions for decision in block if decision.group]
        assert b"".join(targets.render(decisions)) == render(groups)


GROUPS = st.builds(
    TargetGroup,
    st.lists(st.text(), min_size=1, max_size=3).map(tuple),
    st.dictionaries(st.text(), st.text(), max_size=3),
)


@given(st.lists(GROUPS, max_size=6), st.integers(1, 3))
def test_whatever_a_list_holds_is_read_back(groups: list[TargetGroup], size: int) -> None:
    decisions = [Decision("K", str(number), group) for number, group in enumerate(groups)]
    blocks = [tuple(decisions[start : start + size]) for start in range(0, len(decisions), size)]
    body = b"".join(TargetList().render(blocks))

    read = json.loads(body)
    assert all(each.keys() == {"targets", "labels"} for each in read)
    assert [group for group in groups if {"targets": list(group.targets), "labels": group.labels} not in read] == []
    assert len(read) <= len(groups)
    assert b"\n" not in body


def test_fifty_lists_later_no_block_is_kept_but_the_last_ones() -> None:
    targets = TargetList()
    blocks = [decided(f"{number}") for number in range(8)]
    for turn in range(50):
        blocks[turn % 8] = decided(f"turn {turn}")
        targets.render(blocks)

    assert len(targets._written) == 8
