"""How old changes are when they become visible."""

from infrahub_exporter.app.refreshing.visibility import Visibility


class Hands:
    """A clock that a test turns; Infrahub's is 1,000 s ahead."""

    now = 50.0

    def wall(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return self.now


def nothing(_kind: str) -> bool:
    return False


def test_a_change_is_as_old_as_infrahub_s_clock_says_at_the_publication() -> None:
    clock = Hands()
    visibility = Visibility(clock)
    visibility.learn({"A": [1040.25, 1045.0], "B": [1040.75]}, at=1050.0)
    clock.now = 52.0

    assert visibility.published(nothing) == {12.0: 2, 7.0: 1}
    assert visibility.published(nothing) == {}


def test_changes_of_a_kind_wait_until_that_is_published_and_those_of_others_do_not() -> None:
    clock = Hands()
    visibility = Visibility(clock)
    visibility.learn({"A": [1040.0], "B": [1041.0]}, at=1050.0)

    assert visibility.published(lambda kind: kind == "A") == {9.0: 1}
    clock.now = 60.0
    visibility.learn({"A": [1055.0]}, at=1060.0)
    assert visibility.published(nothing) == {20.0: 1, 5.0: 1}


def test_a_stamp_that_is_yet_to_come_is_of_now() -> None:
    visibility = Visibility(Hands())
    visibility.learn({"A": [1051.0]}, at=1050.0)

    assert visibility.published(nothing) == {0.0: 1}


def test_of_a_kind_that_cannot_be_read_for_long_the_newest_are_kept() -> None:
    visibility = Visibility(Hands())
    for begin in range(0, 30_000, 100):
        visibility.learn({"A": map(float, range(begin, begin + 100))}, at=30_000.0)

    ages = visibility.published(nothing)
    assert (len(ages), min(ages), max(ages)) == (10_000, 1.0, 10_000.0)
