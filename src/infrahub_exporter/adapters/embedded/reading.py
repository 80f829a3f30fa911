"""How queries are answered: pages of nodes, their attributes and their relations at one instant."""

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLResolveInfo
from msgspec import Struct

from infrahub_exporter.adapters.embedded.filters import Predicate, nested_filters, root_filters, walk
from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.loading import load
from infrahub_exporter.adapters.embedded.names import Names
from infrahub_exporter.adapters.embedded.ordering import sort, terms_of
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.selections import Selected, seen, selected
from infrahub_exporter.adapters.embedded.store import NOW, Record, Store, Version
from infrahub_exporter.adapters.embedded.writer import Writer

_BESIDE = ("properties", "node_metadata", "relationship_metadata")
"""What stands beside the node of a relation."""
UNSTAMPED = frozenset({PREFIX, ADDRESS})
"""The roots of these two never say when anything was made or changed."""


class Request:
    """What the resolvers of one request share."""

    def __init__(self, *, kinds: Kinds, store: Store, names: Names, writer: Writer, at: int, now: int) -> None:
        self.kinds = kinds
        self.store = store
        self.names = names
        self.writer = writer
        self.at = at
        self.now = now
        self._selections: dict[int, Selection] = {}

    def selection(self, info: GraphQLResolveInfo) -> "Selection":
        """Give what is selected below a field; worked out once per place in the query."""
        key = id(info.field_nodes[0])
        found = self._selections.get(key)
        if found is None:
            found = self._selections[key] = Selection(selected(info), seen(info))
        return found


class Selection(Struct, frozen=True):
    """The fields below a field, and those of them that Infrahub sees."""

    fields: Selected
    found: Selected

    def counted(self, total: int) -> int | None:
        """Give the count, where Infrahub sees that it is asked for."""
        return total if "count" in self.found else None

    def below(self, *names: str) -> "Selection":
        """Give what is selected further down."""
        fields, found = self.fields, self.found
        for name in names:
            fields, found = fields.get(name, {}), found.get(name, {})
        return Selection(fields, found)


class Related:
    """An end of a relation as an edge of the answer; without a version it is empty, with an error of the node."""

    __slots__ = ("start", "version")

    def __init__(self, version: Version | RefusedError | None, start: int = 0) -> None:
        self.version = version
        self.start = start


NOBODY = Related(None)


class Page:
    """The nodes that a field answers with."""

    __slots__ = ("edges", "kind", "total")

    def __init__(self, edges: Sequence[Related], total: int | None, kind: Kind) -> None:
        self.edges = edges
        self.total = total
        self.kind = kind


def read_root(request: Request, kind: Kind, arguments: Mapping[str, Any], selection: Selection) -> Page:
    """Answer a root field.

    Raises:
        RefusedError: for arguments that Infrahub fails on.
    """
    limit, offset = arguments.get("limit"), arguments.get("offset")
    for name, number in (("limit", limit), ("offset", offset)):
        if number is not None and number < 0:
            raise RefusedError(f"{name} must be a non-negative integer")
    instant = request.at
    shown: Sequence[Version]
    if "hfid" in arguments:
        if arguments["hfid"] is None:
            raise RefusedError("can only join an iterable")
        found = request.names.by_hfid(kind, arguments["hfid"], instant)
        shown = [found.at(instant)] if found else []
        total = len(shown)
    else:
        versions = [each.at(instant) for each in request.store.of(kind.key, instant)]
        versions = _filter(versions, root_filters(request.kinds, kind, arguments), instant)
        total = len(versions)
        terms = () if limit == 1 else terms_of(kind, arguments.get("order"))
        shown = _slice(sort(versions, terms, instant) if terms else versions, offset, limit)
    node = selection.below("edges", "node")
    loaded = load(shown, node.fields, node.found, instant, piecemeal=False) if selection.found.get("edges") else []
    if kind.key in UNSTAMPED:
        loaded = [each.unstamped() for each in loaded]
    return Page([Related(each) for each in loaded], selection.counted(total), kind)


