"""Whatever bytes an answer has: what was asked for, or an error of ours."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import anyio
import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.answers import failure
from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.asking.selection import Column, Hop, Selection
from infrahub_exporter.domain.errors import ExporterError, SourceError
from infrahub_exporter.domain.model import Peer, Row
from infrahub_exporter.domain.ports import Reply
from tests.unit.domain.anything import JSON_VALUES

SITE = Hop("site", many=False, peer="NetSite")
TAGS = Hop("tags", many=True, peer="NetTag")
SELECTION = Selection(
    "NetThing",
    (
        Column("name", (), "name", "value"),
        Column("site.name", (SITE,), "name", "value"),
        Column("tags[]", (TAGS,)),
    ),
    (),
)
EDGE = {
    "node": {
        "id": "1",
        "__typename": "NetThing",
        "hfid": ["a"],
        "name": {"value": "a"},
        "site": {"node": {"name": {"value": "s"}}},
        "tags": {"edges": [{"node": {"id": "2", "__typename": "NetTag", "hfid": None}}]},
    },
    "node_metadata": {"updated_at": "2026-11-24T05:52:12.887372+00:00", "created_at": None},
}
GOOD: Any = {
    "data": {"NetThing": {"count": 1, "edges": [EDGE]}},
    "errors": None,
    "name": "Thing",
    "namespace": "Net",
    "attributes": [{"name": "name", "kind": "Text", "choices": [{"name": "x"}]}],
    "relationships": [{"name": "site", "peer": "NetSite", "cardinality": "one"}],
    "main": "h",
    "nodes": {"NetThing": "h"},
}
BODY: bytes = msgspec.json.encode(GOOD)
STAMPS = st.sampled_from(
    [
        "0001-01-01T00:00:00",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:59",
        "2026-11-24",
        "",
        "1e99",
    ]
)


def stamped(updated_at: object, created_at: object) -> object:
    return {"node": {"id": "1"}, "node_metadata": {"updated_at": updated_at, "created_at": created_at}}


NOISE = st.binary(max_size=12) | st.sampled_from(
    [b"\xff", b"\xed\xa0\x80", b"\\ud800", b"[" * 5000, b"null", b'{"edges":', b"1e999"]
)
BODIES = (
    st.binary(max_size=60)
    | JSON_VALUES.map(msgspec.json.encode)
    | st.tuples(st.sampled_from(["data", "errors", "name", "attributes", "main", "nodes"]), JSON_VALUES).map(
        lambda change: msgspec.json.encode({**GOOD, change[0]: change[1]})
    )
    | JSON_VALUES.map(lambda value: msgspec.json.encode({"data": {"NetThing": value}}))
    | st.tuples(JSON_VALUES, JSON_VALUES).map(
        lambda each: msgspec.json.encode({"data": {"merging": {"count": 0}, "all0": each[0], "changed0": each[1]}})
    )
    | st.tuples(st.datetimes().map(str) | STAMPS, STAMPS | JSON_VALUES).map(
        lambda each: msgspec.json.encode({"data": {"NetThing": {"edges": [stamped(*each)]}}})
    )
    | JSON_VALUES.map(lambda value: msgspec.json.encode({"data": {"NetThing": {"edges": [{"node": value}]}}}))
    | st.tuples(st.integers(0, len(BODY)), st.integers(0, 9), NOISE).map(
        lambda change: BODY[: change[0]] + change[2] + BODY[change[0] + change[1] :]
    )
)
REPLIES = st.builds(
    Reply,
    st.sampled_from([200, 200, 200, 401, 403, 422, 429, 500, 502, 599, 999]),
    st.dictionaries(
        st.sampled_from(["date", "retry-after", "content-type"]),
        st.text(max_size=20) | st.sampled_from(["Tue, 24 Nov 2026 12:00:00 GMT", "1" * 5000, "\xb2", "inf", "nan"]),
    ),
    BODIES,
)


class Leaping:
    """Clocks of which one stands still and the other one leaps: there is time for one try."""

    def __init__(self) -> None:
        self._now = 0.0

    def wall(self) -> float:
        return 1.8e9

    def monotonic(self) -> float:
        self._now += 60.0
        return self._now


class Saying:
    """A transport that gives one reply to everything."""

    def __init__(self, reply: Reply) -> None:
        self._reply = reply

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        del document, variables, at
        return self._reply

    async def get(self, path: str) -> Reply:
        del path
        return self._reply

    async def close(self) -> None:
        """Have nothing to close."""


async def asked(reader: InfrahubReader) -> None:
    """Ask everything that a reader can be asked."""

    async def rows() -> None:
        async for page in reader.pages(SELECTION):
            assert all(isinstance(row, Row) for row in page.rows)

    for question in (
        rows,
        lambda: reader.count(SELECTION, at=1.0),
        lambda: reader.probe(("NetThing",), since=1.0, at=2.0),
        lambda: reader.stamps("NetThing", since=1.0, at=2.0),
        lambda: reader.changed(SELECTION, since=1.0, at=2.0),
        lambda: reader.run("{ NetThing { count } }"),
        lambda: reader.kind("NetThing"),
        reader.fingerprint,
        reader.is_followable,
        reader.instant,
    ):
        with suppress(ExporterError):
            await question()


def test_a_good_answer_is_good() -> None:
    async def read() -> list[Row]:
        return [row async for page in over(Reply(200, {}, BODY)).pages(SELECTION) for row in page.rows]

    assert anyio.run(read) == [Row("1", "NetThing", ("a",), ("a", "s", (Peer("2", "NetTag", None),)))]


def over(reply: Reply) -> InfrahubReader:
    clock = Leaping()
    return InfrahubReader(
        PatientTransport(Saying(reply), clock=clock, deadline_seconds=150.0), clock=clock, page_size=2
    )


@settings(max_examples=300)
@given(REPLIES)
@example(Reply(200, {}, b'{"data": {"NetThing": {"edges": []}}, "errors": ["\xff"]}'))
@example(Reply(200, {}, b'{"data": {"NetThing": {"edges": [{"node": {"id": "\xed\xa0\x80"}}]}}}'))
@example(Reply(200, {}, b'{"data": {"NetThing": ' + b"[" * 100_000))
@example(Reply(200, {}, msgspec.json.encode({"data": {"NetThing": {"edges": [stamped("0001-01-01T00:00:00", None)]}}})))
@example(
    Reply(200, {}, msgspec.json.encode({"data": {"NetThing": {"edges": [stamped("0001-01-01T00:00:00+14:00", None)]}}}))
)
@example(Reply(200, {}, b'{"errors": ' + b'{"message": ' * 100_000))
@example(Reply(500, {}, b'{"errors": [' + b'{"message": ' * 5000 + b"1" + b"}" * 5000 + b"]}"))
@example(Reply(429, {"retry-after": "1" * 5000}, b""))
@example(Reply(429, {"retry-after": "\xb2"}, b""))
def test_whatever_comes_is_what_was_asked_for_or_an_error_of_ours(reply: Reply) -> None:
    assert isinstance(failure(reply), SourceError | type(None))
    anyio.run(asked, over(reply))
