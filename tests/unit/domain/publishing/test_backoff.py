from infrahub_exporter.domain.publishing.backoff import LONGEST_SECONDS, Backoff


def test_what_was_not_refused_is_asked_at_any_time() -> None:
    assert Backoff().is_over(-1000.0)


def test_after_the_first_refusal_the_next_turn_is_taken() -> None:
    assert Backoff().refused(100.0).is_over(100.0)


def test_the_wait_doubles_with_every_refusal_up_to_a_bound() -> None:
    backoff, waits = Backoff(), []
    for _ in range(40):
        backoff = backoff.refused(100.0)
        waits.append(backoff.until - 100.0)
    assert waits[:6] == [0.0, 30.0, 60.0, 120.0, 240.0, LONGEST_SECONDS]
    assert set(waits[6:]) == {LONGEST_SECONDS}
    assert not backoff.is_over(399.9)
    assert backoff.is_over(400.0)


def test_what_is_in_doubt_waits_no_longer_once_anything_has_gone_well() -> None:
    backoff = Backoff().refused(100.0).refused(100.0, in_doubt=True, well=7)
    assert not backoff.is_over(101.0, well=7)
    assert backoff.is_over(101.0, well=8)


def test_what_is_wrong_in_itself_waits_whatever_goes_well() -> None:
    assert not Backoff().refused(100.0).refused(100.0, well=7).is_over(101.0, well=8)
