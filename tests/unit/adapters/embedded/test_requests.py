"""Requests as they come over HTTP: status, headers and bodies of what is answered and what is refused."""

from pathlib import Path
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.ports import Reply
from tests.unit.adapters.embedded.conftest import Asker

HERE = Path(__file__).parent
JSON = {"content-type": "application/json"}
QUERY = b'{"query": "{ BuiltinTag { count } }"}'
MUTATION = b'{"query": "mutation { BuiltinTagUpsert(data: {name: {value: \\"red\\"}}) { ok } }"}'


@pytest.fixture(scope="module")
def guarded() -> EmbeddedInfrahub:
    return EmbeddedInfrahub.load([HERE / "schema.yml"], [HERE / "objects.yml"], token="the-token")


def body(reply: Reply) -> Any:
    """Decode the body of a reply."""
    return msgspec.json.decode(reply.body)


def test_a_reply_carries_date_type_and_time(ask: Any) -> None:
    reply = ask.infrahub.handle("POST", "/graphql/main", JSON, QUERY)

    assert reply.status == 200
    assert reply.headers["date"] == "Fri, 01 May 2026 12:00:00 GMT"
    assert reply.headers["content-type"] == "application/json"
    assert float(reply.headers["x-process-time"]) >= 0
    assert body(reply) == {"data": {"BuiltinTag": {"count": 4}}}
    assert ask.infrahub.handle("POST", "/graphql", JSON, QUERY).body == reply.body


@pytest.mark.parametrize(
    ("method", "target", "headers", "content", "status", "answer"),
    [
        ("POST", "/graphql/no%2Fwhere", JSON, QUERY, 404, {"errors": ["Branch: no/where not found."]}),
        ("POST", "/graphql/no/where", JSON, QUERY, 404, {"errors": ["Branch: no/where not found."]}),
        (
            "POST",
            "/graphql",
            {"content-type": "text/plain"},
            QUERY,
            400,
            {"errors": ["Content-type must be application/json or multipart/form-data"]},
        ),
        ("POST", "/graphql", JSON, b"{", 400, {"errors": ["Request body is not a valid JSON"]}),
        ("POST", "/graphql", JSON, b"\xff", 400, {"errors": ["Request body is not a valid JSON"]}),
        ("POST", "/graphql", JSON, b"[]", 400, {"errors": ["This server does not support batching"]}),
        (
            "GET",
            "/api/schema/BuiltinTag?branch=x",
            {},
            b"",
            400,
            {"data": None, "errors": [{"message": "Branch: x not found.", "extensions": {"code": 400}}]},
        ),
        (
            "GET",
            "/api/schema/Nope?branch=main",
            {},
            b"",
            422,
            {
                "data": None,
                "errors": [
                    {"message": "Unable to find the schema 'Nope' in the registry", "extensions": {"code": 422}}
                ],
            },
        ),
        (
            "GET",
            "/api/query/devices",
            {},
            b"",
            404,
            {
                "data": None,
                "errors": [
                    {
                        "message": "Unable to find the node devices / CoreGraphQLQuery in the database.",
                        "extensions": {"code": 404},
                    }
                ],
            },
        ),
        (
            "GET",
            "/docs",
            {},
            b"",
            404,
            {
                "data": None,
                "errors": [{"message": "The requested endpoint /docs does not exist", "extensions": {"code": 404}}],
            },
        ),
    ],
)
def test_a_request_is_refused(  # noqa: PLR0917 - one parameter per column of the table
    method: str, target: str, headers: dict[str, str], content: bytes, status: int, answer: Any, ask: Any
) -> None:
    reply = ask.infrahub.handle(method, target, headers, content)

    assert (reply.status, body(reply)) == (status, answer)
    assert reply.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("method", "content"),
    [
        ("GET", b""),
        ("POST", b'{"query": ""}'),
        ("POST", b'{"query": "{ BuiltinTag {"}'),
        ("POST", b'{"query": null}'),
        ("POST", b'{"variables": {}}'),
        ("POST", b"3"),
    ],
)
def test_what_infrahub_crashes_on_is_a_500_in_plain_text(method: str, content: bytes, ask: Any) -> None:
    reply = ask.infrahub.handle(method, "/graphql/main", JSON, content)

    assert (reply.status, reply.body) == (500, b"Internal Server Error")
    assert reply.headers["content-type"] == "text/plain; charset=utf-8"


