"""What a look has found is not lost, and what is published says of what instant it is."""

import pytest

from tests.unit.following.test_corners import SUMMARY, is_right
from tests.unit.following.test_outages import BY_KIND, POLL_SECONDS, Inventoried
from tests.unit.following.test_sequences import Following, Setup
from tests.unit.following.test_watched import Watching

pytestmark = pytest.mark.anyio


async def settled(setup: Setup) -> Following:
    """Follow until all that there is has left the overlap."""
    following = Following(setup)
    for _ in range(4):
        following.world.times.wait(400.0)
        await following.run()
    following.line.asked.clear()
    return following


async def failing_beside(following: Following) -> None:
    """Have the hash of the schema fail beside a look, and the next turn go well."""
    following.line.lost = frozenset({SUMMARY})
    await following.run()
    assert SUMMARY in following.line.asked
    assert [entry.status.success for entry in following.entries] == [False]
    following.line.lost = frozenset()
    following.line.asked.clear()
    following.world.times.wait(1.0)
    await following.run()
    assert "NetRouter" in following.line.asked


async def test_what_a_look_has_found_is_not_lost_where_the_hash_of_the_schema_fails_beside_it() -> None:
    following = await settled(Setup(("all",), 500, most=4))
    following.world.times.wait(61.0)
    following.world.save("NetRouter", following.world.pick("NetRouter", 0), name="renamed")
    following.world.times.wait(1.0)
    await failing_beside(following)
    assert await is_right(following)


async def test_that_a_clock_was_set_back_is_not_forgotten_where_the_hash_of_the_schema_fails_beside_it() -> None:
    following = await settled(Setup(("all",), 500, most=4))
    following.world.times.wait(61.0)
    following.world.times.server -= 900.0
    await failing_beside(following)


async def test_what_was_read_is_of_the_instant_of_the_look_however_long_that_took() -> None:
    subject = Inventoried(lists=(BY_KIND,))
    await subject.poll()
    subject.line.seconds = 3.0
    began = subject.world.times.wall() + POLL_SECONDS
    await subject.poll()
    assert subject.world.times.wall() >= began + 3.0
    assert [each.succeeded_at for each in subject.inventory.entries.statuses] == [began, began]


async def test_what_has_changed_does_not_wait_for_what_is_read_again_in_turn() -> None:
    following = await settled(Setup(("all",), 500, rolls=True))
    published: list[int] = []

    async def publish() -> None:
        published.append(len(following.line.asked))

    world = following.world
    world.save("NetRouter", world.pick("NetRouter", 0), name="renamed")
    world.times.wait(500.0)
    await following.rounds.run(publish)
    assert len(published) == 1
    assert 0 < published[0] < len(following.line.asked)


async def test_what_a_document_is_to_be_run_for_is_not_forgotten_where_it_is_not_run() -> None:
    subject = Watching()
    for _ in range(3):
        await subject.run()
        subject.world.times.wait(400.0)
    await subject.run()
    subject.world.save("NetCity", subject.world.pick("NetCity", 0), name="renamed")
    assert [await subject.is_due() for _ in range(2)] == [True, True]
    await subject.run()
    assert not await subject.is_due()
