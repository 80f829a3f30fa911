"""What a request is called in the log: never its text, its values, its headers or a token."""

import re
from collections.abc import Mapping
from contextvars import ContextVar

from msgspec import Struct

from infrahub_exporter.adapters.infrahub.documents import OPERATION
from infrahub_exporter.adapters.infrahub.probes import is_small

ENTRY: ContextVar[str] = ContextVar("entry", default="")
"""The entry of the configuration that requests are made for just now, where it is one: `kind DcimDevice`."""

_SCHEMA = "/api/schema"
_NAMED = re.compile(r"\s*query\s+(\w+)")
_ROOT = re.compile(r"\{\s*(?:\w+\s*:\s*)?(\w+)")


class Request(Struct, frozen=True):
    """A request as the log has it: its operation, the entry that it is for, and the names of its variables.

    A small one has its answer soon, or not at all.
    """

    operation: str
    entry: str
    variables: tuple[str, ...] = ()
    is_small: bool = False

    @property
    def sort(self) -> str:
        """Name what takes about as long as this: of files all together."""
        return self.operation.rpartition("/")[0] or self.operation

    def __str__(self) -> str:
        return f"{self.operation} for {self.entry}" if self.entry else self.operation


def of_document(document: str, variables: Mapping[str, object]) -> Request:
    """Name a document by its operation; our own ones, which have one name, by what they ask first besides."""
    named = _NAMED.match(document)
    operation = "a query without a name" if named is None else named[1]
    if operation == OPERATION and (root := _ROOT.search(document)) is not None:
        operation = f"{OPERATION}({root[1]})"
    return Request(operation, ENTRY.get(), tuple(sorted(variables)), is_small(document))


def of_path(path: str) -> Request:
    """Name a REST request by its path; what is not about the schema may be large."""
    return Request(f"GET {path.partition('?')[0]}", ENTRY.get(), is_small=path.startswith(_SCHEMA))
