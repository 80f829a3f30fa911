"""Nothing that is shown holds a secret, whoever said it, and whichever way they wrote it."""

import base64
import html
import json
import re
import string
from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST = 4
"""A shorter text is in every other word, and is no secret that keeps anybody out."""
_SHORTEST_CODED = 8
"""What a shorter text becomes in base64, or in other letters, may stand for anything."""

_UNRESERVED = string.ascii_letters + string.digits + "-._~"
"""What addresses hold as it is (RFC 3986, 2.3)."""


class Redactor:
    """Take secrets out of what is to be shown: in the log, in errors, on pages, in answers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({written for each in secrets for written in spellings(each)}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def __repr__(self) -> str:
        return f"Redactor({HIDDEN})"

    def redact(self, text: str) -> str:
        """Return a text with each secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)


def spellings(secret: str) -> tuple[str, ...]:
    """List the ways in which others write a secret back, the secret first; none of what is too short for one.

    They are those of JSON, HTML, addresses and Python, in capitals, and base64, where it may follow a name.
    """
    if len(secret) < _SHORTEST:
        return ()
    raw = secret.encode(errors="replace")
    quoted = [json.dumps(secret, ensure_ascii=ascii_)[1:-1] for ascii_ in (False, True)]
    addressed = [_addressed(raw, spared) for spared in ("/", "")]
    addressed.append(addressed[1].replace("%20", "+"))
    ways = [secret, *quoted, *(each.replace("/", r"\/") for each in quoted), html.escape(secret), repr(secret)[1:-1]]
    ways += [*addressed, *(re.sub("%..", lambda found: found[0].lower(), each) for each in addressed)]
    if len(raw) >= _SHORTEST_CODED:
        ways += [secret.upper(), secret.lower(), *(_base64(raw, shift) for shift in range(3))]
        ways += [each.replace("+", "-").replace("/", "_") for each in ways[-3:]]
    return tuple(dict.fromkeys(ways))


def _addressed(raw: bytes, spared: str) -> str:
    """Write bytes as a part of an address (RFC 3986, 2.1)."""
    return "".join(chr(each) if chr(each) in _UNRESERVED + spared else f"%{each:02X}" for each in raw)


def _base64(raw: bytes, shift: int) -> str:
    """Write what base64 makes of some bytes after `shift` others, but for what it shares with what is around them."""
    bits = (shift + len(raw)) * 8
    return base64.b64encode(bytes(shift) + raw).decode()[-(-shift * 8 // 6) : bits // 6]
