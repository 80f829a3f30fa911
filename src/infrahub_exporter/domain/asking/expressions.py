"""Regular expressions of a configuration, run by RE2: time grows with the length of a text, no faster.

Values come from whoever writes to Infrahub, and Python's `re` may try for ever whether `(a+)+b` describes one of them.
"""

from functools import lru_cache
from typing import Any

import re2

_LONGEST = 200
_MEMORY = 1 << 20
"""What one may take, compiled: some 60,000 steps."""
_HINTS = {
    **{f"invalid perl operator: (?{sign}": "RE2 looks neither ahead nor back" for sign in "=!<"},
    **{f"invalid escape sequence: \\{group}": "RE2 does not refer back to a group" for group in range(1, 10)},
    "invalid escape sequence: \\Z": "RE2 writes \\z for the end",
}


def fault(expression: str) -> str | None:
    """Say why this is no regular expression; None where it is one."""
    try:
        _compiled(expression)
    except re2.error as error:
        reason: str = error.args[0].decode("utf-8", "replace")
        hint = next((f"; {hint}" for begin, hint in _HINTS.items() if reason.startswith(begin)), "")
        return reason[:_LONGEST] + hint
    return None


def describes(expression: str, text: str) -> bool:
    """Tell whether a regular expression describes a text as a whole."""
    return _compiled(expression).fullmatch(_encoded(text)) is not None


@lru_cache(maxsize=512)
def _compiled(expression: str) -> Any:
    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    options.max_mem = _MEMORY
    return re2.compile(_encoded(expression), options)


def _encoded(text: str) -> bytes:
    """Encode a text for RE2; half a surrogate pair, which JSON can write, is a character like any other."""
    return text.encode("utf-8", "surrogatepass")
