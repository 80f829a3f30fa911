"""What the service writes to standard error."""

import json
import logging
import os
from datetime import datetime, timezone
from typing import Any

from infrahub_exporter.domain.access.redaction import Redactor


def configure(level: str, form: str, redactor: Redactor | None = None) -> None:
    """Log to standard error at a level, as `text` or as `json` (one object a line), without what `redactor` hides."""
    made = _JsonFormatter if form == "json" else _TextFormatter
    formatter = made(redactor or Redactor())
    output = logging.StreamHandler()
    output.setFormatter(formatter)
    root = logging.getLogger()
    root.handlers[:] = [output]
    root.setLevel(level)
    for chatty in ("httpx", "httpcore", "infrahub_sdk", "uvicorn", "asyncio"):
        logging.getLogger(chatty).setLevel(max(logging.WARNING, logging.getLevelName(level)))
    os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its core has a log of its own, in no form; errors are told by us


class _TextFormatter(logging.Formatter):
    """A line for a message, more for a traceback: nothing in them ends a line, or is obeyed by a terminal."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s")
        self._redactor = redactor

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802 - logging's name
        """Keep a message on its line."""
        record.message = _printable(self._redactor.redact(record.message))
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802 - logging's name
        """Keep each line of a traceback a line."""
        return "\n".join(map(_printable, self._redactor.redact(super().formatException(ei)).split("\n")))


class _JsonFormatter(logging.Formatter):
    """A JSON object for a record, in ASCII: no reader takes a character in it for the end of a line."""

    def __init__(self, redactor: Redactor) -> None:
        super().__init__()
        self._redactor = redactor

    def format(self, record: logging.LogRecord) -> str:
        """Write a record as one JSON object."""
        fields = {
            "time": datetime.fromtimestamp(record.created, timezone.utc).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._redactor.redact(record.getMessage()),
        }
        if record.exc_info:
            fields["exception"] = self._redactor.redact(self.formatException(record.exc_info))
        return json.dumps(fields, separators=(",", ":")).replace("\x7f", "\\u007f")


def _printable(line: str) -> str:
    """Escape what is no printable character: line ends, escapes of terminals, marks that turn the writing around."""
    return line if line.isprintable() else "".join(each if each.isprintable() else repr(each)[1:-1] for each in line)
