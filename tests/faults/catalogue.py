"""The faults of an Infrahub, and of what stands before it: each answers in its place."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.ports import Reply
from tests.faults.line import Exchange, Fault, pass_on
from tests.faults.watched import DEVICES, ENTRIES

JSON = {"content-type": "application/json"}
TEXT = {"content-type": "text/plain; charset=utf-8"}
HTML = {"content-type": "text/html"}

_GATEWAY = b"<html><head><title>Bad gateway</title></head><body>nginx</body></html>"
_TRICKLE_SECONDS = 0.05


async def resetting(exchange: Exchange) -> None:
    """End the connection as soon as the request is there."""
    exchange.reset()


async def resetting_midway(exchange: Exchange) -> None:
    """End the connection within the answer."""
    reply = exchange.answer()
    await exchange.send(_with(reply, reply.body[: len(reply.body) // 2]), length=len(reply.body))
    exchange.reset()


async def closing(exchange: Exchange) -> None:
    """Close the connection without an answer."""
    exchange.writer.close()


async def hanging(exchange: Exchange) -> None:
    """Take the request, and never answer."""
    await exchange.wait_for_the_end()


async def hanging_midway(exchange: Exchange) -> None:
    """Begin to answer, and never end."""
    reply = exchange.answer()
    await exchange.send(_with(reply, reply.body[:10]), length=len(reply.body))
    await exchange.wait_for_the_end()


async def trickling(exchange: Exchange) -> None:
    """Answer all of it, a byte at a time."""
    reply = exchange.answer()
    await exchange.send(_with(reply, b""), length=len(reply.body))
    for byte in reply.body:
        await exchange.write(bytes([byte]))
        await asyncio.sleep(_TRICKLE_SECONDS)


async def truncated(exchange: Exchange) -> None:
    """Close the connection within the answer."""
    reply = exchange.answer()
    await exchange.send(_with(reply, reply.body[: len(reply.body) // 2]), length=len(reply.body))
    exchange.writer.close()


async def truncated_json(exchange: Exchange) -> None:
    """Answer half of the JSON as if it were all."""
    reply = exchange.answer()
    await exchange.send(_with(reply, reply.body[: len(reply.body) // 2]))


async def not_http(exchange: Exchange) -> None:
    """Answer in no language."""
    await exchange.write(bytes(range(256)) * 4)
    exchange.writer.close()


def always(status: int, headers: Mapping[str, str], body: bytes | str) -> Fault:
    """Answer this, whatever the question."""

    async def answer(exchange: Exchange) -> None:
        await exchange.send(Reply(status, headers, body.encode() if isinstance(body, str) else body))

    return answer


def graphql(status: int, body: Mapping[str, Any]) -> Fault:
    """Answer this to GraphQL; the REST API answers well."""
    return where(lambda exchange: exchange.is_graphql, always(status, JSON, msgspec.json.encode(body)))


def where(chosen: Callable[[Exchange], bool], fault: Fault) -> Fault:
    """Fail some requests only."""

    async def answer(exchange: Exchange) -> None:
        await (fault if chosen(exchange) else pass_on)(exchange)

    return answer


class FromThenOn:
    """Fail all requests from the first chosen one on."""

    def __init__(self, chosen: Callable[[Exchange], bool], fault: Fault) -> None:
        self._chosen = chosen
        self._fault = fault
        self.has_begun = False

    async def __call__(self, exchange: Exchange) -> None:
        self.has_begun = self.has_begun or self._chosen(exchange)
        await (self._fault if self.has_begun else pass_on)(exchange)


async def errors_beside_data(exchange: Exchange) -> None:
    """Answer well, and say that not all is well."""
    reply = exchange.answer()
    if exchange.is_graphql:
        tree = msgspec.json.decode(reply.body, type=dict[str, Any])
        reply = _with(reply, msgspec.json.encode({**tree, "errors": [error("one of the resolvers failed")]}))
    await exchange.send(reply)


def is_probe(exchange: Exchange) -> bool:
    """Tell whether a request asks what has changed."""
    return "merging:" in exchange.document


def is_stamps(exchange: Exchange) -> bool:
    """Tell whether a request lists what has changed."""
    return "node_metadata {" in exchange.document


def is_later_page(exchange: Exchange) -> bool:
    """Tell whether a request asks for more of what it has asked for before."""
    return bool(exchange.variables.get("offset"))


def is_of_a_kind(kind: str) -> Callable[[Exchange], bool]:
    """Tell of requests whether they read nodes of a kind, or their schema."""
    return lambda exchange: f" {kind}(limit" in exchange.document or exchange.target.startswith(f"/api/schema/{kind}")


def second_page(fault: Fault) -> Fault:
    """Refuse to tell what has changed, so that all is read, and fail within the devices."""

    async def answer(exchange: Exchange) -> None:
        chosen: Fault = pass_on
        if is_probe(exchange):
            chosen = blind
        elif is_devices(exchange) and is_later_page(exchange):
            chosen = fault
        await chosen(exchange)

    return answer


async def without_serial(exchange: Exchange) -> None:
    """Be an Infrahub whose schema has lost an attribute."""
    reply = exchange.answer()
    if " serial " in exchange.document:
        text = "Cannot query field 'serial' on type 'DcimDevice'."
        refusal = {"data": None, "errors": [error(text, http_status=500)]}
        reply = _with(reply, msgspec.json.encode(refusal))
    elif exchange.target.startswith("/api/schema/summary"):
        tree = msgspec.json.decode(reply.body, type=dict[str, Any])
        reply = _with(reply, msgspec.json.encode({**tree, "main": tree["main"][::-1]}))
    elif exchange.target.startswith("/api/schema/DcimDevice"):
        tree = msgspec.json.decode(reply.body, type=dict[str, Any])
        attributes = [each for each in tree["attributes"] if each["name"] != "serial"]
        reply = _with(reply, msgspec.json.encode({**tree, "attributes": attributes}))
    await exchange.send(reply)


def error(message: str, **extensions: object) -> dict[str, object]:
    """Write an error as GraphQL does."""
    return {"message": message, "locations": [], "path": None, "extensions": extensions}


def refused(status: int, message: str, code: str) -> Fault:
    """Refuse every request with an error as Infrahub writes it."""
    body = {"data": None, "errors": [error(message, code=code, http_status=status)]}
    return always(status, JSON, msgspec.json.encode(body))


def _with(reply: Reply, body: bytes) -> Reply:
    return Reply(reply.status, reply.headers, body)


is_devices = is_of_a_kind("DcimDevice")

blind = where(is_probe, graphql(200, {"data": None, "errors": [error("no changes are told")]}))
"""Refuse to tell what has changed; all else is answered well."""

UNAVAILABLE, REJECTED, DERIVATION = "unavailable", "rejected", "derivation"


class Case(Struct, frozen=True):
    """A fault (None: Infrahub is gone), the class of error that it counts as, and the entries that it fails."""

    fault: Fault | None
    reason: str
    entries: Sequence[tuple[str, str]] = ENTRIES


CASES: Mapping[str, Case] = {  # run by `make test`
    "refused": Case(None, UNAVAILABLE),
    "reset": Case(resetting, UNAVAILABLE),
    "hanging": Case(hanging, UNAVAILABLE),
    "trickling": Case(trickling, UNAVAILABLE),
    "truncated": Case(truncated, UNAVAILABLE),
    "truncated JSON": Case(truncated_json, DERIVATION),
    "garbage": Case(always(200, JSON, bytes(range(255, 0, -1))), UNAVAILABLE),
    "empty body": Case(always(200, JSON, ""), UNAVAILABLE),
    "data is null": Case(graphql(200, {"data": None}), DERIVATION),
    "errors beside data": Case(errors_beside_data, REJECTED),
    "data is empty": Case(graphql(200, {"data": {}}), DERIVATION),
    "errors without data": Case(graphql(200, {"data": None, "errors": [error("a resolver failed")]}), REJECTED),
    "401": Case(refused(401, "Invalid token", "AUTHENTICATION_REQUIRED"), REJECTED),
    "403": Case(refused(403, "You do not have one of the following permissions", "PERMISSION_DENIED"), REJECTED),
    "429": Case(always(429, TEXT, "Too Many Requests"), UNAVAILABLE),
    "500": Case(refused(500, "An unexpected error", "UNDEFINED_ERROR"), REJECTED),
    "503": Case(refused(503, "The database is down", "DATABASE_ERROR"), UNAVAILABLE),
    "second page lost": Case(second_page(closing), UNAVAILABLE, [DEVICES]),
    "schema without a field": Case(without_serial, REJECTED, [DEVICES]),
}

MORE: Mapping[str, Case] = {  # rarer, or much like another one
    "reset midway": Case(resetting_midway, UNAVAILABLE),
    "closed": Case(closing, UNAVAILABLE),
    "hanging midway": Case(hanging_midway, UNAVAILABLE),
    "not HTTP": Case(not_http, UNAVAILABLE),
    "another service": Case(always(200, HTML, "<html>Log in, please</html>"), UNAVAILABLE),
    "JSON of another sort": Case(always(200, JSON, "[]"), DERIVATION),
    "400": Case(always(400, JSON, '{"errors": ["not a request"]}'), REJECTED),
    "404": Case(always(404, JSON, '{"errors": ["Branch: main not found."]}'), REJECTED),
    "429 with Retry-After": Case(
        always(
            429,
            {**JSON, "retry-after": "1", "x-infrahub-admission": "shed"},
            '{"data": null, "errors": [{"message": "overloaded", "extensions": {"code": 429}}]}',
        ),
        UNAVAILABLE,
    ),
    "500 text": Case(always(500, TEXT, "Internal Server Error"), REJECTED),
    "502": Case(always(502, HTML, _GATEWAY), UNAVAILABLE),
    "503 stamped on a 200": Case(
        graphql(200, {"data": None, "errors": [error("The database is down", http_status=503)]}), UNAVAILABLE
    ),
    "504": Case(always(504, TEXT, "upstream request timeout"), UNAVAILABLE),
    "second page refused": Case(second_page(refused(403, "not for you", "PERMISSION_DENIED")), REJECTED, [DEVICES]),
    "second page null": Case(second_page(graphql(200, {"data": None})), DERIVATION, [DEVICES]),
}