def _filter(versions: list[Version], predicates: Sequence[Predicate], instant: int) -> list[Version]:
    for passes in predicates:
        versions = [each for each in versions if passes(each, instant)]
    return versions


def _slice(items: Sequence[Version], offset: int | None, limit: int | None) -> Sequence[Version]:
    """Cut a page: no limit and a limit of zero mean everything."""
    start = offset or 0
    return items[start : start + limit] if limit else items[start:]


def read_one(request: Request, record: Record, relationship: Relationship, selection: Selection) -> Related:
    """Answer a to-one relationship.

    A parent of whom the id alone is asked is an error: Infrahub does not read it then, and where the schema names a
    kind that is no generic it cannot tell which it is, as GraphQL has the tree's generic there.
    """
    instant = request.at
    wanted = relationship.peer
    for edge in record.edges.get(relationship.edge, ()):
        if edge.start <= instant < edge.end and wanted in edge.peer.kind.labels:
            node = selection.below("node")
            is_unread = node.found.keys() == {"id"} and not any(map(selection.found.get, _BESIDE))
            if is_unread and relationship.hierarchical is not None and not request.kinds[wanted].generic:
                return Related(RefusedError("Unable to identify the type of the instance."), edge.start)
            asked = {*selection.found.get("properties", ()), *selection.found.get("relationship_metadata", ())}
            piecemeal = bool(asked - {"__typename"})
            (version,) = load((edge.peer.at(instant),), node.fields, node.found, instant, piecemeal=piecemeal)
            return Related(version, edge.start)
    return NOBODY


def read_many(
    request: Request, record: Record, relationship: Relationship, arguments: Mapping[str, Any], selection: Selection
) -> Page:
    """Answer a to-many relationship."""
    instant = request.at
    wanted = relationship.peer
    sources = [record]
    if arguments.get("include_descendants"):
        sources += walk(record, "children", instant)
    since: dict[Version, int] = {}
    for source in sources:
        for edge in source.edges.get(relationship.edge, ()):
            if edge.start <= instant < edge.end and wanted in edge.peer.kind.labels:
                since[edge.peer.at(instant)] = edge.start
    piecemeal = bool(arguments.get("limit") or arguments.get("offset"))
    return _related(request, request.kinds[wanted], since, arguments, selection, piecemeal=piecemeal)


def read_tree(request: Request, record: Record, name: str, arguments: Mapping[str, Any], selection: Selection) -> Page:
    """Answer `ancestors` or `descendants`: in the order of their creation."""
    instant = request.at
    found = walk(record, "parent" if name == "ancestors" else "children", instant)
    since = {each.at(instant): 0 for each in sorted(found, key=lambda each: each.id)}
    kind = request.kinds[record.kind.tree or record.kind.key]
    return _related(request, kind, since, arguments, selection, piecemeal=True)


def _related(
    request: Request,
    kind: Kind,
    since: Mapping[Version, int],
    arguments: Mapping[str, Any],
    selection: Selection,
    *,
    piecemeal: bool,
) -> Page:
    """Filter, order, cut and load; edges come only where something of their nodes is selected."""
    versions = list(since)
    if arguments:
        versions = _filter(versions, nested_filters(request.kinds, kind, arguments), request.at)
    total = len(versions)
    node = selection.below("edges", "node")
    if not node.found and not selection.below("edges", "properties").found:
        return Page((), selection.counted(total), kind)
    terms = terms_of(kind, arguments.get("order"))
    if terms:
        versions = sort(versions, terms, request.at)
    shown = _slice(versions, arguments.get("offset"), arguments.get("limit"))
    loaded = load(shown, node.fields, node.found, request.at, piecemeal=piecemeal)
    edges = [Related(each, since[one]) for each, one in zip(loaded, shown, strict=True)]
    return Page(edges, selection.counted(total), kind)


def latest(request: Request) -> None:
    """Let what is read after a mutation see it."""
    request.at = NOW
