"""What is published of what was read."""

import pytest

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.publishing.guard import Guard, GuardSpec, Verdict
from infrahub_exporter.domain.publishing.publication import Publication

LARGE = (tuple(range(60)), tuple(range(60, 100)))
SMALL = (LARGE[0][:20], LARGE[1][:20])


def published() -> Publication[int]:
    publication: Publication[int] = Publication(GuardSpec())
    publication.restore(LARGE, 100)
    return publication


def test_the_first_offer_is_published() -> None:
    publication: Publication[int] = Publication(GuardSpec())
    assert (publication.blocks, publication.count) == ((), 0)
    assert publication.offer(LARGE, 100, at=0.0, verified=True) is Verdict.PASSED
    assert (publication.blocks, publication.count) == (LARGE, 100)


def test_what_is_held_stays_until_it_is_confirmed() -> None:
    publication = published()
    for _ in range(3):
        assert publication.offer(SMALL, 40, at=0.0, verified=True) is Verdict.HELD
        assert publication.blocks is LARGE
    assert publication.offer(SMALL, 40, at=0.0, verified=True) is Verdict.CONFIRMED
    assert (publication.blocks, publication.count, publication.guard) == (SMALL, 40, Guard())


def test_a_release_lets_the_next_offer_through() -> None:
    publication = published()
    assert publication.offer(SMALL, 40, at=0.0, verified=True) is Verdict.HELD
    assert publication.release()
    assert publication.offer(SMALL, 40, at=0.0, verified=False) is Verdict.RELEASED
    assert publication.blocks is SMALL


def test_a_release_of_nothing_lets_nothing_through() -> None:
    publication = published()
    assert not publication.release()
    assert publication.offer(SMALL, 40, at=0.0, verified=True) is Verdict.HELD


def test_only_blocks_that_are_not_published_are_checked() -> None:
    seen: list[tuple[int, ...]] = []
    publication = published()
    touched = (LARGE[0], (*LARGE[1], 100))
    publication.offer(touched, 101, at=0.0, verified=True, check=seen.append)
    publication.offer(touched, 101, at=0.0, verified=True, check=seen.append)
    assert seen == [touched[1]]


def test_of_a_touched_block_only_what_is_new_in_its_place_is_checked() -> None:
    seen: list[tuple[int, ...]] = []
    publication = published()
    replaced = (LARGE[0], (*LARGE[1][:7], 1000, *LARGE[1][8:]))
    publication.offer(replaced, 100, at=0.0, verified=True, check=seen.append)
    assert seen == [(1000,)]


def test_where_the_number_of_blocks_differs_all_is_checked() -> None:
    seen: list[tuple[int, ...]] = []
    publication = published()
    blocks = (*LARGE, (100,))
    publication.offer(blocks, 101, at=0.0, verified=True, check=seen.append)
    assert seen == list(blocks)


def test_what_does_not_pass_its_check_is_neither_published_nor_judged() -> None:
    def refuse(block: tuple[int, ...]) -> None:
        raise DerivationError(f"{len(block)} are too many")

    publication = published()
    for _ in range(5):
        with pytest.raises(DerivationError, match=r"^20 are too many$"):
            publication.offer(SMALL, 40, at=0.0, verified=True, check=refuse)
    assert (publication.blocks, publication.count, publication.guard) == (LARGE, 100, Guard())
