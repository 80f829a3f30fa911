"""The embedded Infrahub: files in, HTTP answers out, in one process and without a network."""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timezone
from email.utils import format_datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
from graphql import (
    GraphQLSchema,
    GraphQLSyntaxError,
    execute_sync,
    specified_directives,
)

from infrahub_exporter.adapters.embedded import documents, files, initial, rest, stored_queries
from infrahub_exporter.adapters.embedded.expansion import EXPAND
from infrahub_exporter.adapters.embedded.graphql_requests import Document, Documents, read_operation
from infrahub_exporter.adapters.embedded.instants import parse_moment, write_utc
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.mutation_types import MutationTypes
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.node_types import NodeTypes
from infrahub_exporter.adapters.embedded.objects import Loader
from infrahub_exporter.adapters.embedded.reading import Request
from infrahub_exporter.adapters.embedded.refusals import (
    NodeNotFoundError,
    RefusedError,
    format_errors,
    graphql_body,
    rest_body,
)
from infrahub_exporter.adapters.embedded.scalars import in_utc
from infrahub_exporter.adapters.embedded.schema import load_kinds
from infrahub_exporter.adapters.embedded.store import NOW, Store, from_instant, to_instant
from infrahub_exporter.adapters.embedded.writer import Writer
from infrahub_exporter.domain.ports import Reply

BRANCH = "main"
_CRASHED = b"Internal Server Error"
_FILES = "/api/storage/files/"
_JSON = "application/json"
_PLAIN = "text/plain; charset=utf-8"
_SECOND = 1_000_000


def utc_now() -> datetime:
    """Return the present time in UTC."""
    return datetime.now(timezone.utc)


