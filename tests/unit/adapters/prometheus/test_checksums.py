"""Checksums of bodies from those of their blocks."""

import zlib

from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.prometheus.checksums import NO_BYTES, Sum, combined, summed, total

BLOCKS = st.lists(st.binary(max_size=40), max_size=20)


def of(text: bytes) -> Sum:
    return zlib.crc32(text), len(text)


@given(st.binary(max_size=300), st.binary(max_size=300))
def test_the_sum_of_two_texts_is_that_of_them_in_one(first: bytes, second: bytes) -> None:
    assert combined(of(first), of(second)) == of(first + second)


def test_a_long_text_may_follow() -> None:
    first, second = b"head", bytes(range(256)) * 40_000

    assert combined(of(first), of(second)) == of(first + second)


@given(BLOCKS)
def test_the_sum_of_blocks_is_that_of_the_body(blocks: list[bytes]) -> None:
    assert total(summed(list(map(of, blocks)))) == of(b"".join(blocks))


@given(BLOCKS, BLOCKS)
def test_what_a_tree_was_before_does_not_show(before: list[bytes], now: list[bytes]) -> None:
    tree = summed(list(map(of, now)), summed(list(map(of, before))))

    assert total(tree) == of(b"".join(now))


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=33), st.data())
def test_touched_blocks_among_many_are_enough(blocks: list[bytes], data: st.DataObject) -> None:
    before = summed(list(map(of, blocks)))
    for index in data.draw(st.sets(st.integers(0, len(blocks) - 1))):
        blocks[index] = b"touched"

    tree = summed(list(map(of, blocks)), before)

    assert tree == summed(list(map(of, blocks)))
    assert total(tree) == of(b"".join(blocks))


def test_a_touched_block_costs_a_combination_a_level() -> None:
    blocks = [of(b"%d" % number) for number in range(1024)]
    before = summed(blocks)
    blocks[700] = of(b"touched")

    after = summed(blocks, before)

    remade = [sum(old is not new for old, new in zip(*level, strict=True)) for level in zip(before, after, strict=True)]
    assert remade == [1] * 11


def test_the_sum_of_nothing_is_that_of_no_bytes() -> None:
    assert total(()) == total(summed([])) == NO_BYTES == of(b"")
    assert combined(NO_BYTES, of(b"x")) == of(b"x")
