"""What the shrink guard lets through, what it holds, and for how long."""

import msgspec
import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.specs import GuardOverride, Override
from infrahub_exporter.domain.publishing.guard import Guard, GuardSpec, Hold, Verdict


def judged(guard: Guard, *steps: tuple[int, int], verified: bool = True) -> tuple[Guard, list[Verdict]]:
    """Judge what is published and offered, step by step, a minute apart."""
    verdicts = []
    for minute, (published, offered) in enumerate(steps):
        guard, verdict = msgspec.structs.astuple(
            guard.judge(published, offered, at=1000.0 + 60 * minute, verified=verified)
        )
        verdicts.append(verdict)
    return guard, verdicts


PASSED, HELD, RECOVERED, CONFIRMED, RELEASED = Verdict
FRESH = Guard()
HELD_AT_40, _ = judged(FRESH, (100, 40))


def test_the_verdicts_but_one_publish() -> None:
    assert [verdict for verdict in Verdict if not verdict.publishes] == [HELD]


@pytest.mark.parametrize(
    ("published", "offered"),
    [
        (0, 0),
        (0, 100_000),  # the first read
        (100, 100),
        (100, 200),
        (100, 50),  # half is not more than half
        (20, 10),
        (9, 0),  # fewer than min_loss can go
    ],
)
def test_what_grows_stays_or_loses_little_is_published_at_once(published: int, offered: int) -> None:
    assert judged(FRESH, (published, offered)) == (FRESH, [PASSED])


@pytest.mark.parametrize(("published", "offered"), [(100, 49), (10, 0), (19, 9), (100_000, 0)])
def test_a_large_loss_is_held(published: int, offered: int) -> None:
    guard, verdicts = judged(FRESH, (published, offered))
    assert verdicts == [HELD]
    assert guard.hold == Hold(since=1000.0, published=published, offered=offered, floor=offered, confirmations=0)


def test_a_held_loss_is_published_once_three_later_cycles_have_seen_it() -> None:
    assert judged(FRESH, *[(100, 40)] * 4) == (FRESH, [HELD, HELD, HELD, CONFIRMED])


def test_a_cycle_that_asked_nothing_does_not_confirm() -> None:
    guard, verdicts = judged(HELD_AT_40, *[(100, 40)] * 50, verified=False)
    assert set(verdicts) == {HELD}
    assert guard == HELD_AT_40


def test_what_is_held_can_be_read_off_with_its_beginning_and_its_confirmations() -> None:
    guard, _ = judged(HELD_AT_40, (100, 38), (100, 37))
    assert guard.hold == Hold(since=1000.0, published=100, offered=37, floor=40, confirmations=2)
    assert guard.reason == "63 of 100 are gone, the last good ones stay: confirmed 2 of 3 times"
    assert FRESH.reason is None


def test_what_comes_back_whole_ends_the_hold_and_the_next_loss_starts_from_nothing() -> None:
    guard, verdicts = judged(HELD_AT_40, (100, 40), (100, 40), (100, 100))
    assert (guard, verdicts) == (FRESH, [HELD, HELD, RECOVERED])
    assert judged(guard, *[(100, 40)] * 4)[1] == [HELD, HELD, HELD, CONFIRMED]


def test_what_comes_back_in_part_is_published_when_the_rest_of_the_loss_is_small_enough() -> None:
    assert judged(HELD_AT_40, (100, 49), (100, 50)) == (FRESH, [HELD, RECOVERED])


def test_growth_while_held_confirms_as_long_as_the_loss_is_there() -> None:
    assert judged(HELD_AT_40, (100, 42), (100, 45), (100, 48)) == (FRESH, [HELD, HELD, CONFIRMED])


def test_a_second_large_loss_while_held_starts_the_counting_anew_but_not_the_time() -> None:
    guard, verdicts = judged(HELD_AT_40, (100, 40), (100, 40), (100, 19))
    assert verdicts == [HELD, HELD, HELD]
    assert guard.hold == Hold(since=1000.0, published=100, offered=19, floor=19, confirmations=0)
    assert judged(guard, *[(100, 19)] * 3) == (FRESH, [HELD, HELD, CONFIRMED])


def test_small_losses_while_held_add_up_to_a_second_large_one() -> None:
    guard, _ = judged(HELD_AT_40, (100, 30), (100, 21), (100, 19))
    assert guard.hold == Hold(since=1000.0, published=100, offered=19, floor=19, confirmations=0)


def test_a_list_that_swings_between_two_losses_is_published_in_the_end() -> None:
    assert judged(FRESH, *[(100, 48), (100, 10)] * 3)[1][:5] == [HELD, HELD, HELD, HELD, CONFIRMED]


def test_a_list_that_swings_between_all_and_little_stays_as_it_was() -> None:
    verdicts = judged(FRESH, *[(100, 40), (100, 100)] * 5)[1]
    assert verdicts == [HELD, RECOVERED] * 5


def test_a_loss_in_small_steps_is_followed_step_by_step() -> None:
    assert judged(FRESH, (100, 60), (60, 31), (31, 16), (16, 8), (8, 0)) == (FRESH, [PASSED] * 5)


def test_a_released_hold_is_published_at_once_and_forgotten() -> None:
    assert judged(HELD_AT_40.released(), (100, 40), verified=False) == (FRESH, [RELEASED])
    assert judged(FRESH, (40, 40), (40, 10))[1] == [PASSED, HELD]


def test_a_release_does_not_cover_a_loss_that_came_after_it() -> None:
    guard, verdicts = judged(HELD_AT_40.released(), (100, 10), (100, 10))
    assert verdicts == [HELD, HELD]
    assert guard.hold is not None
    assert (guard.hold.floor, guard.hold.confirmations, guard.is_released) == (10, 1, False)


