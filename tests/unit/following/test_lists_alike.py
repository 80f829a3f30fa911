"""Lists that differ only in name, guard and how they are served: what is made is made once, and each stays itself."""

import msgspec
import pytest

from infrahub_exporter.domain.asking.specs import DiscoverySpec, GuardOverride
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.views import Delta
from tests.unit.following.test_shared import Many, world_of_many

pytestmark = pytest.mark.anyio
FIRST = DiscoverySpec(
    name="first",
    paths=("/sd/first",),
    target_field="name",
    label_mappings={"city": "city.name"},
    kind="NetRouter",
)
SECOND = msgspec.structs.replace(
    FIRST, name="second", paths=("/sd/second",), guard=GuardOverride(max_loss_ratio=0.01, min_loss=1)
)
OTHER = msgspec.structs.replace(FIRST, name="other", paths=("/sd/other",), label_mappings={})


async def alike(*specs: DiscoverySpec) -> Many:
    """Run lists that have been read."""
    many = Many(world_of_many(40), (), specs)
    await many.asked()
    return many


def bodies(many: Many, *names: str) -> list[bytes]:
    return [b"".join(many.exporter._inventory.entries.find(name).body()) for name in names]


async def heir_of(former: Many, *specs: DiscoverySpec) -> Many:
    """Go on with other lists over the same source."""
    heir = Many(former.world, (), specs, source=former.exporter._source)
    await heir.exporter.resume(former.exporter.handover())
    return heir


def rename(many: Many, number: int, name: str) -> None:
    many.world.times.wait(1000.0)
    many.world.save("NetRouter", many.world.pick("NetRouter", number), name=name)
    many.world.times.wait(10.0)


async def test_lists_that_are_made_alike_show_the_same_and_are_made_once() -> None:
    many = await alike(FIRST, SECOND, OTHER)
    first, second, other = many.exporter._inventory.entries.by_kind
    assert first.derived is second.derived
    assert first.derived is not other.derived
    assert many.exporter.status.pool is not None
    assert many.exporter.status.pool.views == 2
    rename(many, 7, "renamed")
    await many.asked()
    one, two = bodies(many, "first", "second")
    assert one == two
    assert one.count(b'["renamed"]') == 1
    chunks = [entry.body() for entry in (first, second)]
    assert all(one is two for one, two in zip(chunks[0][1:-1], chunks[1][1:-1], strict=True))


async def test_what_one_guard_holds_the_other_list_publishes() -> None:
    many = await alike(FIRST, SECOND)
    before = bodies(many, "first", "second")
    for number in range(10):
        many.world.delete("NetRouter", many.world.pick("NetRouter", 3 * number))
    many.world.times.wait(1000.0)
    await many.asked()
    now = bodies(many, "first", "second")
    assert now[1] == before[1]
    assert len(now[0]) < len(before[0])
    assert [entry.hold is not None for entry in many.exporter.status.entries] == [False, True]
    assert await many.exporter.release("second")
    assert bodies(many, "first", "second") == [now[0], now[0]]


async def test_a_list_that_missed_a_turn_takes_what_the_other_one_brought() -> None:
    many = await alike(FIRST, SECOND)
    rename(many, 7, "renamed")
    first, second = many.exporter._inventory.entries.by_kind
    turn = await many.exporter._inventory._pool.turn(timeout_seconds=60.0)
    brought = await second.refresh(turn)
    assert brought is not None
    assert (brought.changed, brought.whole) == (True, False)
    assert [b'["renamed"]' in each for each in bodies(many, "first", "second")] == [False, True]
    missed = await first.refresh(await many.exporter._inventory._pool.turn(timeout_seconds=60.0))
    assert missed is not None
    assert (missed.changed, missed.whole) == (True, False)
    assert [b'["renamed"]' in each for each in bodies(many, "first", "second")] == [True, True]


async def test_a_list_that_cannot_be_made_fails_those_that_are_made_alike_alone_and_they_recover_together() -> None:
    many = await alike(FIRST, SECOND, OTHER)
    broken = many.exporter._inventory.entries.by_kind[0].derived

    def refuse(delta: Delta) -> dict[str, Row]:
        raise DerivationError(f"no {len(delta.changed)}")

    derive, broken._derive = broken._derive, refuse
    rename(many, 7, "renamed")
    await many.exporter.refresh()
    assert [entry.success for entry in many.exporter.status.entries] == [False, False, True]
    assert [b'["renamed"]' in each for each in bodies(many, "first", "second", "other")] == [False, False, True]
    broken._derive = derive
    many.world.times.wait(100.0)
    await many.asked()
    assert [b'["renamed"]' in each for each in bodies(many, "first", "second", "other")] == [True, True, True]


async def test_a_list_that_comes_with_a_reload_is_made_of_what_one_like_it_has() -> None:
    former = await alike(FIRST)
    heir = await heir_of(former, SECOND, FIRST)
    second, first = heir.exporter._inventory.entries.by_kind
    assert first.derived is second.derived
    assert bodies(heir, "first", "second") == bodies(former, "first") * 2
    former.line.asked.clear()
    await heir.exporter.refresh()
    assert former.line.asked.count("NetRouter") == 0, "all rows are there"
    assert [entry.success for entry in heir.exporter.status.entries] == [True, True]


async def test_what_one_list_leaves_is_held_as_long_as_another_one_shows_it() -> None:
    former = await alike(FIRST, SECOND)
    heir = await heir_of(former, SECOND)
    assert heir.exporter.status.pool is not None
    assert heir.exporter.status.pool.views == 1
    rename(former, 7, "renamed")
    await heir.exporter.refresh()
    assert [b'["renamed"]' in each for each in bodies(heir, "second")] == [True]
    assert heir.exporter.status.pool.views == 1
