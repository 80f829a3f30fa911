"""How many answers have to be waited for, one after another: what does not depend on each other is asked at once."""

from collections.abc import Callable, Mapping

import anyio
import anyio.lowlevel
import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec
from infrahub_exporter.domain.errors import UnknownKindError
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.replica.kinds import Kinds
from tests.unit.following.test_politeness import ROUTERS, SOON
from tests.unit.following.world import Line, World

pytestmark = pytest.mark.anyio
METRICS = (
    MetricSpec(kind="NetRouter", include=("name", "state", "city.name", "tags[].name")),
    MetricSpec(kind="NetPort", include=("name", "router.name", "labels[]")),
    MetricSpec(kind="NetCity", include=("name", "parent.name")),
)
BY_KIND = DiscoverySpec(
    name="up",
    paths=("/sd/up",),
    target_field="name",
    kind="NetRouter",
    filters={"state__value": "up"},
    refresh_interval_seconds=SOON,
)
READY, CHANGE = 10, 4
_IDLE = 20


class Answering(Line):
    """A line whose answers come when a test says so, all that are under way together; `most` were so at once."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._waiting: list[anyio.Event] = []
        self._idle = 0
        self.most = 0

    def is_quiet(self) -> bool:
        """Tell whether nothing has been asked for a while."""
        return self._idle > _IDLE

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        await self._wait()
        return await super().graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        await self._wait()
        return await super().get(path)

    async def _wait(self) -> None:
        self._waiting.append(anyio.Event())
        await self._waiting[-1].wait()

    async def answer(self) -> bool:
        """Give the answers to all that is asked just now; tell whether anything was."""
        await anyio.wait_all_tasks_blocked()
        waiting, self._waiting = self._waiting, []
        self.most = max(self.most, len(waiting))
        self._idle = 0 if waiting else self._idle + 1
        for each in waiting:
            each.set()
        return bool(waiting)

    async def answers_until(self, condition: Callable[[], bool]) -> int:
        """Count the answers, one after another, until something is so."""
        answers = 0
        with anyio.fail_after(20):
            while not condition():
                answers += await self.answer()
                await anyio.sleep(0.001)  # what is derived in a thread takes its time
        return answers


class Subject:
    """An exporter of three kinds, a list by kind and one by file, over such a line."""

    def __init__(self, *, concurrency: int = 4) -> None:
        self.world = World()
        self.world.populate()
        for router in self.world.ids("NetRouter"):
            self.world.save("NetRouter", router, state="up")
        self.line = Answering(self.world)
        self.exporter = Exporter(
            metrics=METRICS,
            discoveries=[BY_KIND, ROUTERS],
            source=InfrahubReader(self.line, clock=self.world.times, page_size=500),
            clock=self.world.times,
            poll_interval_seconds=SOON,
            version="1",
            outline=outline,
            concurrency=concurrency,
        )

    def is_ready(self) -> bool:
        return all(entry.success for entry in self.exporter.status.entries)

    async def settle(self) -> None:
        """Have all that there is leave the overlap."""
        for _ in range(3):
            self.world.times.wait(400.0)
            self.exporter.hurry()
            self.line._idle = 0
            await self.line.answers_until(self.line.is_quiet)

    def shows(self, name: str) -> bool:
        lists = [self.exporter.target_groups(each) for each in ("up", "routers")]
        is_listed = all((name,) in [group.targets for group in groups] for groups in lists)
        text = self.exporter.metrics_text()
        return is_listed and all(f'{label}="{name}"' in text for label in (",name", "router_name"))


async def test_it_is_ready_after_ten_answers() -> None:
    subject = Subject()
    async with subject.exporter:
        assert await subject.line.answers_until(subject.is_ready) <= READY


async def test_a_change_shows_after_four_answers() -> None:
    subject = Subject()
    async with subject.exporter:
        await subject.line.answers_until(subject.is_ready)
        await subject.settle()
        subject.world.save("NetRouter", subject.world.pick("NetRouter", 0), name="changed")
        subject.world.times.wait(10.0)
        subject.exporter.hurry()
        assert await subject.line.answers_until(lambda: subject.shows("changed")) <= CHANGE


async def test_of_one_round_no_more_is_asked_at_once_than_the_setting_says() -> None:
    subject = Subject(concurrency=2)
    async with subject.exporter:
        await subject.line.answers_until(subject.is_ready)
        await subject.settle()
        for kind in ("NetRouter", "NetCity", "BuiltinTag", "NetRegion"):
            subject.world.save(kind, subject.world.pick(kind, 0), name="changed")
        subject.line.most = 0
        subject.exporter.hurry()
        await subject.line.answers_until(lambda: subject.shows("changed"))
        assert subject.line.most <= 2 * 2  # those of the round, and those of the list by file


async def test_what_a_plan_lacks_is_named_until_it_can_be_made_or_never_can() -> None:
    world = World()
    kinds = Kinds(InfrahubReader(Line(world), clock=world.times, page_size=500))
    lacking = [kinds.lacking("NetRouter", ("city.parent.name",), {})]
    while lacking[-1]:
        await kinds.learn(lacking[-1])
        lacking.append(kinds.lacking("NetRouter", ("city.parent.name",), {}))
    assert lacking == [{"NetRouter"}, {"NetCity"}, {"NetRegion"}, frozenset()]
    assert kinds.lacking("NetRouter", ("no such path",), {}) == frozenset()
    with pytest.raises(UnknownKindError):
        await kinds.learn(["NetUnheardOf"])
    assert kinds.lacking("NetUnheardOf", ("name",), {}) == frozenset()
