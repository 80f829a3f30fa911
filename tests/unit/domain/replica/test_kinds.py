"""What is asked of a source before and while it is read."""

import gc
import weakref
from collections.abc import Collection, Mapping

import pytest

from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.domain.asking.outlines import Field
from infrahub_exporter.domain.asking.selection import Column, Hop, Selection
from infrahub_exporter.domain.asking.specs import DiscoverySpec, Filters, entry_names
from infrahub_exporter.domain.errors import (
    DerivationError,
    SourceRejectedError,
    SourceUnavailableError,
    UnknownKindError,
)
from infrahub_exporter.domain.model import KindSchema, TargetGroup
from infrahub_exporter.domain.replica.dependencies import Dependencies, Link
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.reaches import Crossing, Leap, Reach, Way
from infrahub_exporter.domain.views.queried import derive_answer
from tests.unit.domain.network import KINDS

pytestmark = pytest.mark.anyio
QUERY = "query { InfraDevice { edges { node { ip } } } }"
TO_SITE = Hop("site", many=False, peer="LocationSite")


class CountingSource(MemorySource):
    """An inventory in memory that says which kinds it was asked for, and can be down."""

    def __init__(self) -> None:
        answer = {"InfraDevice": {"edges": [{"node": {"ip": "10.0.0.9"}}]}}
        super().__init__(schema=KINDS.values(), answers={QUERY: answer})  # type: ignore[dict-item]
        self.asked: list[str] = []
        self.down = False

    async def kind(self, kind: str) -> KindSchema:
        self.asked.append(kind)
        if self.down:
            raise SourceUnavailableError("connection refused")
        return await super().kind(kind)

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        self.asked += sorted(kinds)
        if self.down:
            raise SourceUnavailableError("connection refused")
        return await super().kinds(kinds)


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


async def test_each_kind_is_asked_for_once_and_only_where_a_path_or_a_filter_needs_it(source: CountingSource) -> None:
    kinds = Kinds(source)
    filters: Filters = {"interfaces__name__value": "et0", "tags__ids": ["7"]}
    for _ in range(2):
        selection = await kinds.select("InfraDevice", ("site.region.name", "tags[]", "address"), filters)
    wanted = ["BuiltinTag", "InfraInterface", "IpamIPAddress", "LocationSite"]
    assert source.asked == ["InfraDevice", *wanted, "LocationRegion"]
    assert [(each.argument, each.type) for each in selection.filters] == [
        ("interfaces__name__value", "String"),
        ("tags__ids", "[ID]"),
    ]


@pytest.mark.parametrize(
    ("kind", "include", "filters", "message"),
    [
        ("InfraDevce", (), {}, "Infrahub has no kind 'InfraDevce', did you mean 'InfraDevice'?"),
        (
            "InfraDevice",
            ("name", "site[LocationSiet].name"),
            {},
            "'site[LocationSiet].name': Infrahub has no kind 'LocationSiet', did you mean 'LocationSite'?",
        ),
        ("InfraDevice", ("site.nmae",), {}, "'site.nmae': LocationSite has no field 'nmae', did you mean 'name'?"),
        (
            "InfraDevice",
            (),
            {"status__valeu": "x"},
            "filter 'status__valeu': expected status__value or status__values, or status__isnull",
        ),
    ],
)
async def test_unknown_kinds_fields_and_filters_are_reported_by_name(
    source: CountingSource, kind: str, include: tuple[str, ...], filters: Filters, message: str
) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        await Kinds(source).select(kind, include, filters)
    assert str(raised.value) == message


async def test_an_unknown_kind_is_asked_for_once_too(source: CountingSource) -> None:
    kinds = Kinds(source)
    messages = []
    for _ in range(2):
        with pytest.raises(SourceRejectedError) as raised:
            await kinds.select("InfraDevce", (), {})
        messages.append(str(raised.value))
    assert messages == ["Infrahub has no kind 'InfraDevce', did you mean 'InfraDevice'?"] * 2
    assert source.asked == ["InfraDevce"]
    kinds.begin_turn()
    kinds.doubt()
    with pytest.raises(SourceRejectedError):
        await kinds.select("InfraDevce", (), {})
    assert source.asked == ["InfraDevce"], "at the next turn, not before"
    kinds.begin_turn()
    with pytest.raises(SourceRejectedError):
        await kinds.select("InfraDevce", (), {})
    assert source.asked == ["InfraDevce"] * 2


class Answer:
    """A large answer."""


async def test_an_unknown_kind_is_remembered_without_the_answer_that_told_it() -> None:
    answers: list[weakref.ref[Answer]] = []

    class Telling(CountingSource):
        async def kind(self, kind: str) -> KindSchema:
            answer = Answer()
            answers.append(weakref.ref(answer))
            return await super().kind(kind)

    kinds = Kinds(Telling())
    with pytest.raises(SourceRejectedError):
        await kinds.select("InfraDevce", (), {})
    gc.collect()
    assert [each() for each in answers] == [None]
    with pytest.raises(SourceRejectedError):
        await kinds.select("InfraDevce", (), {})
    assert len(answers) == 1


async def test_a_kind_that_could_not_be_asked_for_is_asked_for_again(source: CountingSource) -> None:
    kinds = Kinds(source)
    source.down = True
    with pytest.raises(SourceUnavailableError):
        await kinds.select("BuiltinTag", (), {})
    source.down = False
    assert await kinds.select("BuiltinTag", (), {}) == Selection("BuiltinTag", ())