@pytest.mark.parametrize(
    ("document", "message"),
    [
        (
            "{ Zzzzzzzz { count } }",
            "Cannot query field 'Zzzzzzzz' on type 'Query'.",
        ),
        ("{ NetDevice { nope } }", "Cannot query field 'nope' on type 'PaginatedNetDevice'."),
        ("{ NetDevice(nope: 1) { count } }", "Unknown argument 'nope' on field 'Query.NetDevice'."),
        (
            "query q($l: Int!) { NetDevice(limit: $l) { count } }",
            "Variable '$l' of required type 'Int!' was not provided.",
        ),
    ],
)
def test_an_invalid_query_is_a_200_with_http_status_500_inside(document: str, message: str, ask: Any) -> None:
    reply = ask.infrahub.handle("POST", "/graphql/main", JSON, msgspec.json.encode({"query": document}))

    assert reply.status == 200
    assert body(reply)["data"] is None
    (error,) = body(reply)["errors"]
    assert error["message"] == message
    assert error["extensions"] == {"code": "UNDEFINED_ERROR", "http_status": 500, "data": {}}
    assert error["locations"][0]["line"] == 1


def test_one_of_several_operations_runs(ask: Any) -> None:
    content = msgspec.json.encode(
        {"query": "query a { NetNote { count } } query b { NetSite { count } }", "operationName": "b"}
    )
    assert body(ask.infrahub.handle("POST", "/graphql", JSON, content)) == {"data": {"NetSite": {"count": 2}}}


@pytest.mark.parametrize("key", [None, ""])
def test_anyone_may_read_and_only_a_token_may_change(key: str | None, guarded: EmbeddedInfrahub) -> None:
    headers = JSON if key is None else {**JSON, "x-infrahub-key": key}

    assert guarded.handle("POST", "/graphql", headers, QUERY).status == 200
    refused = guarded.handle("POST", "/graphql", headers, MUTATION)
    assert (refused.status, body(refused)) == (
        401,
        {
            "data": None,
            "errors": [
                {
                    "message": "Authentication is required to perform this operation",
                    "extensions": {"code": "AUTHENTICATION_REQUIRED", "http_status": 401, "data": {}},
                }
            ],
        },
    )


@pytest.mark.parametrize("headers", [{"x-infrahub-key": "the-token"}, {"authorization": "Bearer the-token"}])
def test_the_token_may_change(headers: dict[str, str], guarded: EmbeddedInfrahub) -> None:
    reply = guarded.handle("POST", "/graphql", {**JSON, **headers}, MUTATION)
    assert body(reply) == {"data": {"BuiltinTagUpsert": {"ok": True}}}


def test_a_wrong_token_may_not_even_read(guarded: EmbeddedInfrahub) -> None:
    headers = {**JSON, "x-infrahub-key": "another"}
    reply = guarded.handle("POST", "/graphql", headers, QUERY)

    assert (reply.status, body(reply)) == (
        401,
        {
            "data": None,
            "errors": [
                {
                    "message": "Invalid token",
                    "extensions": {"code": "AUTHENTICATION_REQUIRED", "http_status": 401, "data": {}},
                }
            ],
        },
    )
    reply = guarded.handle("GET", "/api/schema/BuiltinTag", headers)
    assert (reply.status, body(reply)) == (
        401,
        {"data": None, "errors": [{"message": "Invalid token", "extensions": {"code": 401}}]},
    )


def test_without_a_token_any_key_does(ask: Any) -> None:
    reply = ask.infrahub.handle("POST", "/graphql", {**JSON, "x-infrahub-key": "anything"}, QUERY)
    assert reply.status == 200


def test_a_kind_is_described(ask: Any) -> None:
    described = body(ask.infrahub.handle("GET", "/api/schema/NetDevice?branch=main", {}))

    assert described["kind"] == "NetDevice"
    assert described["human_friendly_id"] == ["name__value"]
    attributes = {each["name"]: each for each in described["attributes"]}
    assert (attributes["role"]["kind"], attributes["role"]["optional"]) == ("Dropdown", True)
    assert attributes["role"]["choices"] == [
        {"name": "leaf", "description": "Where hosts are", "color": "#00ff00", "label": "Leaf switch"},
        {"name": "core_router", "description": "", "color": "#ed6a5a", "label": "Core Router"},
    ]
    relationships = {each["name"]: each for each in described["relationships"]}
    assert {name: (each["peer"], each["cardinality"]) for name, each in relationships.items()} == {
        "site": ("NetSite", "one"),
        "address": ("NetAddress", "one"),
        "tags": ("BuiltinTag", "many"),
        "ports": ("NetPort", "many"),
        "uplinks": ("NetDevice", "many"),
        "downlinks": ("NetDevice", "many"),
        "member_of_groups": ("CoreGroup", "many"),
        "subscriber_of_groups": ("CoreGroup", "many"),
        "profiles": ("CoreProfile", "many"),
    }
    assert relationships["site"]["identifier"] == "netdevice__netsite"
    assert relationships["ports"]["on_delete"] == "cascade"


def test_a_generic_is_described_with_its_users(ask: Any) -> None:
    described = body(ask.infrahub.handle("GET", "/api/schema/NetPort", {}))
    assert described["used_by"] == ["NetCopperPort", "NetFiberPort"]
    assert described["hierarchical"] is False


