"""What a hostile Infrahub, or who stands before it, may answer: little on the wire and much in memory, or no answer."""

import gzip
import zlib
from collections.abc import Mapping
from typing import Any

import msgspec

from infrahub_exporter.domain.ports import Reply
from tests.faults.catalogue import JSON, always, where
from tests.faults.line import Exchange, Fault

MIB = 1 << 20
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-type: application/json\r\n\r\n"
WIDE = "\U0001f600".encode() + b"x" * 20
"""One such character, and all others of the text take four bytes in memory."""
PEER = b'{"node": {"id": "a", "name": {"value": "x"}}}'
PEERS = b'{"data": {"DcimDevice": {"count": 1, "edges": [{"node": {"id": "1", "tags": {"edges": ['


def packed(piece: bytes, times: int, before: bytes = b"", after: bytes = b"") -> bytes:
    """Compress a piece that is there many times, without ever having all of it."""
    packer = zlib.compressobj(1, zlib.DEFLATED, 31)
    block = piece * max(1, MIB // len(piece))
    whole, rest = divmod(times, len(block) // len(piece))
    pieces = [packer.compress(before), *(packer.compress(block) for _ in range(whole)), packer.compress(piece * rest)]
    return b"".join([*pieces, packer.compress(after), packer.flush()])


def gzipped(body: bytes, coding: str = "gzip") -> Fault:
    """Answer a compressed body to whatever is asked of GraphQL."""
    return where(lambda exchange: exchange.is_graphql, always(200, {**JSON, "content-encoding": coding}, body))


def changed(change: Any) -> Fault:
    """Answer well, but for what a function makes of the answer's tree."""

    async def answer(exchange: Exchange) -> None:
        reply = exchange.answer()
        if exchange.is_graphql:
            tree = change(msgspec.json.decode(reply.body))
            reply = Reply(200, JSON, tree if isinstance(tree, bytes) else msgspec.json.encode(tree))
        await exchange.send(reply)

    return answer


def dated(date: str) -> Fault:
    """Answer well, with another date."""

    async def answer(exchange: Exchange) -> None:
        reply = exchange.answer()
        await exchange.send(Reply(reply.status, {**reply.headers, "date": date}, reply.body))

    return answer


def long_ids(tree: Any) -> Any:
    """Make each id 100 KB long."""
    for field in (tree.get("data") or {}).values():
        for number, edge in enumerate(field.get("edges") or ()):
            if isinstance(edge.get("node"), dict) and "id" in edge["node"]:
                edge["node"]["id"] = f"{number:06}" + "x" * 100_000
    return tree


def deep(tree: Any) -> Any:
    """Put 980 lists into one another wherever a value is."""
    nested: Any = "x"
    for _ in range(980):
        nested = [nested]
    for field in (tree.get("data") or {}).values():
        for edge in field.get("edges") or ():
            for value in (edge.get("node") or {}).values():
                if isinstance(value, dict) and "value" in value:
                    value["value"] = nested
    return tree


def raw(begin: bytes, piece: bytes) -> Fault:
    """Write a beginning, and then a piece again and again."""

    async def answer(exchange: Exchange) -> None:
        await exchange.write(begin)
        while True:
            await exchange.write(piece)

    return answer


def valued(value: Any) -> Fault:
    """Put this wherever a value is."""

    def change(tree: Any) -> Any:
        for field in (tree.get("data") or {}).values():
            for edge in (field.get("edges") or ()) if isinstance(field, dict) else ():
                for each in (edge.get("node") or {}).values():
                    if isinstance(each, dict) and "value" in each:
                        each["value"] = value
        return tree

    return changed(change)


def spelled(value: bytes) -> Fault:
    """Write this wherever a value is, whether it is JSON or not."""
    return changed(lambda tree: msgspec.json.encode(tree).replace(b'"value":', b'"value":' + value + b',"was":'))


def many_kinds() -> Fault:
    """Name 100,000 kinds in the schema's summary, and know none that is asked for."""
    names = {f"Kind{number:06}Device": "hash" for number in range(100_000)}
    summary = always(200, JSON, msgspec.json.encode({"main": "another", "nodes": names, "generics": {}}))
    unknown = always(422, JSON, b'{"errors": [{"message": "no such kind"}]}')
    rest = where(lambda exchange: "summary" in exchange.target, summary)

    async def answer(exchange: Exchange) -> None:
        if exchange.is_graphql:
            await exchange.send(exchange.answer())
        else:
            await (rest if "summary" in exchange.target else unknown)(exchange)

    return answer


def used_by_many(number: int) -> Fault:
    """Have each kind used by many others."""

    async def answer(exchange: Exchange) -> None:
        reply = exchange.answer()
        if "/api/schema/" in exchange.target and "summary" not in exchange.target:
            tree = msgspec.json.decode(reply.body)
            body = msgspec.json.encode({**tree, "used_by": [f"KindOfSomeLength{each:08}" for each in range(number)]})
            reply = Reply(reply.status, JSON, body)
        elif "summary" in exchange.target:
            reply = Reply(200, JSON, reply.body.replace(b'"main":"', b'"main":"x'))
        await exchange.send(reply)

    return answer


def attacks() -> Mapping[str, Fault]:
    """Return all of them by what they are."""
    lists = b'{"data": {"DcimDevice": {"edges": [{"node": {"value": ['
    text = b'{"data": {"DcimDevice": {"edges": [{"node": {"value": "'
    error = b'{"data": null, "errors": [{"message": "'
    return {
        "gzip within gzip, 512 MiB of zeros": gzipped(gzip.compress(packed(b"\0", 512 * MIB)), "gzip, gzip"),
        "gzip, 512 MiB of zeros": gzipped(packed(b"\0", 512 * MIB)),
        "60 MiB of empty lists in one value": gzipped(packed(b"[],", 20 * MIB, lists, b"[]]}}]}}}")),
        "a message of 60 MiB in short lines": gzipped(packed(b"x\\n", 20 * MIB, error, b'"}]}')),
        "deflate, 256 MiB of zeros": gzipped(zlib.compress(bytes(256 * MIB), 1), "deflate"),
        "200,000 gzip members": gzipped(gzip.compress(b" " * 1000) * 200_000),
        "a million peers of one node": gzipped(packed(PEER + b",", 1_000_000, PEERS, PEER + b"]}}}]}}}")),
        "a million objects in one value": gzipped(packed(b'{"":{"":""}},', 990_000, lists, b"{}]}}]}}}")),
        "60 MiB of text that takes four times as much": gzipped(packed(WIDE, 2_600_000, text, b'"}}]}}}')),
        "60 MiB of errors": gzipped(packed(b'"x",', 15 * MIB, b'{"errors": [', b'"x"]}')),
        "ids of 100 KB": changed(long_ids),
        "980 lists in one another": changed(deep),
        "an answer that never ends": raw(CHUNKED, b"10000\r\n" + b"[" * 65536 + b"\r\n"),
        "chunks of one byte without end": raw(CHUNKED, b"1\r\n \r\n" * 1000),
        "names of chunks without end": raw(CHUNKED, b"1;" + b"e" * 60_000 + b"\r\n \r\n"),
        "trailers without end": raw(CHUNKED + b"2\r\n{}\r\n0\r\n", b"x: " + b"y" * 6000 + b"\r\n"),
        "headers without end": raw(b"HTTP/1.1 200 OK\r\n", b"x: " + b"y" * 60_000 + b"\r\n"),
        "promises of an answer without end": raw(b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000),
        "100,000 kinds in a summary": many_kinds(),
        "100,000 kinds that use each": used_by_many(100_000),
        "a Date in the year 9999": dated("Fri, 31 Dec 9999 23:59:59 GMT"),
        "a Date of 20 digits": dated("Fri, 31 Dec 99999999999999999999 23:59:59 GMT"),
        "Retry-After of 5,000 digits": always(503, {**JSON, "retry-after": "9" * 5000}, b"{}"),
        "a coding that nobody asked for": gzipped(b"\x1b[31m", "br\x1b[2J"[:2]),
        "numbers of 100,000 digits": changed(lambda _: b'{"data": {"DcimDevice": {"count": ' + b"9" * 100_000 + b"}}}"),
        "values of 1 MiB": valued("v" * MIB),
        "values of control characters": valued("\x00\x1b[2J\u2028\u2029\x85\u202e\n"),
        "values of 1e308": valued(1e308),
        "values of NaN": spelled(b"NaN"),
        "values of half a character": spelled(b'"\\ud800"'),
        "100,000 objects in one another": changed(lambda _: b'{"data": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_001),
        "keys of 1 MiB": changed(lambda _: b'{"data": {"' + b"k" * MIB + b'": 1}}'),
    }