async def test_a_selection_is_planned_in_pieces_with_what_it_depends_on(source: CountingSource) -> None:
    kinds = Kinds(source)
    selection = await kinds.select("InfraDevice", ("name", "site"), {})
    to_site = Crossing("site", 1, many=False, peer="LocationSite")
    assert await kinds.plan(selection, in_pieces=True) == (
        Plan(
            root=Selection(
                "InfraDevice",
                (Column("name.value", (), "name", "value"), Column("site", (TO_SITE,), "id")),
            ),
            peers={"LocationSite": Selection("LocationSite", ())},
            reaches=(Reach((Way((), 0),)), Reach((Way((Leap(to_site),), None),))),
            crossings={"": (to_site,), "LocationSite": ()},
        ),
        Dependencies(
            frozenset({"InfraDevice", "LocationSite"}), (Link("InfraDevice", "site", "LocationSite", only_new=True),)
        ),
    )
    assert source.asked == ["InfraDevice", "LocationSite"]


async def test_a_selection_that_is_not_taken_apart_is_read_as_it_is_and_depends_on_nothing(
    source: CountingSource,
) -> None:
    kinds = Kinds(source)
    selection = await kinds.select("InfraDevice", ("name", "site"), {})
    assert await kinds.plan(selection, in_pieces=False) == (
        Plan(root=selection, peers={}, reaches=(), crossings={"": ()}, in_pieces=False),
        Dependencies(frozenset(), ()),
    )
    assert source.asked == ["InfraDevice", "LocationSite"]


async def test_rows_want_a_source_that_tells_what_has_changed(source: CountingSource) -> None:
    kinds = Kinds(source)
    selection = await kinds.select("InfraDevice", ("^name",), {}, "site")
    with pytest.raises(SourceRejectedError) as raised:
        await kinds.plan(selection, in_pieces=False)
    assert str(raised.value) == "rows: expected a source that tells what has changed (a ChangeProbe)"
    assert kinds.attributes(selection)["^name"].kind == "Text"


async def test_the_kinds_that_a_document_reads_are_asked_for_as_they_become_known(source: CountingSource) -> None:
    region = Field("region", fields=(Field("node", fields=(Field("name"),)),))
    site = Field("site", fields=(Field("node", fields=(region,)),))
    device = Field("InfraDevice", fields=(Field("edges", fields=(Field("node", fields=(site,)),)),))
    read = await Kinds(source).read_by([device])
    assert read == frozenset({"InfraDevice", "LocationSite", "LocationRegion"})
    assert source.asked == ["InfraDevice", "LocationSite", "LocationRegion"]


async def test_a_document_with_a_root_field_that_is_no_kind_cannot_be_watched(source: CountingSource) -> None:
    assert await Kinds(source).read_by([Field("InfrahubInfo", fields=(Field("version"),))]) is None


async def test_a_document_with_a_fragment_on_what_is_no_kind_cannot_be_watched(source: CountingSource) -> None:
    count = Field("count", on="PaginatedInfraDevice")
    assert await Kinds(source).read_by([Field("InfraDevice", fields=(count,))]) is None


async def test_a_document_whose_kinds_cannot_be_asked_for_is_not_taken_for_one_without_secrets() -> None:
    class Refusing(CountingSource):
        async def kind(self, kind: str) -> KindSchema:
            raise SourceRejectedError(f"Infrahub cannot answer (500): {kind}")

    with pytest.raises(SourceRejectedError, match=r"^Infrahub cannot answer \(500\): InfraDevice$"):
        await Kinds(Refusing()).read_by([Field("InfraDevice", fields=(Field("count"),))])


async def test_a_kind_that_was_refused_for_once_is_asked_for_again_and_an_unknown_one_is_not() -> None:
    class Restarting(CountingSource):
        async def kind(self, kind: str) -> KindSchema:
            schema = await super().kind(kind)
            if len(self.asked) == 1:
                raise SourceRejectedError("Infrahub cannot answer (500)")
            return schema

    source = Restarting()
    kinds = Kinds(source)
    with pytest.raises(SourceRejectedError, match="500"):
        await kinds.select("InfraDevice", ("name",), {})
    assert (await kinds.select("InfraDevice", ("name",), {})).kind == "InfraDevice"
    for _ in range(2):
        with pytest.raises(UnknownKindError):
            await kinds.select("InfraNothing", (), {})
    assert source.asked == ["InfraDevice", "InfraDevice", "InfraNothing"]


def discovery_spec(target_field: str) -> DiscoverySpec:
    return DiscoverySpec(name="d", paths=("/sd/d",), target_field=target_field, document=QUERY)


async def test_a_discovery_by_document_reads_its_answer_and_no_schema(source: CountingSource) -> None:
    found = derive_answer(discovery_spec("ip"), await source.run(QUERY))
    assert found.groups == (TargetGroup(("10.0.0.9",), {"__meta_infrahub_kind": "InfraDevice"}),)
    assert source.asked == []


async def test_a_document_that_does_not_fit_its_spec_is_a_failure(source: CountingSource) -> None:
    with pytest.raises(DerivationError):
        derive_answer(discovery_spec("address"), await source.run(QUERY))


async def test_entries_are_named_by_kind_and_from_the_second_on_by_number() -> None:
    assert entry_names(["A", "B", "A", "A"]) == ("A", "B", "A#2", "A#3")
    assert entry_names([]) == ()


async def test_kinds_are_named_with_the_generics_that_they_inherit_from_and_that_of_all() -> None:
    described = [
        KindSchema("InfraPort", {}, {}, inherit_from=("InfraInterface", "InfraPart")),
        KindSchema("Rack", {}, {}),
    ]
    kinds = Kinds(MemorySource(schema=described))
    assert await kinds.lineages(["InfraPort", "Rack"]) == {
        "InfraPort",
        "InfraInterface",
        "InfraPart",
        "Rack",
        "CoreNode",
    }
    with pytest.raises(SourceRejectedError):
        await kinds.lineages(["InfraUnheardOf"])
