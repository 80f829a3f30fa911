from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress

import anyio.to_thread
import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.selection import Column, Filter, Hop, Selection
from infrahub_exporter.domain.errors import DerivationError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema, Row
from infrahub_exporter.domain.ports import Arrived, Reply, Stamp

pytestmark = pytest.mark.anyio
DATE = {"date": "Tue, 24 Nov 2026 12:00:00 GMT"}
NAMES = Selection("InfraDevice", (Column("name", (), "name", "value"),), (Filter("name__value", "String", "x"),))


class Ticks:
    def monotonic(self) -> float:
        return 5.0

    def wall(self) -> float:
        return 0.0


class Recording:
    """A transport that serves numbered nodes, or whatever reply it is given, and keeps what it was asked."""

    def __init__(self, total: int = 0, *, replies: Mapping[str, Reply] | None = None) -> None:
        self.total = total
        self.replies = dict(replies or {})
        self.asked: list[tuple[str, Mapping[str, object], str | None]] = []
        self.closed = False

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self.asked.append((document, dict(variables), at))
        if "graphql" in self.replies:
            return self.replies["graphql"]
        limit, offset = variables["limit"], variables["offset"]
        assert isinstance(limit, int)
        assert isinstance(offset, int)
        edges = [{"node": self._node(n)} for n in range(offset, min(offset + limit, self.total))]
        return Reply(200, DATE, msgspec.json.encode({"data": {"InfraDevice": {"edges": edges}}}))

    async def get(self, path: str) -> Reply:
        self.asked.append((path, {}, None))
        return self.replies.get(path, Reply(200, DATE, b'{"nodes": {"InfraDevice": "h"}, "generics": {}}'))

    async def close(self) -> None:
        self.closed = True

    def _node(self, number: int) -> dict[str, object]:
        return {"id": str(number), "__typename": "InfraDevice", "hfid": None, "name": {"value": f"n{number}"}}


def reader(transport: Recording, page_size: int = 2) -> InfrahubReader:
    return InfrahubReader(transport, clock=Ticks(), page_size=page_size)


async def read(source: InfrahubReader, selection: Selection = NAMES) -> list[str]:
    return [row.id async for page in source.pages(selection) for row in page.rows]


@pytest.mark.parametrize(("total", "pages"), [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3)])
async def test_pages_follow_one_another_at_one_instant_until_a_short_one(total: int, pages: int) -> None:
    transport = Recording(total)

    assert await read(reader(transport)) == [str(number) for number in range(total)]
    queries = transport.asked[1:]
    assert transport.asked[0][0] == "/api/schema/summary"
    assert [variables["offset"] for _, variables, _ in queries] == [2 * number for number in range(pages)]
    assert {at for _, _, at in queries} == {"2026-11-24T12:00:00.000000Z"}
    assert {variables["name__value"] for _, variables, _ in queries} == {"x"}


async def test_the_document_stays_the_same_whatever_the_filters_value_is() -> None:
    transport = Recording(1)
    source = reader(transport)

    await read(source)
    await read(source, Selection("InfraDevice", NAMES.columns, (Filter("name__value", "String", "other"),)))

    texts = {document for document, *_ in transport.asked[1:]}
    assert len(texts) == 1
    assert "other" not in texts.pop()


