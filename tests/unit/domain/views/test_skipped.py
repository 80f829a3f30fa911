"""The nodes that give no group, counted block by block."""

from collections.abc import Iterator

from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.discovery import Decision
from infrahub_exporter.domain.views.skipped import Skipped, Tally, by_reason

GOOD = Decision("Device", "1", TargetGroup(("a",), {}))
BARE, OTHER = Decision("Device", "2", reason="no_target"), Decision("Device", "3", reason="no_target")
BAD = Decision("Device", "4", reason="bad_port")


def test_a_tally_is_what_counting_anew_finds_whichever_blocks_stay() -> None:
    tally = Tally()
    first, second, third = (GOOD, BARE), (BAD,), (OTHER, GOOD, GOOD)
    for blocks in ((first, second), (first, second, third), (third, first), ()):
        assert tally.of(blocks) == (sum(each is GOOD for block in blocks for each in block), by_reason(blocks))
    assert tally.of((first, third)) == (3, {"no_target": Skipped(2, (BARE, OTHER))})


def test_a_block_that_stays_is_not_counted_again() -> None:
    tally, counted = Tally(), list[Decision]()

    class Noted(tuple[Decision, ...]):
        __slots__ = ()

        def __iter__(self) -> Iterator[Decision]:
            counted.extend(self[:])
            return super().__iter__()

    block = Noted((GOOD, BARE))
    assert tally.of((block,)) == tally.of((block,)) == (1, {"no_target": Skipped(1, (BARE,))})
    assert len(counted) == 4, "once for the groups, once for the others"


def test_a_block_in_which_single_nodes_differ_is_counted_right() -> None:
    tally = Tally()
    other = Decision("Device", "1", TargetGroup(("b",), {}))
    for block in ((GOOD, GOOD), (GOOD, other), (BARE, other), (GOOD, BARE), (GOOD, GOOD), (GOOD, BAD)):
        assert tally.of((block,)) == (sum(each.group is not None for each in block), by_reason((block,)))


def test_the_first_three_nodes_are_named() -> None:
    nodes = tuple(Decision("Device", identifier, reason="no_port") for identifier in ("1", None, "3" * 65, "4"))
    found = by_reason((nodes[:2], nodes[2:]))["no_port"]
    assert (found.count, found.names) == (4, ("Device 1", "a Device", f"Device {'3' * 57}..."))
    assert Tally().of((nodes[:1], nodes[1:]))[1]["no_port"] == found
