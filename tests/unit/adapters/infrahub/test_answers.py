"""Every row of the table of errors as Infrahub 1.11 sends them."""

import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.answers import errors_alone, failure
from infrahub_exporter.domain.errors import SourceError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

REJECTED, UNAVAILABLE = SourceRejectedError, SourceUnavailableError


def reply(status: int, body: object, **headers: str) -> Reply:
    content = body.encode() if isinstance(body, str) else msgspec.json.encode(body)
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, content)


def error(message: object, **extensions: object) -> dict[str, object]:
    return {"data": None, "errors": [{"message": message, "extensions": extensions}]}


CASES: list[tuple[str, Reply, type[SourceError], str]] = [
    (
        "bad token",
        reply(401, error("Invalid token", code="AUTHENTICATION_REQUIRED")),
        REJECTED,
        "Infrahub does not accept the token (401): Invalid token",
    ),
    (
        "no permission",
        reply(403, error("You do not have the permission: InfraDevice, InfraNote", code="PERMISSION_DENIED")),
        REJECTED,
        "Infrahub does not allow this read (403): You do not have the permission: InfraDevice, InfraNote",
    ),
    (
        "unknown branch",
        reply(404, {"errors": ["Branch: x not found."]}),
        REJECTED,
        "Infrahub does not have this (404): Branch: x not found.",
    ),
    (
        "unknown branch over REST",
        reply(400, error("Branch: x not found.", code=400)),
        REJECTED,
        "Infrahub cannot answer (400): Branch: x not found.",
    ),
    (
        "unknown field",
        reply(200, error("Cannot query field 'nam' on type 'InfraDevice'.", http_status=500)),
        REJECTED,
        "Infrahub rejects the query: Cannot query field 'nam' on type 'InfraDevice'.",
    ),
    ("syntax error", reply(500, "Internal Server Error"), REJECTED, "Infrahub cannot answer (500)"),
    (
        "not JSON",
        reply(400, {"errors": ["Request body is not a valid JSON."]}),
        REJECTED,
        "Infrahub cannot answer (400): Request body is not a valid JSON.",
    ),
    (
        "wrong variable",
        reply(200, error("Variable '$l' got invalid value 'x'; Int cannot represent")),
        REJECTED,
        "Infrahub rejects the query: Variable '$l' got invalid value 'x'; Int cannot represent",
    ),
    (
        "one resolver fails, the rest of the data stays",
        reply(200, {"data": {"A": {"count": 1}}, "errors": [{"message": "boom", "path": ["A", "edges"]}]}),
        REJECTED,
        "Infrahub rejects the query: boom",
    ),
    (
        "database down",
        reply(503, error("Unable to connect to the database", http_status=503)),
        UNAVAILABLE,
        "Infrahub is not available (503): Unable to connect to the database",
    ),
    (
        "a passing trouble stamped on a 200",
        reply(200, error("Unable to connect to the database", http_status=503)),
        UNAVAILABLE,
        "Infrahub is not available (503): Unable to connect to the database",
    ),
    (
        "load shed",
        reply(429, error("Too many requests", code=429), retry_after="7"),
        UNAVAILABLE,
        "Infrahub is overloaded (429): Too many requests",
    ),
    (
        "a stored query's errors, whose message is an object",
        reply(502, {"data": None, "errors": [{"message": {"message": "deep\nand long"}}]}),
        UNAVAILABLE,
        "Infrahub cannot answer (502): deep",
    ),
    ("a proxy's page", reply(502, "<html>Bad Gateway</html>"), UNAVAILABLE, "Infrahub cannot answer (502)"),
    (
        "another service's page",
        reply(200, "<html>hello</html>", content_type="text/html"),
        UNAVAILABLE,
        "the answer is not Infrahub's: text/html instead of a JSON object",
    ),
    (
        "an empty body",
        reply(200, ""),
        UNAVAILABLE,
        "the answer is not Infrahub's: no content type instead of a JSON object",
    ),
    ("an unknown status", reply(599, ""), REJECTED, "Infrahub cannot answer (599)"),
]


@pytest.mark.parametrize(("answer", "kind", "message"), [case[1:] for case in CASES], ids=[case[0] for case in CASES])
def test_each_failure_becomes_the_right_error(answer: Reply, kind: type[SourceError], message: str) -> None:
    found = failure(answer)

    assert type(found) is kind
    assert str(found) == message


