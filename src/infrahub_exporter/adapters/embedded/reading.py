"""How queries are answered: pages of nodes, their attributes and their relations at one instant."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLResolveInfo

from infrahub_exporter.adapters.embedded.attribute_paths import parse_path
from infrahub_exporter.adapters.embedded.filters import Predicate, nested_filters, root_filters, walk
from infrahub_exporter.adapters.embedded.identity import read_path
from infrahub_exporter.adapters.embedded.kinds import Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.ordering import sort, terms_of
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.selections import Selected, selected
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Version
from infrahub_exporter.adapters.embedded.writer import Writer


class Request:
    """What the resolvers of one request share."""

    def __init__(self, *, kinds: Kinds, store: Store, names: Names, writer: Writer, at: int, now: int) -> None:
        self.kinds = kinds
        self.store = store
        self.names = names
        self.writer = writer
        self.at = at
        self.now = now
        self._selected: dict[int, Selected] = {}

    def selected(self, info: GraphQLResolveInfo) -> Selected:
        """Give the tree of fields below a field; worked out once per place in the query."""
        key = id(info.field_nodes[0])
        found = self._selected.get(key)
        if found is None:
            found = self._selected[key] = selected(info)
        return found


class Related:
    """An end of a relation as an edge of the answer; without a version it is empty."""

    __slots__ = ("start", "version")

    def __init__(self, version: Version | None, start: int = 0) -> None:
        self.version = version
        self.start = start


NOBODY = Related(None)


class Page:
    """The nodes that a field answers with."""

    __slots__ = ("edges", "kind", "total")

    def __init__(self, edges: Sequence[Related], total: int, kind: Kind) -> None:
        self.edges = edges
        self.total = total
        self.kind = kind


def read_root(request: Request, kind: Kind, arguments: Mapping[str, Any]) -> Page:
    """Answer a root field.

    Raises:
        RefusedError: for arguments that Infrahub fails on.
    """
    limit, offset = arguments.get("limit"), arguments.get("offset")
    for name, number in (("limit", limit), ("offset", offset)):
        if number is not None and number < 0:
            raise RefusedError(f"{name} must be a non-negative integer")
    instant = request.at
    if "hfid" in arguments:
        if arguments["hfid"] is None:
            raise RefusedError("can only join an iterable")
        found = request.names.by_hfid(kind, arguments["hfid"], instant)
        edges = [Related(found.at(instant))] if found else []
        return Page(edges, len(edges), kind)
    versions = [each.at(instant) for each in request.store.of(kind.key, instant)]
    versions = _filter(versions, root_filters(request.kinds, kind, arguments), instant)
    order = arguments.get("order")
    terms = () if limit == 1 else terms_of(kind, order)
    shown = sort(versions, terms, instant) if terms else versions
    return Page([Related(each) for each in _slice(shown, offset, limit)], len(versions), kind)


def _filter(versions: list[Version], predicates: Sequence[Predicate], instant: int) -> list[Version]:
    for passes in predicates:
        versions = [each for each in versions if passes(each, instant)]
    return versions


def _slice(items: Sequence[Version], offset: int | None, limit: int | None) -> Sequence[Version]:
    """Cut a page: no limit and a limit of zero mean everything."""
    start = offset or 0
    return items[start : start + limit] if limit else items[start:]


def read_one(request: Request, record: Record, relationship: Relationship) -> Related:
    """Answer a to-one relationship."""
    instant = request.at
    wanted = relationship.peer
    for edge in record.edges.get(relationship.edge, ()):
        if edge.start <= instant < edge.end and wanted in edge.peer.kind.labels:
            return Related(edge.peer.at(instant), edge.start)
    return NOBODY


def read_many(
    request: Request, record: Record, relationship: Relationship, arguments: Mapping[str, Any], below: Selected
) -> Page:
    """Answer a to-many relationship; edges come only where something of their nodes is selected."""
    instant = request.at
    wanted = relationship.peer
    kind = request.kinds[wanted]
    sources = [record]
    if arguments.get("include_descendants"):
        sources += walk(record, "children", instant)
    since: dict[Version, int] = {}
    for source in sources:
        for edge in source.edges.get(relationship.edge, ()):
            if edge.start <= instant < edge.end and wanted in edge.peer.kind.labels:
                since[edge.peer.at(instant)] = edge.start
    return _related(request, kind, since, arguments, below)


def read_tree(request: Request, record: Record, name: str, arguments: Mapping[str, Any], below: Selected) -> Page:
    """Answer `ancestors` (the farthest first) or `descendants` (the nearest first).

    Infrahub computes the human-friendly id of these from the attributes that the query selects: without them
    it is empty.
    """
    instant = request.at
    found = walk(record, "parent" if name == "ancestors" else "children", instant)
    if name == "ancestors":
        found.reverse()
    fields = below.get("edges", {}).get("node", {})
    since = {_partly_loaded(each.at(instant), fields): 0 for each in found}
    kind = request.kinds[record.kind.tree or record.kind.key]
    return _related(request, kind, since, arguments, below)


def _partly_loaded(version: Version, fields: Selected) -> Version:
    paths = version.record.kind.human_friendly_id
    if not paths or "hfid" not in fields or all(parse_path(each).attribute in fields for each in paths):
        return version
    parts = [read_path(version, each) for each in paths if parse_path(each).attribute in fields]
    hfid = tuple(str(each) for each in parts if each is not None)
    return Version(version.record, version.start, version.values, hfid, version.display_label)


def _related(
    request: Request,
    kind: Kind,
    since: Mapping[Version, int],
    arguments: Mapping[str, Any],
    below: Selected,
) -> Page:
    versions = list(since)
    if arguments:
        versions = _filter(versions, nested_filters(request.kinds, kind, arguments), request.at)
    total = len(versions)
    edges = below.get("edges", {})
    if not edges.get("node") and not edges.get("properties"):
        return Page((), total, kind)
    terms = terms_of(kind, arguments.get("order"))
    if terms:
        versions = sort(versions, terms, request.at)
    shown = _slice(versions, arguments.get("offset"), arguments.get("limit"))
    return Page([Related(each, since.get(each, 0)) for each in shown], total, kind)


def latest(request: Request) -> None:
    """Let what is read after a mutation see it."""
    request.at = NOW
