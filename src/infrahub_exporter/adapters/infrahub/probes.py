"""The documents that ask what changed, and what their answers say."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Annotated, Any, TypeVar

import msgspec
from msgspec import Meta, Struct

from infrahub_exporter.adapters.infrahub.documents import OPERATION
from infrahub_exporter.domain.ports import Counted, Probed, Stamp

Found = TypeVar("Found")

_LONGEST_VERSION = 64
_SINCE = "node_metadata__updated_at__after: $since"


DEFAULT_BRANCH = (
    f"query {OPERATION}($branch: String) {{ InfrahubBranch(name__value: $branch) {{ "
    "edges { node { is_default { value } } } } InfrahubInfo { version } }"
)
"""Ask whether a branch is the default one, and which version this Infrahub is."""


PING = f"query {OPERATION} {{ InfrahubInfo {{ version }} }}"
"""Ask for next to nothing."""

_PROBE = f"query {OPERATION}($since: DateTime!) {{ merging: InfrahubBranch(status__value: MERGING) {{ count }}"


def is_small(document: str) -> bool:
    """Tell whether a document asks for next to nothing, so that its answer comes soon or not at all."""
    return document == DEFAULT_BRANCH or document.startswith(_PROBE)


class ProbeDocument:
    """One request for any number of kinds. Counts need no permission, so it works for anyone who may log in."""

    def __init__(self, kinds: Sequence[str]) -> None:
        self._kinds = tuple(kinds)
        fields = " ".join(
            f"all{index}: {kind} {{ count }} changed{index}: {kind}({_SINCE}) {{ count }}"
            for index, kind in enumerate(self._kinds)
        )
        self.text = f"{_PROBE} {fields} }}"

    def decode(self, body: bytes) -> Probed:
        """Read the counts. Raises msgspec.DecodeError where the body does not fit."""
        data = msgspec.json.decode(body, type=_Counts).data
        kinds = {
            kind: Counted(_found(data, f"all{index}").count, _found(data, f"changed{index}").count)
            for index, kind in enumerate(self._kinds)
        }
        return Probed(kinds, merging=_found(data, "merging").count > 0)


class _Count(Struct):
    count: int


class _Counts(Struct):
    data: dict[str, _Count]


class StampsDocument:
    """The ids of the nodes of a kind that changed, with their stamps."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self.text = (
            f"query {OPERATION}($since: DateTime!, $limit: Int, $offset: Int) {{ "
            f"{kind}({_SINCE}, limit: $limit, offset: $offset, order: {{disable: true}}) {{ "
            "edges { node { id } node_metadata { created_at updated_at } } } }"
        )

    def decode(self, body: bytes) -> tuple[Mapping[str, Stamp] | None, int]:
        """Read a page's stamps by id, and how many nodes it had. Raises msgspec.DecodeError where it does not fit.

        None stands for a kind that gives no stamps: Infrahub has generics (`BuiltinIPPrefix`) whose edges lack them.
        """
        edges = _found(msgspec.json.decode(body, type=_Stamps).data, self._kind).edges
        stamps: dict[str, Stamp] = {}
        for edge in edges:
            if edge.node_metadata is None:
                return None, len(edges)
            if edge.node is not None:
                stamps[edge.node.id] = edge.node_metadata.stamp()
        return stamps, len(edges)


class _Node(Struct):
    id: str


Moment = Annotated[datetime, Meta(tz=True)]


class _Metadata(Struct):
    updated_at: Moment
    created_at: Moment | None = None

    def stamp(self) -> Stamp:
        """Return it as instants; a node of unknown making is taken for a new one."""
        return Stamp(seconds(self.updated_at), seconds(self.created_at or self.updated_at))


def seconds(moment: datetime) -> float:
    """Return unix seconds of any moment that can be written; one without an offset is UTC."""
    return (moment if moment.tzinfo is not None else moment.replace(tzinfo=timezone.utc)).timestamp()


class _Edge(Struct):
    node_metadata: _Metadata | None = None
    node: _Node | None = None


class _Edges(Struct):
    edges: list[_Edge]


class _Stamps(Struct):
    data: dict[str, _Edges]


def count_document(kind: str, filters: Sequence[Any]) -> str:
    """Write the document that counts the nodes of a kind that pass some filters."""
    declared = ", ".join(f"${each.argument}: {each.type}" for each in filters)
    arguments = ", ".join(f"{each.argument}: ${each.argument}" for each in filters)
    if not filters:
        return f"query {OPERATION} {{ {kind} {{ count }} }}"
    return f"query {OPERATION}({declared}) {{ {kind}({arguments}) {{ count }} }}"


def decode_count(kind: str, body: bytes) -> int:
    """Read a count. Raises msgspec.DecodeError where the body does not fit."""
    return _found(msgspec.json.decode(body, type=_Counts).data, kind).count


def _found(data: Mapping[str, Found], field: str) -> Found:
    """Return a root field's answer. Raises msgspec.ValidationError where there is none."""
    if field not in data:
        raise msgspec.ValidationError(f"expected {field} in the data")
    return data[field]


class _Flag(Struct):
    value: bool | None = None


class _Branch(Struct):
    is_default: _Flag


class _BranchEdge(Struct):
    node: _Branch


class _BranchEdges(Struct):
    edges: list[_BranchEdge]


class _Info(Struct):
    version: Any = None


class _About(Struct):
    branches: _BranchEdges = msgspec.field(name="InfrahubBranch")
    info: _Info | None = msgspec.field(name="InfrahubInfo", default=None)


class Branches(Struct):
    """The answer to `DEFAULT_BRANCH`."""

    data: _About

    @property
    def default(self) -> bool:
        """Whether the branch that was asked about is the default one."""
        return any(edge.node.is_default.value for edge in self.data.branches.edges)

    @property
    def version(self) -> str | None:
        """Which version this Infrahub is, None where it does not say, or says what is none."""
        said = None if self.data.info is None else self.data.info.version
        return said if isinstance(said, str) and said.isprintable() and len(said) <= _LONGEST_VERSION else None