def test_a_whole_answer_is_no_failure() -> None:
    assert failure(reply(200, {"data": {"InfraDevice": {"count": 0, "edges": []}}})) is None


def test_the_word_errors_inside_the_data_is_no_failure() -> None:
    assert failure(reply(200, {"data": {"X": {"edges": [{"node": {"name": {"value": '"errors"'}}}]}}})) is None
    assert failure(reply(200, '{"data": {"errors": {"edges": []}}}')) is None


def test_what_the_server_asks_to_wait_is_kept() -> None:
    shed = failure(reply(429, "", retry_after="7"))
    dated = failure(reply(429, "", retry_after="Tue, 24 Nov 2026 08:00:00 GMT"))

    assert isinstance(shed, SourceUnavailableError)
    assert shed.retry_after_seconds == 7.0
    assert shed.is_shed
    assert isinstance(dated, SourceUnavailableError)
    assert dated.retry_after_seconds is None


def test_who_is_away_does_not_shed_load() -> None:
    away = failure(reply(503, ""))

    assert isinstance(away, SourceUnavailableError)
    assert not away.is_shed


def test_a_message_is_one_short_line() -> None:
    found = failure(reply(200, error("x" * 10_000 + "\nsecond line")))

    assert str(found) == "Infrahub rejects the query: " + "x" * 300


@pytest.mark.parametrize("errors", ["text", [], [17, None, {"message": None}, {"extensions": "none"}]])
def test_errors_of_unheard_of_shapes_are_still_read(errors: object) -> None:
    found = failure(Reply(403, {}, msgspec.json.encode({"errors": errors})))

    assert str(found) == "Infrahub does not allow this read (403)"


def test_only_the_beginning_of_a_message_is_looked_at() -> None:
    body = msgspec.json.encode({"errors": [{"message": "no such field\n" + "x\n" * 100_000}]})
    error = failure(Reply(200, {}, body))
    assert str(error) == "Infrahub rejects the query: no such field"
    endless = msgspec.json.encode({"errors": [{"message": "no such field\n" + "x\n" * 1_000_000}]})
    assert str(failure(Reply(200, {}, endless))) == "Infrahub rejects the query: more than can be read"
    long = failure(Reply(200, {}, msgspec.json.encode({"errors": ["y" * 10_000]})))
    assert str(long) == f"Infrahub rejects the query: {'y' * 300}"


def test_a_very_large_explanation_of_a_failure_is_not_read() -> None:
    body = msgspec.json.encode({"errors": ["z" * (1 << 20)]})
    assert str(failure(Reply(500, {}, body))) == "Infrahub cannot answer (500)"


@pytest.mark.parametrize(
    ("asked", "seconds"),
    [
        ("3", 3.0),
        (" 30 ", 30.0),
        ("9" * 6, 999_999.0),
        ("9" * 5000, 999_999.0),
        ("1.5", None),
        ("\u0663", None),
        ("-1", None),
    ],
)
def test_how_long_to_wait_is_bounded_whatever_is_asked(asked: str, seconds: float | None) -> None:
    error = failure(Reply(503, {"retry-after": asked}, b""))
    assert isinstance(error, SourceUnavailableError)
    assert error.retry_after_seconds == seconds


@pytest.mark.parametrize(
    ("body", "kept"),
    [
        (b'{"data": {"A": [1]}, "errors": [{"message": "no"}]}', b'{"errors": [{"message": "no"}]}'),
        (b'{"errors": null, "data": {"A": "errors"}}', b'{"errors": null, "data": {"A": "errors"}}'),
        (b'{"errors": [], "data": {}}', b'{"errors": [], "data": {}}'),
        (b'{"data": {"A": "\\"errors\\""}}', b'{"data": {"A": "\\"errors\\""}}'),
        (b'{"errors": ["' + b"x" * 2_000_000 + b'"]}', b'{"errors": ["more than can be read"]}'),
        (b'<html>"errors"', b""),
        (b'["errors"]', b""),
    ],
)
def test_of_a_large_answer_with_errors_these_are_kept_and_stand_for_the_same(body: bytes, kept: bytes) -> None:
    assert errors_alone(body) == kept
    before, after = failure(Reply(200, {}, body)), failure(Reply(200, {}, kept))
    assert (type(before), str(before)) == (type(after), str(after))
