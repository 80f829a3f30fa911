"""Items in blocks that stay the same objects as long as their items do."""

from hypothesis import given, strategies

from infrahub_exporter.domain.views.blocks import Blocks


def items(count: int, *, value: str = "v") -> dict[str, tuple[str, str]]:
    return {f"node-{number}": (f"node-{number}", value) for number in range(count)}


def of(held: dict[str, tuple[str, str]]) -> Blocks[tuple[str, str]]:
    blocks: Blocks[tuple[str, str]] = Blocks()
    blocks.replace(held)
    return blocks


def test_nothing_is_one_empty_block() -> None:
    blocks: Blocks[str] = Blocks()
    assert (len(blocks), list(blocks), blocks.blocks, blocks.get("x")) == (0, [], ((),), None)


def test_few_items_are_one_block_in_the_order_of_their_ids() -> None:
    blocks = of(dict(reversed(items(3).items())))
    assert blocks.blocks == ((("node-0", "v"), ("node-1", "v"), ("node-2", "v")),)
    assert (len(blocks), blocks.get("node-1"), blocks.get("node-9")) == (3, ("node-1", "v"), None)


def test_the_number_of_blocks_is_a_power_of_two_that_grows_with_the_items_and_shrinks_late() -> None:
    sizes = [512, 513, 1024, 1025, 2049]
    assert [len(of(items(size)).blocks) for size in sizes] == [1, 2, 2, 4, 8]
    blocks = of(items(2049))
    counts = []
    for size in (1024, 1023, 512, 511, 255, 0):
        blocks.replace(items(size))
        counts.append(len(blocks.blocks))
    assert counts == [8, 4, 4, 2, 1, 1]


def test_an_update_tells_whether_anything_differs() -> None:
    blocks = of(items(3))
    assert not blocks.update({"node-1": ("node-1", "v")}, ["node-9"])
    assert blocks.update({"node-1": ("node-1", "w")})
    assert blocks.update({}, ["node-1"])
    assert blocks.update(items(513)), "they are split"


def test_the_order_tells_nothing_of_the_past() -> None:
    held = items(2000)
    subject = of(items(600))
    subject.replace({"other": ("other", "v")})
    subject.update(dict(reversed(held.items())), ["other"])
    assert subject.blocks == of(held).blocks
    subject.update({}, ["node-7"])
    subject.update({"node-7": held["node-7"]})
    assert subject.blocks == of(held).blocks


def test_a_change_makes_only_its_own_block_again() -> None:
    blocks = of(items(3000))
    before = blocks.blocks
    blocks.update({"node-7": ("node-7", "new")})
    changed = [old for old, new in zip(before, blocks.blocks, strict=True) if old is not new]
    assert len(before) == 8
    assert [("node-7", "v") in block for block in changed] == [True]
    assert blocks.get("node-7") == ("node-7", "new")


def test_where_all_items_are_there_again_only_blocks_of_others_are_made_again() -> None:
    held = items(3000)
    blocks = of(held)
    before = blocks.blocks
    assert blocks.update({**held, "node-7": ("node-7", "new")}, ["node-3000"])
    changed = [old for old, new in zip(before, blocks.blocks, strict=True) if old is not new]
    assert [("node-7", "v") in block for block in changed] == [True]
    assert blocks.update(items(3000, value="w"))
    assert blocks.blocks == of(items(3000, value="w")).blocks


def test_as_many_items_of_other_nodes_are_put_beside_those_that_are_held() -> None:
    blocks = of(items(3))
    assert blocks.update({"node-1": ("node-1", "w"), "a": ("a", "v"), "b": ("b", "v")}, ["node-0"])
    assert list(blocks) == [("a", "v"), ("b", "v"), ("node-1", "w"), ("node-2", "v")]
    assert blocks.update(
        {"a": ("a", "v"), "b": ("b", "v"), "node-1": ("node-1", "w"), "node-2": ("node-2", "x")}, ["a"]
    )
    assert list(blocks) == [("b", "v"), ("node-1", "w"), ("node-2", "x")]


def test_equal_items_change_no_block() -> None:
    blocks = of(items(3000))
    before = blocks.blocks
    blocks.update(items(3000))
    blocks.replace(items(3000))
    blocks.update({}, ["unknown"])
    assert all(old is new for old, new in zip(before, blocks.blocks, strict=True))


def test_what_is_removed_or_not_among_what_replaces_it_is_gone() -> None:
    blocks = of(items(4))
    blocks.update({}, ["node-1", "node-9"])
    assert sorted(blocks) == [("node-0", "v"), ("node-2", "v"), ("node-3", "v")]
    blocks.replace({"node-2": ("node-2", "w")})
    assert (len(blocks), list(blocks)) == (1, [("node-2", "w")])


IDS = strategies.integers(0, 40).map(str)


@given(
    strategies.lists(
        strategies.tuples(
            strategies.booleans(), strategies.dictionaries(IDS, strategies.integers(0, 2)), strategies.sets(IDS)
        )
    )
)
def test_blocks_hold_what_a_mapping_would(steps: list[tuple[bool, dict[str, int], set[str]]]) -> None:
    blocks: Blocks[tuple[str, int]] = Blocks()
    held: dict[str, tuple[str, int]] = {}
    for whole, changed, removed in steps:
        made = {identifier: (identifier, value) for identifier, value in changed.items()}
        if whole:
            blocks.replace(made)
            held = dict(made)
        else:
            gone = removed - made.keys()
            blocks.update(made, gone)
            held = {identifier: item for identifier, item in {**held, **made}.items() if identifier not in gone}
        assert sorted(blocks) == sorted(held.values())
        assert sorted(item for block in blocks.blocks for item in block) == sorted(held.values())
        assert len(blocks) == len(held)
        assert all(blocks.get(identifier) == item for identifier, item in held.items())
