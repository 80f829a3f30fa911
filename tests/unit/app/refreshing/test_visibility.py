"""How old changes are when they become visible."""

from infrahub_exporter.app.refreshing.visibility import Visibility


class Hands:
    """A clock that a test turns; Infrahub's is 1,000 s ahead."""

    now = 50.0

    def wall(self) -> float:
        return 0.0

    def monotonic(self) -> float:
        return self.now


def test_a_change_is_as_old_as_infrahub_s_clock_says_at_the_publication() -> None:
    clock = Hands()
    visibility = Visibility(clock)
    visibility.learn([1040.0, 1045.0, 1040.0], at=1050.0)
    clock.now = 52.0

    assert visibility.published() == {12.0: 2, 7.0: 1}
    assert visibility.published() == {}


def test_changes_wait_until_they_are_published() -> None:
    clock = Hands()
    visibility = Visibility(clock)
    visibility.learn([1040.0], at=1050.0)
    clock.now = 60.0
    visibility.learn([1055.0], at=1060.0)

    assert visibility.published() == {20.0: 1, 5.0: 1}


def test_a_stamp_that_is_yet_to_come_is_of_now() -> None:
    clock = Hands()
    visibility = Visibility(clock)
    visibility.learn([1051.0], at=1050.0)

    assert visibility.published() == {0.0: 1}
