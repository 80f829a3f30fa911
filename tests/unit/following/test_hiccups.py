"""An Infrahub that has nothing for a moment: what that took away is back as soon as Infrahub has it again."""

from collections.abc import Mapping

import pytest

from infrahub_exporter.domain.ports import Reply
from tests.unit.following import test_sequences
from tests.unit.following.test_corners import is_right
from tests.unit.following.test_sequences import Following, Setup
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio
FILTERED = ("own attribute", "all")
POLL_SECONDS = 2.0


class Forgetful(Line):
    """A line to an Infrahub that has no nodes as long as a test says so."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._full, self._nothing = world, World(world.times)
        self.is_empty = False

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self._world = self._nothing if self.is_empty else self._full
        return await super().graphql(document, variables, at=at)


async def poll(following: Following) -> None:
    following.world.times.wait(POLL_SECONDS)
    await following.rounds.run(nothing)


async def nothing() -> None:
    """Publish nothing."""


@pytest.mark.parametrize("asked", range(1, 9))
@pytest.mark.parametrize("names", [FILTERED, ("over a relation", "all"), ("generic",)])
@pytest.mark.parametrize("kind", ["NetCity", "NetRouter"])
async def test_what_was_gone_is_back_wherever_the_round_that_missed_it_ended(
    kind: str, names: tuple[str, ...], asked: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_sequences, "Line", Forgetful)
    following = Following(Setup(names, 500))
    line = following.line
    assert isinstance(line, Forgetful)
    for _ in range(4):
        following.world.times.wait(400.0)
        await following.rounds.run(nothing)
    for number in range(2):
        following.world.save(kind, following.world.pick(kind, number), name=f"renamed{number}")
    await poll(following)
    line.is_empty, line.once, line.failing = True, True, asked
    await poll(following)
    line.is_empty, line.failing = False, None
    await poll(following)
    await poll(following)
    monkeypatch.undo()
    assert await is_right(following)
