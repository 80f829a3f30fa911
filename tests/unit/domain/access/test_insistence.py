"""What is looked up beyond the limit: what comes again, a few for each user."""

import pytest

from infrahub_exporter.domain.access.insistence import Insistence


def test_what_comes_again_is_due_and_what_comes_once_is_not() -> None:
    insistence = Insistence(["ann"])
    assert [insistence.is_due("ann", key, 0.0) for key in (b"a", b"b", b"a", b"c")] == [False, False, True, False]


def test_what_was_found_wrong_is_never_due() -> None:
    insistence = Insistence(["ann"])
    insistence.found_wrong("ann", b"a")
    assert not any(insistence.is_due("ann", b"a", 0.0) for _ in range(5))


def test_each_user_has_looks_of_their_own() -> None:
    insistence = Insistence(["ann", "bob"])
    due = [insistence.is_due("ann", b"%d" % (number // 2), 0.0) for number in range(20)]
    assert due.count(True) == 3
    assert [insistence.is_due("bob", b"b", 0.0) for _ in range(2)] == [False, True]


def test_who_does_not_exist_is_never_due_and_takes_no_memory() -> None:
    insistence = Insistence(["ann"])
    insistence.found_wrong("eve", b"e")
    assert [insistence.is_due("eve", b"a", 0.0) for _ in range(2)] == [False, False]
    assert len(insistence) == 0


@pytest.mark.parametrize(("users", "look_seconds", "seconds"), [(1, 0.05, 6.0), (1, 2.0, 10.0), (10, 0.25, 12.5)])
def test_looks_take_a_fifth_of_the_time(users: int, look_seconds: float, seconds: float) -> None:
    insistence = Insistence([str(number) for number in range(users)], look_seconds=look_seconds)
    for key in (b"a", b"b", b"c"):
        assert [insistence.is_due("0", key, 0.0) for _ in range(2)] == [False, True]
    insistence.is_due("0", b"d", 0.0)
    assert [insistence.is_due("0", b"d", now) for now in (0.0, seconds - 0.1, seconds)] == [False, False, True]


def test_what_is_remembered_is_bounded() -> None:
    insistence = Insistence(["ann"])
    for number in range(20_000):
        insistence.is_due("ann", b"%d" % number, 0.0)
    assert len(insistence) == 16_384
    assert not insistence.is_due("ann", b"0", 0.0)
    assert insistence.is_due("ann", b"19999", 0.0)
