"""What is looked up beyond the limit: a lot decides among what comes again, and among everything."""

from collections.abc import Callable, Iterator
from random import Random

import pytest

from infrahub_exporter.domain.access.credentials import Credentials
from infrahub_exporter.domain.access.insistence import Insistence, Shown

SCRAPE_SECONDS = 15.0


def shown(key: bytes, user: str = "ann") -> Shown:
    return Shown(key, Credentials("basic", user, key))


def chance(seed: int) -> Callable[[], float]:
    return Random(seed).random  # noqa: S311 - repeatable, guards nothing


def insistence(*users: str, look_seconds: float = 0.0, seed: int = 1) -> Insistence:
    return Insistence(users, random=chance(seed), look_seconds=look_seconds)


def due(insistence_: Insistence, keys: str, now: float = 0.0, *, user: str = "ann") -> str:
    """Show one key after another, and write what is looked up for each, a dot for nothing."""
    found = [insistence_.due(shown(key.encode(), user), now) for key in keys]
    return "".join("." if each is None else each.key.decode() for each in found)


def test_the_first_is_due_at_once_and_after_that_what_comes_again() -> None:
    assert due(insistence("ann"), "abcdbef") == "a...b.."


def test_what_was_found_wrong_is_never_due() -> None:
    insistence_ = insistence("ann")
    insistence_.found_wrong(shown(b"a"))
    assert due(insistence_, "aaaaa") == "....."
    assert due(insistence_, "bb") == "bb"


def test_each_user_has_looks_of_their_own() -> None:
    insistence_ = insistence("ann", "bob")
    assert len(due(insistence_, "aabbccddee").replace(".", "")) == 4
    assert due(insistence_, "bb", user="bob") == "bb"


def test_who_does_not_exist_is_never_due_and_takes_no_memory() -> None:
    insistence_ = insistence("ann")
    insistence_.found_wrong(shown(b"e", "eve"))
    assert due(insistence_, "aa", user="eve") == ".."
    assert len(insistence_) == 0


@pytest.mark.parametrize(("users", "look_seconds", "seconds"), [(1, 0.05, 3.0), (1, 2.0, 20.0), (10, 0.25, 25.0)])
def test_looks_take_a_fifth_of_the_time(users: int, look_seconds: float, seconds: float) -> None:
    insistence_ = insistence(*map(str, range(users)), look_seconds=look_seconds)
    due(insistence_, "aabbccdd", user="0")
    looks = [due(insistence_, each, now, user="0") for now in (seconds - 0.1, seconds, seconds + 0.1) for each in "zz"]
    assert [each != "." for each in looks] == [False, False, True, True, False, False]


def test_what_is_remembered_is_bounded() -> None:
    insistence_ = insistence("ann")
    for number in range(70_000):
        insistence_.due(shown(b"%d" % number), 0.0)
    assert len(insistence_) == 65_536
    assert insistence_.due(shown(b"0"), 0.0) is None
    assert insistence_.due(shown(b"69999"), 0.0) is not None


def test_each_that_takes_part_has_the_same_chance_wherever_it_stands() -> None:
    drawn = dict.fromkeys("abcdef", 0)
    for seed in range(6000):
        insistence_ = insistence("ann", seed=seed)
        due(insistence_, "-")
        due(insistence_, "abcde")
        drawn[due(insistence_, "f", 3.0)] += 1
    assert all(850 < times < 1150 for times in drawn.values())


Guessing = Callable[[int], Iterator[bytes]]
"""What is guessed between two scrapes, by the number of the first of them."""


def others(scrape: int) -> Iterator[bytes]:
    """Never guess the same twice."""
    yield from (b"%d-%d" % (scrape, number) for number in range(50))


def pairs(scrape: int) -> Iterator[bytes]:
    """Repeat each guess at once."""
    yield from (b"%d-%d" % (scrape, number // 2) for number in range(50))


def rounds(scrape: int) -> Iterator[bytes]:
    """Repeat at each scrape, as the scraper does, what was not looked up yet."""
    yield from (b"%d-%d" % (scrape // 20, number) for number in range(50))


def scrapes_until_let_in(guess: Guessing, seed: int, *, most: int) -> int:
    """Scrape while others guess, who know the user's name and when it scrapes, and come before and after it."""
    insistence_ = insistence("ann", seed=seed)
    for scrape in range(1, most + 1):
        now = SCRAPE_SECONDS * scrape
        guesses = list(guess(scrape))
        half = len(guesses) // 2
        for key in [*guesses[:half], b"right", *guesses[half:]]:
            looked_up = insistence_.due(shown(key), now)
            if looked_up is not None and looked_up.key == b"right":
                return scrape
            if looked_up is not None:
                insistence_.found_wrong(looked_up)
    return most


@pytest.mark.parametrize(("guess", "scrapes"), [(others, 2), (pairs, 25), (rounds, 25)])
def test_nobody_s_guesses_keep_a_scraper_out_longer_than_chance_does(guess: Guessing, scrapes: int) -> None:
    needed = sorted(scrapes_until_let_in(guess, seed, most=1000) for seed in range(101))
    assert needed[50] <= scrapes
    assert needed[-1] < 1000
