"""Nothing that is shown holds a secret, whoever said it."""

import re
from collections.abc import Iterable

HIDDEN = "***"
_SHORTEST = 4
"""A shorter text is in every other word, and is no secret that keeps anybody out."""


class Redactor:
    """Take secrets out of what is to be shown: in the log, in errors, on pages, in answers."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        known = sorted({each for each in secrets if len(each) >= _SHORTEST}, key=len, reverse=True)
        self._pattern = re.compile("|".join(map(re.escape, known))) if known else None

    def __repr__(self) -> str:
        return f"Redactor({HIDDEN})"

    def redact(self, text: str) -> str:
        """Return a text with each secret in it replaced."""
        return text if self._pattern is None else self._pattern.sub(HIDDEN, text)