async def test_a_node_that_two_pages_bring_is_one_row() -> None:
    class Repeating(Recording):
        def _node(self, number: int) -> dict[str, object]:
            return super()._node(number // 2)

    assert await read(reader(Repeating(4), page_size=1)) == ["0", "1"]


async def test_an_error_in_an_answer_is_raised() -> None:
    body = b'{"data": null, "errors": [{"message": "no"}]}'
    source = reader(Recording(replies={"graphql": Reply(200, DATE, body)}))

    with pytest.raises(SourceRejectedError, match=r"^Infrahub rejects the query: no$"):
        await read(source)
    with pytest.raises(SourceRejectedError, match=r"^Infrahub rejects the query: no$"):
        await source.run("{ x }")


async def test_an_answer_of_another_shape_is_a_derivation_error() -> None:
    source = reader(Recording(replies={"graphql": Reply(200, DATE, b'{"data": {"Other": 1}}')}))

    with pytest.raises(DerivationError, match=r"^InfraDevice: the answer does not fit the query: "):
        await read(source)


async def test_a_query_answers_its_data() -> None:
    source = reader(Recording(replies={"graphql": Reply(200, DATE, b'{"data": {"A": {"edges": []}}}')}))

    assert await source.run("{ A { edges { node { id } } } }") == {"A": {"edges": []}}


async def test_a_query_without_data_is_a_derivation_error() -> None:
    source = reader(Recording(replies={"graphql": Reply(200, DATE, b'{"data": null}')}))

    with pytest.raises(DerivationError, match=r"^the answer does not fit the question: "):
        await source.run("{ A { count } }")


async def test_a_kind_is_described_as_its_schema_says() -> None:
    body = {
        "name": "Device",
        "namespace": "Infra",
        "human_friendly_id": ["name__value"],
        "inherit_from": ["InfraGenericDevice"],
        "attributes": [
            {"name": "name", "kind": "Text", "optional": False, "choices": None},
            {"name": "role", "kind": "Dropdown", "optional": True, "choices": [{"name": "leaf", "label": "Leaf"}]},
        ],
        "relationships": [
            {"name": "site", "peer": "LocationSite", "cardinality": "one", "kind": "Attribute"},
            {"name": "tags", "peer": "BuiltinTag", "cardinality": "many"},
            {"name": "parent", "peer": "InfraDevice", "cardinality": "one", "hierarchical": "InfraTree"},
        ],
    }
    source = reader(Recording(replies={"/api/schema/InfraDevice": Reply(200, DATE, msgspec.json.encode(body))}))

    assert await source.kind("InfraDevice") == KindSchema(
        kind="InfraDevice",
        attributes={
            "name": AttributeSchema("name", "Text", optional=False),
            "role": AttributeSchema("role", "Dropdown", optional=True, choices=("leaf",)),
        },
        relationships={
            "site": RelationshipSchema("site", "LocationSite", many=False),
            "tags": RelationshipSchema("tags", "BuiltinTag", many=True),
            "parent": RelationshipSchema("parent", "InfraDevice", many=False, hierarchy="InfraTree"),
        },
        human_friendly_id=("name__value",),
        inherit_from=("InfraGenericDevice",),
    )


async def test_a_few_kinds_are_asked_for_one_by_one_and_many_with_all_that_there_are() -> None:
    bodies = {kind: {"namespace": "Lab", "name": kind} for kind in "ABCD"}
    replies = {f"/api/schema/Lab{kind}": Reply(200, DATE, msgspec.json.encode(body)) for kind, body in bodies.items()}
    gone = Reply(422, DATE, b"{}")
    everything = {
        "nodes": [bodies["A"]],
        "generics": [{**bodies["B"], "used_by": ["LabD", "LabA"]}],
        "profiles": [bodies["C"]],
        "templates": [bodies["D"]],
    }
    replies |= {"/api/schema/LabX": gone, "/api/schema": Reply(200, DATE, msgspec.json.encode(everything))}
    transport = Recording(replies=replies)
    source = reader(transport)

    assert (await source.kinds({"LabB", "LabA", "LabX"})).keys() == {"LabA", "LabB"}
    found = await source.kinds({"LabA", "LabB", "LabC", "LabX"})
    assert {kind: schema.used_by for kind, schema in found.items()} == {
        "LabA": (),
        "LabB": ("LabA", "LabD"),
        "LabC": (),
        "LabD": (),
    }


async def test_all_kinds_that_cannot_be_read_are_unavailable() -> None:
    source = reader(Recording(replies={"/api/schema": Reply(503, DATE, b"")}))

    with pytest.raises(SourceUnavailableError, match=r"^Infrahub is not available \(503\)$"):
        await source.kinds({"A", "B", "C", "D"})


async def test_an_unknown_kind_is_rejected_with_the_nearest_name() -> None:
    unknown = Reply(422, DATE, b'{"data": null, "errors": [{"message": "Unable to find the schema"}]}')
    source = reader(Recording(replies={"/api/schema/InfraDevise": unknown}))

    with pytest.raises(
        SourceRejectedError, match=r"^Infrahub has no kind 'InfraDevise', did you mean 'InfraDevice'\?$"
    ):
        await source.kind("InfraDevise")


async def test_an_unknown_kind_is_rejected_even_when_no_name_can_be_suggested() -> None:
    unknown = Reply(422, DATE, b"{}")
    down = Reply(503, DATE, b"")
    source = reader(Recording(replies={"/api/schema/X": unknown, "/api/schema/summary": down}))

    with pytest.raises(SourceRejectedError, match=r"^Infrahub has no kind 'X'$"):
        await source.kind("X")


async def test_a_schema_that_cannot_be_read_is_unavailable() -> None:
    source = reader(Recording(replies={"/api/schema/X": Reply(503, DATE, b"")}))

    with pytest.raises(SourceUnavailableError, match=r"^Infrahub is not available \(503\)$"):
        await source.kind("X")


async def test_closing_the_reader_closes_its_transport() -> None:
    transport = Recording()

    await reader(transport).close()

    assert transport.closed


class Stamping(Recording):
    """A transport whose generic gives no stamps, as `BuiltinIPPrefix` does."""

    def __init__(self, used_by: Sequence[str] = ("LabPrefix", "LabPool"), *, stampless: Sequence[str] = ()) -> None:
        super().__init__()
        self.roots: list[str] = []
        self._stampless = ("LabGeneric", *stampless)
        schema = {"name": "Generic", "namespace": "Lab", "used_by": list(used_by)}
        self.replies["/api/schema/LabGeneric"] = Reply(200, DATE, msgspec.json.encode(schema))

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        del variables, at
        root = document.partition("{ ")[2].partition("(")[0]
        self.roots.append(root)
        stamp = {"created_at": "2026-01-01T00:00:00Z", "updated_at": "2026-01-02T00:00:00Z"}
        edge = {"node": {"id": f"of {root}"}, "node_metadata": None if root in self._stampless else stamp}
        return Reply(200, DATE, msgspec.json.encode({"data": {root: {"edges": [edge]}}}))


async def test_the_stamps_of_a_generic_that_gives_none_are_those_of_the_kinds_that_inherit_from_it() -> None:
    transport = Stamping()
    source = reader(transport)
    stamp = Stamp(1767312000.0, 1767225600.0)

    for _ in range(2):
        assert await source.stamps("LabGeneric", since=0.0, at=0.0) == {"of LabPool": stamp, "of LabPrefix": stamp}
    assert transport.roots == ["LabGeneric", "LabPool", "LabPrefix", "LabPool", "LabPrefix"]
    assert await source.stamps("LabPool", since=0.0, at=0.0) == {"of LabPool": stamp}


@pytest.mark.parametrize("transport", [Stamping(()), Stamping(stampless=["LabPool"])])
async def test_a_kind_of_which_nothing_gives_stamps_cannot_be_told(transport: Stamping) -> None:
    for source in (reader(transport), reader(transport)):
        with pytest.raises(DerivationError, match=r"^Infrahub does not tell when nodes of LabGeneric were changed$"):
            await source.stamps("LabGeneric", since=0.0, at=0.0)


NAMED = Selection("LabThing", (Column("name", (), "name", "value"),))


def stamped(**metadata: object) -> Reply:
    node = {"id": "1", "__typename": "LabThing", "hfid": None, "name": {"value": "one"}}
    edge = {"node": node, "node_metadata": metadata or None}
    return Reply(200, DATE, msgspec.json.encode({"data": {"LabThing": {"edges": [edge]}}}))


async def test_rows_come_with_their_stamps_and_a_node_of_unknown_making_is_a_new_one() -> None:
    transport = Recording()
    source = reader(transport)
    row = Row("1", "LabThing", None, ("one",))
    transport.replies["graphql"] = stamped(updated_at="2026-01-02T00:00:00Z", created_at="2026-01-01T02:00:00+02:00")
    assert await source.changed(NAMED, since=0.0, at=0.0) == Arrived(
        {"1": row}, {"1": Stamp(1767312000.0, 1767225600.0)}
    )
    transport.replies["graphql"] = stamped(updated_at="2026-01-02T00:00:00Z", created_at=None)
    assert await source.changed(NAMED, since=0.0, at=0.0) == Arrived(
        {"1": row}, {"1": Stamp(1767312000.0, 1767312000.0)}
    )


async def test_rows_of_a_kind_that_gives_no_stamps_do_not_come_with_them() -> None:
    transport = Recording()
    transport.replies["graphql"] = stamped()
    assert await reader(transport).changed(NAMED, since=0.0, at=0.0) is None


@pytest.mark.parametrize("stamp", ["yesterday", "2026-01-02T00:00:00", ""])
async def test_a_stamp_that_is_none_is_refused(stamp: str) -> None:
    transport = Recording()
    transport.replies["graphql"] = stamped(updated_at=stamp, created_at=None)
    with pytest.raises(DerivationError, match=r"^LabThing: the answer does not fit the query: "):
        await reader(transport).changed(NAMED, since=0.0, at=0.0)


def about(version: object) -> Reply:
    branch = {"edges": [{"node": {"is_default": {"value": True}}}]}
    return Reply(
        200, DATE, msgspec.json.encode({"data": {"InfrahubBranch": branch, "InfrahubInfo": {"version": version}}})
    )


@pytest.mark.parametrize(
    ("version", "limit"),
    [("1.11.4", 10), ("1.10.12", 10), ("1.11", 10), ("1.11.5", 200), ("1.12.0b1", 200), ("2", 200), (None, 200)],
)
async def test_of_an_infrahub_that_loses_peers_few_nodes_are_read_at_once(
    version: str | None, limit: int, caplog: pytest.LogCaptureFixture
) -> None:
    transport = Recording(1, replies={"graphql": about(version)})
    source = reader(transport, page_size=200)
    for _ in range(2):
        assert await source.is_followable()
    assert source.version == version
    problem = (
        f"Infrahub {version} may lose peers of relations to many without a word, 1.11.5 does not: "
        "kinds with such paths are read in pages of 10 nodes"
    )
    told = [message for message in caplog.messages if "clock" not in message]
    assert told == ([problem] if limit == 10 else [])
    del transport.replies["graphql"]
    tags = Column("tags[].name", (Hop("tags", many=True, peer="BuiltinTag"),), "name", "value")
    for columns, expected in ((NAMES.columns, 200), ((tags,), limit)):
        with suppress(DerivationError):
            await read(source, Selection("InfraDevice", columns, ()))
        assert transport.asked[-1][1]["limit"] == expected


@pytest.mark.parametrize(
    "version", ["1" * 65, "1.11.4\n", "1.11.4\u2028", "\u202e4.11.1", 11, [], {}, ["1.11.4"], True, "x" * 1_000_000]
)
async def test_what_is_no_version_is_none(version: object, caplog: pytest.LogCaptureFixture) -> None:
    source = reader(Recording(1, replies={"graphql": about(version)}))
    assert await source.is_followable()
    assert source.version is None
    assert [message for message in caplog.messages if "clock" not in message] == []


async def test_changes_that_come_again_and_again_are_given_up() -> None:
    stamped = {"updated_at": "2023-11-14T22:13:20Z", "created_at": "2023-11-14T22:13:20Z"}
    edges = [{"node": {"id": str(number)}, "node_metadata": stamped} for number in range(2)]
    body = msgspec.json.encode({"data": {"InfraDevice": {"edges": edges}}})
    transport = Recording(replies={"graphql": Reply(200, DATE, body)})
    with pytest.raises(DerivationError) as raised:
        await reader(transport, page_size=2).stamps("InfraDevice", since=0.0, at=0.0)
    assert str(raised.value) == "InfraDevice: Infrahub answers changes that it has answered before"
    assert len(transport.asked) == 2


@pytest.mark.parametrize(("size", "is_beside"), [(10, False), (2_000_000, True)])
async def test_a_large_answer_is_decoded_beside_the_event_loop_whatever_was_asked(
    size: int, monkeypatch: pytest.MonkeyPatch, *, is_beside: bool
) -> None:
    beside: list[object] = []
    run_sync = anyio.to_thread.run_sync

    async def noted(work: Callable[..., object], *arguments: object) -> object:
        beside.append(arguments)
        return await run_sync(work, *arguments)

    monkeypatch.setattr(anyio.to_thread, "run_sync", noted)
    long = "x" * size
    answer = Reply(200, DATE, msgspec.json.encode({"data": {"Device": {"name": long}}}))
    schema = Reply(200, DATE, msgspec.json.encode({"main": long, "nodes": {}, "generics": {}}))
    source = reader(Recording(replies={"graphql": answer, "/api/schema/summary": schema}))

    assert await source.run("{ Device { name } }") == {"Device": {"name": long}}
    assert await source.fingerprint() == long
    assert beside == ([(answer.body,), (schema.body,)] if is_beside else [])
