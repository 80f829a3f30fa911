"""The questions that the exporter asks of the world. A docstring is the contract; the suites in
`infrahub_exporter.testing` hold every sentence of it against an adapter.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from msgspec import Struct

from infrahub_exporter.domain.asking.selection import Selection
from infrahub_exporter.domain.model import JSON, KindSchema, Row, Snapshot
from infrahub_exporter.domain.publishing.saved import Saved


class Reply(Struct, frozen=True):
    """An HTTP answer: `headers` have lower-case names, `body` is decompressed.

    `may_tell_errors` is false where who carried it has found no `"errors"` in the body: nobody need look again.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes
    may_tell_errors: bool = True


@runtime_checkable
class Transport(Protocol):
    """Carry one request to an Infrahub and its answer back, whatever the answer says. Calls may overlap."""

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        """Post a document with its variables, at an instant (ISO 8601 with `Z`) or now.

        A reply of any status is returned, not raised. Raises SourceUnavailableError where none came: refused, reset,
        timed out; DerivationError where it is larger than the transport takes.
        """
        ...

    async def get(self, path: str) -> Reply:
        """Get a path of the REST API, such as `/api/schema/BuiltinTag`, on the transport's branch. Raises as above."""
        ...

    async def close(self) -> None:
        """Let go of connections, if there are any. The transport may be used again afterwards."""
        ...


class Page(Struct, frozen=True):
    """Some rows of a selection, and the offset at which a read goes on after them."""

    rows: Sequence[Row]
    offset: int


class Counted(Struct, frozen=True):
    """How many nodes of a kind there are, and how many of them changed."""

    count: int
    changed: int


class Stamp(Struct, frozen=True, gc=False):
    """When a node was changed last, and when it was made; what a merge brings is made by the merge."""

    updated: float
    created: float


class Probed(Struct, frozen=True):
    """The answer of a probe by kind; `merging` says that a branch is being merged just now."""

    kinds: Mapping[str, Counted]
    merging: bool = False


@runtime_checkable
class ChangeProbe(Protocol):
    """Whether anything has changed. Instants are unix seconds by Infrahub's clock."""

    async def is_followable(self) -> bool:
        """Tell whether changes can be told here: on the default branch only. Raises SourceUnavailableError."""
        ...

    async def instant(self) -> float:
        """Return the newest instant at which everything can be read: Infrahub's now, never later.

        Raises SourceUnavailableError.
        """
        ...

    async def probe(self, kinds: Sequence[str], *, since: float, at: float) -> Probed:
        """Count the nodes of each kind at an instant, and those with a stamp after `since`. One request.

        An `at` that is yet to come is now. Raises SourceRejectedError for an unknown kind, SourceUnavailableError.
        """
        ...

    async def stamps(self, kind: str, *, since: float, at: float) -> Mapping[str, Stamp]:
        """Return the ids of the nodes of a kind that were updated after `since`, with their stamps. Raises as `probe`.

        The nodes are those there at `at`; the stamps may be later ones (Infrahub does not pin them).
        """
        ...


class Arrived(Struct, frozen=True):
    """Rows and their stamps, both by id, of the same nodes."""

    rows: Mapping[str, Row] = {}
    stamps: Mapping[str, Stamp] = {}


@runtime_checkable
class ChangedRows(Protocol):
    """What a `ChangeProbe` may be able to beside that: rows and stamps in one answer, where much has changed."""

    async def changed(self, selection: Selection, *, since: float, at: float) -> Arrived | None:
        """Return the rows of a selection's nodes that were updated after `since`, as of `at`, with their stamps.

        They are those that `stamps` tells of. None where the nodes of the kind come without stamps. Raises as `pages`.
        """
        ...


@runtime_checkable
class NodeSource(Protocol):
    """All nodes that a selection describes."""

    def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows page by page, in any order, all as they were at one instant, no id twice.

        The instant is `at` where the source is a `ChangeProbe`, else the newest one. A read that begins at another
        page's offset brings what comes after that page.

        A row is a node of the kind, or of a kind that inherits from it, that passes every filter; it has one value per
        column. Nothing selected is no page, or empty ones. Reads may overlap, and may be left unfinished.

        Raises SourceRejectedError for a kind or a filter that Infrahub does not have, and SourceUnavailableError when a
        page cannot be read: what has been yielded is then not the whole and must not be published. A column that
        Infrahub does not have is null, or named by a RefusedColumnsError: the read may go on without it.
        """
        ...

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes that a selection describes, at an instant or now. Raises as `pages`."""
        ...


@runtime_checkable
class QueryRunner(Protocol):
    """The answer of a GraphQL document."""

    async def run(self, document: str, variables: Mapping[str, JSON] | None = None) -> Mapping[str, JSON]:
        """Return the answer's `data`, whole, integers exact, with `variables` for those that the document declares.

        Raises SourceRejectedError for a document that Infrahub refuses, and SourceUnavailableError when it cannot
        answer. Any GraphQL error is a SourceError, never a partial answer.
        """
        ...


@runtime_checkable
class SchemaSource(Protocol):
    """The kinds that Infrahub knows."""

    async def kind(self, kind: str) -> KindSchema:
        """Describe a kind, be it a node or a generic, with what it inherits, and of a generic which kinds do.

        Raises SourceRejectedError, with a suggestion where one is near, for an unknown one, and SourceUnavailableError
        when Infrahub cannot answer.
        """
        ...

    async def kinds(self, kinds: Collection[str]) -> Mapping[str, KindSchema]:
        """Describe kinds by name, in few requests however many there are: without unknown ones, perhaps with others.

        Raises SourceUnavailableError when Infrahub cannot answer.
        """
        ...

    async def fingerprint(self) -> str:
        """Return a text that changes when the schema does. Raises SourceUnavailableError."""
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
class SnapshotStore(Protocol):
    """A place where the last good data outlives the process. Trouble is its own: it counts and logs, nothing is raised.

    No call blocks the event loop. Calls may overlap; the save that was called last is the one that stays.
    """

    async def save(self, saved: Saved) -> None:
        """Keep this, whole, in place of what was kept before; where that fails, what was kept before stays."""
        ...

    async def load(self) -> Saved | None:
        """Return what was kept last, whole; None where there is nothing, or nothing that can be trusted."""
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