def test_the_whole_schema_and_its_summary_agree(ask: Any) -> None:
    whole = body(ask.infrahub.handle("GET", "/api/schema?branch=main", {}))
    summary = body(ask.infrahub.handle("GET", "/api/schema/summary", {}))

    assert whole["main"] == summary["main"]
    assert {each["kind"]: each["hash"] for each in whole["nodes"]} == summary["nodes"]
    assert {each["kind"]: each["hash"] for each in whole["generics"]} == summary["generics"]
    assert {"name": "Net", "user_editable": True} in whole["namespaces"]
    assert body(ask.infrahub.handle("GET", "/api/config", {})) == {"main": {"allow_anonymous_access": True}}


def test_queries_are_parsed_once_and_the_oldest_are_forgotten(ask: Any) -> None:
    for number in range(300):
        assert ask(f"{{ a{number}: NetNote {{ count }} }}") == {f"a{number}": {"count": 1}}
    assert ask("{ a0: NetNote { count } }") == {"a0": {"count": 1}}


def test_a_kind_that_no_list_has_is_described_by_itself(ask: Asker) -> None:
    reply = ask.infrahub.handle("GET", "/api/schema/InternalIPPrefixAvailable", {})
    described = msgspec.json.decode(reply.body)
    assert (reply.status, described["kind"], described["inherit_from"]) == (
        200,
        "InternalIPPrefixAvailable",
        ["BuiltinIPPrefix"],
    )
    assert "prefix" in [each["name"] for each in described["attributes"]]
    everything = msgspec.json.decode(ask.infrahub.handle("GET", "/api/schema", {}).body)
    assert not [each for each in everything["nodes"] if each["namespace"] == "Internal"]


def test_a_query_that_lies_in_infrahub_is_run_by_its_name(ask: Asker) -> None:
    text = "query devices($name: String!) { NetDevice(name__value: $name) { edges { node { hfid } } } }"
    ask(
        "mutation lay($text: String!) { CoreGraphQLQueryCreate(data: "
        '{name: {value: "devices"}, query: {value: $text}}) { ok } }',
        {"text": text},
    )
    found = {"data": {"NetDevice": {"edges": [{"node": {"hfid": ["leaf1"]}}]}}}

    def run(method: str, target: str, body: bytes = b"") -> tuple[int, Any]:
        reply = ask.infrahub.handle(method, target, {"content-type": "application/json"}, body)
        return reply.status, msgspec.json.decode(reply.body)

    assert run("GET", "/api/query/devices?branch=main&name=leaf1") == (200, found)
    assert run("POST", "/api/query/devices", b'{"variables": {"name": "leaf1"}}') == (200, found)
    status, body = run("POST", "/api/query/devices?name=leaf1", b"{}")
    assert (status, body["data"]) == (502, None)
    assert body["errors"][0]["message"]["message"] == (
        "GraphQLQuery devices: Variable '$name' of required type 'String!' was not provided."
    )
    assert body["errors"][0]["extensions"] == {"code": 502}


DOUBLING = " ".join(
    f"fragment f{each} on PaginatedBuiltinTag {{ ...f{each + 1} ...f{each + 1} }}" for each in range(40)
)
CROSSING = " ".join(
    f"fragment f{each} on PaginatedBuiltinTag {{ count {' '.join(f'...f{other}' for other in range(each + 1, 41))} }}"
    for each in range(40)
)
LEVELS = 60


@pytest.mark.parametrize(
    ("query", "status", "answer"),
    [
        (
            f"{{ BuiltinTag {{ ...f0 }} }} {fragments} fragment f40 on PaginatedBuiltinTag {{ count }}",
            400,
            '"message":"The query has more than 50000 fields, its fragments put in place"',
        )
        for fragments in (DOUBLING, CROSSING)
    ]
    + [
        ("{" + " a: BuiltinTag { count }" * 10_000 + "}", 500, "Internal Server Error"),
        ("{ BuiltinTag(ids: " + "[" * 9_000 + "]" * 9_000 + ") { count } }", 500, "Internal Server Error"),
        (
            "{ BuiltinTag { ...a } } fragment a on PaginatedBuiltinTag { ...a }",
            200,
            "Cannot spread fragment 'a' within itself.",
        ),
        (
            "{ BuiltinTag { "
            + "edges { node { member_of_groups { edges { node { members { " * LEVELS
            + "count"
            + " } } } } } }" * LEVELS
            + " } }",
            500,
            "Internal Server Error",
        ),
    ],
)
def test_a_document_costs_a_bounded_time(ask: Any, query: str, status: int, answer: str) -> None:
    reply = ask.infrahub.handle("POST", "/graphql", JSON, msgspec.json.encode({"query": query}))
    assert (reply.status, answer in reply.body.decode()) == (status, True)
