"""What Infrahub's answers say when they are not what was asked for: each becomes the right error, in one place.

The cases are Infrahub 1.11's: errors may be strings or objects, a message may be an object, and an unknown field is a
200 that stamps 500 on itself. No message holds a query's text: only the first line of the server's own words is kept.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
from msgspec import Struct

from infrahub_exporter.domain.errors import SourceError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.ports import Reply

UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What decoding raises at bytes that are no JSON, of another shape, no UTF-8 or nested too deeply."""
_PASSING = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)
_LONGEST_MESSAGE = 300
_LONGEST_EXPLANATION = 1 << 20
"""The largest body of a failed request, and the most errors of an answer, that are read for their message."""
_UNREAD = "more than can be read"
_NO_ERRORS = msgspec.Raw(b"null")
_NONE = frozenset({b"null", b"[]"})
_LONGEST_WAIT_DIGITS = 6
_LONGEST_WAIT_SECONDS = 999_999.0
"""What a longer `Retry-After` is taken for; who waits has a bound of his own."""
_LEAD = {
    HTTPStatus.UNAUTHORIZED: "Infrahub does not accept the token",
    HTTPStatus.FORBIDDEN: "Infrahub does not allow this read",
    HTTPStatus.NOT_FOUND: "Infrahub does not have this",
    HTTPStatus.TOO_MANY_REQUESTS: "Infrahub is overloaded",
    HTTPStatus.SERVICE_UNAVAILABLE: "Infrahub is not available",
}


def failure(reply: Reply) -> SourceError | None:
    """Return the error that a reply stands for, None where it holds a whole answer."""
    if reply.status != HTTPStatus.OK:
        return refusal(reply)
    if not _tells_errors(reply) and reply.body[:1] in {b"{", b"["}:
        return None
    errors = _errors(reply.body)
    if isinstance(errors, _NoObject):
        content = reply.headers.get("content-type", "no content type")[:_LONGEST_MESSAGE]
        return SourceUnavailableError(f"the answer is not Infrahub's: {content} instead of a JSON object")
    if not errors:
        return None
    return _failed(_stamped(errors), _first_message(errors), reply.headers)


def refusal(reply: Reply) -> SourceError | None:
    """Return the error that a reply's status stands for, None for a good one, whatever its body is."""
    if reply.status == HTTPStatus.OK:
        return None
    told = len(reply.body) <= _LONGEST_EXPLANATION
    return _failed(reply.status, _first_message(_errors(reply.body)) if told else "", reply.headers)


def rejections(reply: Reply) -> list[tuple[Mapping[str, Any], str]]:
    """Return each error of an answer with the line that it stands for; only a 200 has errors of what was asked for."""
    errors = _errors(reply.body) if reply.status == HTTPStatus.OK else None
    found = errors if isinstance(errors, list) else []
    return [
        (each if isinstance(each, Mapping) else {}, str(_failed(HTTPStatus.OK, _message(each), {}))) for each in found
    ]


def status_of(reply: Reply) -> int:
    """Return a reply's status, or the passing one that is stamped on the errors of a 200; its data is not decoded."""
    if reply.status != HTTPStatus.OK or not _tells_errors(reply) or b'"http_status"' not in reply.body:
        return reply.status
    return _stamped(_errors(reply.body))


def names_errors(body: bytes) -> bool:
    """Tell whether a body has `"errors"` anywhere; from its end on is half the cost of `in`."""
    return body.rfind(b'"errors"') >= 0


def errors_alone(body: bytes) -> bytes:
    """Return the body of a 200 without what nobody will use: where there are errors, these alone, if not too many.

    An answer is judged several times, and the larger it is the longer that takes.
    """
    try:
        errors = bytes(msgspec.json.decode(body, type=_Answer).errors)
    except UNREADABLE:
        return b""
    if errors in _NONE:
        return body
    told = errors if len(errors) <= _LONGEST_EXPLANATION else msgspec.json.encode([_UNREAD])
    return b'{"errors": %b}' % told


def _tells_errors(reply: Reply) -> bool:
    return reply.may_tell_errors and names_errors(reply.body)


def _failed(status: int, message: str, headers: Mapping[str, str]) -> SourceError:
    known = status in HTTPStatus._value2member_map_
    lead = _LEAD.get(HTTPStatus(status)) if known else None
    lead = lead or ("Infrahub rejects the query" if status == HTTPStatus.OK else "Infrahub cannot answer")
    number = "" if status == HTTPStatus.OK else f" ({status})"
    line = f"{lead}{number}: {message}" if message else f"{lead}{number}"
    if status in _PASSING:
        asked = _seconds(headers.get("retry-after"))
        return SourceUnavailableError(line, retry_after_seconds=asked, is_shed=status == HTTPStatus.TOO_MANY_REQUESTS)
    return SourceRejectedError(line)


def _stamped(errors: Any) -> int:
    """Return the status that a 200 stamps on its errors where it is a passing one, else 200."""
    for error in errors if isinstance(errors, list) else ():
        extensions = error.get("extensions") if isinstance(error, Mapping) else None
        stamp = extensions.get("http_status") if isinstance(extensions, Mapping) else None
        if isinstance(stamp, int) and stamp in _PASSING:
            return stamp
    return HTTPStatus.OK


def _first_message(errors: Any) -> str:
    """Return the first message that says anything."""
    return next(filter(None, map(_message, errors)), "") if isinstance(errors, list) else ""


def _message(error: Any) -> str:
    """Return the first line of an error's message: errors are strings or objects, and so are their messages."""
    while isinstance(error, Mapping):
        error = error.get("message")
    lines = error[:_LONGEST_MESSAGE].splitlines() if isinstance(error, str) else ()
    return lines[0].strip() if lines else ""


class _Answer(Struct):
    errors: msgspec.Raw = _NO_ERRORS


class _NoObject(Struct):
    """What stands for the errors of a body that is no JSON object."""


def _errors(body: bytes) -> Any:
    """Return the errors of a body, without making anything of its data, nor of errors without end."""
    try:
        errors = msgspec.json.decode(body, type=_Answer).errors
        if len(errors) > _LONGEST_EXPLANATION:
            return [_UNREAD]
        return msgspec.json.decode(errors)
    except UNREADABLE:
        return _NoObject()


def _seconds(retry_after: str | None) -> float | None:
    """Read `Retry-After` in seconds (RFC 9110, 10.2.3), as much of it as anybody would wait; a date is not read."""
    asked = (retry_after or "").strip()
    if not asked.isascii() or not asked.isdecimal():
        return None
    return float(asked) if len(asked) <= _LONGEST_WAIT_DIGITS else _LONGEST_WAIT_SECONDS