def test_a_release_of_what_has_come_back_is_forgotten() -> None:
    assert judged(HELD_AT_40.released(), (100, 100)) == (FRESH, [RECOVERED])


def test_a_release_of_nothing_is_nothing() -> None:
    assert FRESH.released() is FRESH


def test_a_guard_that_is_off_holds_nothing() -> None:
    off = Guard(GuardSpec(enabled=False))
    assert judged(off, (100_000, 0)) == (off, [PASSED])


def test_a_guard_that_is_turned_off_ends_its_hold() -> None:
    off = GuardSpec(enabled=False)
    assert judged(msgspec.structs.replace(HELD_AT_40, spec=off), (100, 40)) == (Guard(off), [RECOVERED])


def test_the_numbers_can_be_chosen() -> None:
    strict = Guard(GuardSpec(max_loss_ratio=0.0, min_loss=1, confirmations=1))
    assert judged(strict, (5, 4), (5, 4)) == (strict, [HELD, CONFIRMED])
    lenient = Guard(GuardSpec(max_loss_ratio=1.0))
    assert judged(lenient, (1000, 0)) == (lenient, [PASSED])


@pytest.mark.parametrize(
    ("override", "spec"),
    [
        (None, GuardSpec(min_loss=5)),
        (False, GuardSpec(min_loss=5, enabled=False)),
        (True, GuardSpec(min_loss=5)),
        (GuardOverride(), GuardSpec(min_loss=5)),
        (
            GuardOverride(max_loss_ratio=0.0, confirmations=1),
            GuardSpec(min_loss=5, max_loss_ratio=0.0, confirmations=1),
        ),
        (GuardOverride(enabled=False, min_loss=1), GuardSpec(enabled=False, min_loss=1)),
    ],
)
def test_an_entry_says_what_differs_from_the_guard_of_all(override: Override, spec: GuardSpec) -> None:
    assert GuardSpec(min_loss=5).overridden(override) == spec


def test_an_entry_can_turn_on_what_is_off_for_all() -> None:
    assert GuardSpec(enabled=False).overridden(True) == GuardSpec()


@pytest.mark.parametrize(
    "tree", [{"max_loss_ratio": 1.1}, {"max_loss_ratio": -0.1}, {"min_loss": 0}, {"confirmations": 0}, {"ratio": 0.5}]
)
def test_what_cannot_be_meant_is_refused(tree: dict[str, object]) -> None:
    for spec in (GuardSpec, GuardOverride):
        with pytest.raises(msgspec.ValidationError):
            msgspec.convert(tree, spec)


SPECS = strategies.builds(
    GuardSpec,
    enabled=strategies.just(True),
    max_loss_ratio=strategies.sampled_from([0.0, 0.25, 0.5, 0.9, 1.0]),
    min_loss=strategies.integers(1, 20),
    confirmations=strategies.integers(1, 4),
)
STEPS = strategies.lists(
    strategies.tuples(strategies.integers(0, 60), strategies.booleans(), strategies.integers(0, 9).map(lambda n: n < 1))
)
"""What is offered, whether that is verified, and whether an operator releases what is held just before."""


@given(SPECS, STEPS)
def test_a_large_loss_is_never_published_without_its_confirmations_or_a_release(
    spec: GuardSpec, steps: list[tuple[int, bool, bool]]
) -> None:
    guard, published = Guard(spec), 50
    seen: list[bool] = []  # for each cycle since the loss began, after the first: was it verified, and was it a loss
    released = False
    for offered, verified, release in steps:
        if release:
            guard, released = guard.released(), guard.hold is not None
        before = guard
        guard, verdict = msgspec.structs.astuple(guard.judge(published, offered, at=0.0, verified=verified))
        if before.hold is not None:
            seen.append(verified)
        if not verdict.publishes:
            assert spec.forbids(published, offered)
            continue
        if spec.forbids(published, offered):
            assert released or sum(seen) >= spec.confirmations
        published, released = offered, False
        seen.clear()


@given(SPECS, STEPS, strategies.integers(0, 60))
def test_whatever_came_before_a_list_that_stays_is_published_in_the_end(
    spec: GuardSpec, steps: list[tuple[int, bool, bool]], last: int
) -> None:
    guard, published = Guard(spec), 50
    for offered, verified, _ in steps:
        guard, verdict = msgspec.structs.astuple(guard.judge(published, offered, at=0.0, verified=verified))
        published = offered if verdict.publishes else published
    verdicts = judged(guard, *[(published, last)] * (spec.confirmations + 1))[1]
    assert any(verdict.publishes for verdict in verdicts)


@given(SPECS, strategies.lists(strategies.integers(0, 60), min_size=300, max_size=300))
def test_no_list_is_held_for_ever_however_it_swings(spec: GuardSpec, offers: list[int]) -> None:
    guard, verdicts = judged(Guard(spec), *[(60, offered) for offered in offers])
    del guard
    held = "".join("." if verdict is HELD else "|" for verdict in verdicts).split("|")
    assert max(map(len, held)) <= (spec.confirmations + 1) * 61


@given(SPECS, STEPS)
def test_nothing_is_remembered_of_a_hold_that_has_ended(spec: GuardSpec, steps: list[tuple[int, bool, bool]]) -> None:
    guard, published = Guard(spec), 50
    for offered, verified, release in steps:
        guard = guard.released() if release else guard
        guard, verdict = msgspec.structs.astuple(guard.judge(published, offered, at=0.0, verified=verified))
        if verdict.publishes:
            published = offered
            assert guard == Guard(spec)
        else:
            assert guard.hold is not None
            assert (guard.hold.published, guard.hold.offered, guard.is_released) == (published, offered, False)
