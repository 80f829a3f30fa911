"""The questions that the exporter asks of the world. A docstring is the contract; the suites in
`infrahub_exporter.testing` hold every sentence of it against an adapter.
"""

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from infrahub_exporter.domain.model import JSON, KindSchema, Row, Snapshot
from infrahub_exporter.domain.selection import Selection


class Reply(Struct, frozen=True):
    """An HTTP answer: `headers` have lower-case names, `body` is decompressed."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@runtime_checkable
class Transport(Protocol):
    """Carry one request to an Infrahub and its answer back, whatever the answer says. Calls may overlap."""

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Post a document with its variables, at an instant (ISO 8601 with `Z`) or now.

        A reply of any status is returned, not raised. Raises SourceUnavailableError where none came: refused, reset,
        timed out.
        """
        ...

    async def get(self, path: str) -> Reply:
        """Get a path of the REST API, such as `/api/schema/BuiltinTag`, on the transport's branch. Raises as above."""
        ...

    async def close(self) -> None:
        """Let go of connections, if there are any. The transport may be used again afterwards."""
        ...


@runtime_checkable
class NodeSource(Protocol):
    """All nodes that a selection describes."""

    def rows(self, selection: Selection) -> AsyncIterator[Sequence[Row]]:
        """Yield the rows page by page, in any order, all as they were at one instant, no id twice.

        A row is a node of the kind, or of a kind that inherits from it, that passes every filter; it has one value per
        column. Nothing selected is no page, or empty ones. Reads may overlap, and may be left unfinished.

        Raises SourceRejectedError for a kind or a filter that Infrahub does not have, and SourceUnavailableError when a
        page cannot be read: what has been yielded is then not the whole and must not be published.
        """
        ...


@runtime_checkable
class QueryRunner(Protocol):
    """The answer of a GraphQL document."""

    async def run(self, document: str) -> Mapping[str, JSON]:
        """Return the answer's `data`, whole, integers exact.

        Raises SourceRejectedError for a document that Infrahub refuses, and SourceUnavailableError when it cannot
        answer. Any GraphQL error is a SourceError, never a partial answer.
        """
        ...


@runtime_checkable
class SchemaSource(Protocol):
    """The kinds that Infrahub knows."""

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind, be it a node or a generic, with what it inherits.

        Raises SourceRejectedError, with a suggestion where one is near, for an unknown one, and SourceUnavailableError
        when Infrahub cannot answer.
        """
        ...


@runtime_checkable
class SnapshotSink(Protocol):
    """A place where snapshots go."""

    async def publish(self, snapshot: Snapshot) -> None:
        """Take a new snapshot, whole, in place of the one before; return soon, without waiting for a far side.

        A sink that fails keeps its trouble to itself: it counts and logs.
        """
        ...


@runtime_checkable
class Clock(Protocol):
    """The time."""

    def wall(self) -> float:
        """Return unix seconds."""
        ...

    def monotonic(self) -> float:
        """Return seconds that never go back."""
        ...