class EmbeddedInfrahub:
    """Answers GraphQL and schema requests as an Infrahub does; safe to call from several threads.

    The time of the start is the whole second in which it was loaded: every instant since then can be read.
    """

    def __init__(self, kinds: Kinds, store: Store, *, token: str | None, now: Callable[[], datetime]) -> None:
        self.kinds = kinds
        self._store = store
        self._names = Names(kinds, store)
        self._writer = Writer(kinds, store, self._names)
        self._token = token
        self._now = now
        self._lock = threading.Lock()
        self._bodies: dict[str, bytes] = {}
        nodes = NodeTypes(kinds)
        self.types = GraphQLSchema(
            nodes.query(),
            MutationTypes(kinds, nodes).mutation(),
            types=nodes.values(),
            directives=(*specified_directives, EXPAND),
            assume_valid=True,
        )
        self._documents = Documents(self.types, kinds)

    @classmethod
    def load(
        cls,
        schema: Sequence[Path],
        objects: Sequence[Path],
        *,
        token: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> "EmbeddedInfrahub":
        """Read schema and object files, folders or patterns of them.

        Raises:
            ConfigError: one line that names file, place and expectation.
        """
        start = to_instant(now()) // _SECOND * _SECOND
        made = cls(load_kinds(documents.find(schema)), Store(start), token=token, now=now)
        made._load(documents.find(objects), range(start - _SECOND + 1, start + 1))
        return made

    def _load(self, objects: Sequence[Path], instants: range) -> None:
        """Load what every Infrahub has, then the object files, each object at an instant of its own."""
        initial.create(self.kinds, self._writer, instants[0])
        Loader(self.kinds, self._names, self._writer, instants).load(objects)

    def settle(self) -> int:
        """Recompute the ids and labels that a change of a peer left stale, as Infrahub's workers do after a while.

        Returns how many nodes that touched; each of them is stamped.
        """
        with self._lock:
            return self._writer.settle(self._commit())

    def handle(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Reply:
        """Answer a request. `target` is path and query as on the wire; `headers` have lower-case names."""
        started = time.perf_counter()
        split = urlsplit(target)
        query = {name: values[-1] for name, values in parse_qs(split.query, keep_blank_values=True).items()}
        path = unquote(split.path)
        try:
            if path == "/graphql" or path.startswith("/graphql/"):
                branch = path.removeprefix("/graphql").removeprefix("/") or BRANCH
                status, content_type, content = self._graphql(method, branch, query, headers, body)
            else:
                status, content_type, content = self._rest(path, query, headers, body)
        except RefusedError as exc:
            refused = graphql_body(exc) if path.startswith("/graphql") else rest_body(exc.message, exc.http_status)
            status, content_type, content = exc.http_status, _JSON, msgspec.json.encode(refused)
        except RecursionError:  # a document of more levels than the parser, or who runs it, can go down
            status, content_type, content = 500, _PLAIN, _CRASHED
        stamps = {
            "date": format_datetime(self._now().astimezone(timezone.utc), usegmt=True),
            "content-type": content_type,
            "x-process-time": f"{time.perf_counter() - started:.6f}",
        }
        return Reply(status, stamps, content)

    def _graphql(
        self, method: str, branch: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        authenticated = self._authenticate(headers)
        if branch != BRANCH:
            return _json(404, {"errors": [f"Branch: {branch} not found."]})
        if method != "POST":
            return 500, _PLAIN, _CRASHED
        operation, wrong = read_operation(headers, body)
        if wrong is not None:
            return _json(400, {"errors": [wrong]})
        at = self._instant(query["at"]) if "at" in query else NOW
        try:
            document = self._documents.parse(operation["query"])
        except (GraphQLSyntaxError, KeyError, TypeError):
            return 500, _PLAIN, _CRASHED
        if document.changes and not authenticated:
            raise RefusedError(
                "Authentication is required to perform this operation",
                code="AUTHENTICATION_REQUIRED",
                http_status=401,
            )
        return _json(200, self._execute(document, operation, at))

    def _execute(self, document: Document, operation: Mapping[str, Any], at: int) -> dict[str, Any]:
        if document.errors:
            return {"data": None, "errors": format_errors(document.errors)}
        with self._lock:
            now = self._commit() if document.changes else NOW
            result = execute_sync(
                self.types,
                document.node,
                context_value=Request(
                    kinds=self.kinds,
                    store=self._store,
                    names=self._names,
                    writer=self._writer,
                    at=NOW if document.changes else at,
                    now=now,
                ),
                variable_values=operation.get("variables") or {},
                operation_name=operation.get("operationName"),
            )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = format_errors(result.errors)
        return answer

    def _commit(self) -> int:
        """Give the instant of a change: now, and never before the last one."""
        self._store.latest = max(to_instant(self._now()), self._store.latest)
        return self._store.latest

    def _instant(self, text: str) -> int:
        """Read the instant that a request asks for; one in the future is now."""
        try:
            moment = in_utc(parse_moment(text))
        except ValueError as exc:
            raise RefusedError(f"Invalid time format for {text}", http_status=400) from exc
        instant = to_instant(moment)
        if instant < self._store.start:
            raise RefusedError(
                f"Requested time '{write_utc(moment)}' is before branch '{BRANCH}' was created at "
                f"'{write_utc(from_instant(self._store.start))}'.",
                http_status=422,
            )
        return instant

    def _authenticate(self, headers: Mapping[str, str]) -> bool:
        """Tell whether the request may change anything: without a token anyone may, without a key nobody else."""
        key = headers.get("x-infrahub-key")
        if key is None:
            scheme, _, given = headers.get("authorization", "").partition(" ")
            key = given if scheme.lower() == "bearer" and given else None
        if self._token is None or key == self._token:
            return True
        if not key:
            return False
        raise RefusedError("Invalid token", code="AUTHENTICATION_REQUIRED", http_status=401)

    def _rest(
        self, path: str, query: Mapping[str, str], headers: Mapping[str, str], body: bytes
    ) -> tuple[int, str, bytes]:
        self._authenticate(headers)
        branch = query.get("branch", BRANCH)
        if branch != BRANCH:
            raise RefusedError(f"Branch: {branch} not found.", http_status=400)
        if path.startswith((_FILES, stored_queries.PATH)):
            at = self._instant(query["at"]) if "at" in query else NOW
            if path.startswith(_FILES):
                return self._file(path.removeprefix(_FILES), at)
            return self._stored(path.removeprefix(stored_queries.PATH), stored_queries.variables_of(query, body), at)
        if path not in self._bodies:
            self._bodies[path] = msgspec.json.encode(rest.answer(path, self.kinds))
        return 200, _JSON, self._bodies[path]

    def _file(self, identity: str, at: int) -> tuple[int, str, bytes]:
        """Hand out the file of a node as it was at an instant."""
        with self._lock:
            record = self._store.find(identity, at, files.FILE_OBJECT)
            if record is None:
                raise NodeNotFoundError(files.FILE_OBJECT, identity)
            values = record.at(at).values
            content = self._store.files.get(str(values["storage_id"].value))
            if content is None:
                raise NodeNotFoundError("StorageObject", str(values["storage_id"].value))
            return 200, str(values["file_type"].value), content

    def _stored(self, name: str, variables: Mapping[str, Any], at: int) -> tuple[int, str, bytes]:
        """Run a query that lies in Infrahub."""
        with self._lock:
            record = self._names.by_text(self.kinds[stored_queries.KIND], name)
            if record is None:
                raise NodeNotFoundError(stored_queries.KIND, name)
            values = record.versions[-1].values
        document = self._documents.parse(str(values["query"].value))
        status, content = stored_queries.told(
            str(values["name"].value), self._execute(document, {"variables": variables}, at)
        )
        return _json(status, content)


def _json(status: int, content: object) -> tuple[int, str, bytes]:
    return status, _JSON, msgspec.json.encode(content)
