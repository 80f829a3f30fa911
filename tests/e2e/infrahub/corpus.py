"""What is asked of both Infrahubs, the real and the embedded one: their answers must be equal but for ids and times.

Text in angle brackets stands for what differs between two servers: `<LabDevice leaf-a>` for the id of that node,
`<loaded>` for an instant after the objects were loaded, `<before>` for the one before the last change, `<now>` for
this one.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec
import yaml
from msgspec import Struct

_QUESTIONS = Path(__file__).parent / "questions"
_LABORATORY = Path(__file__).parent

SCHEMA = _LABORATORY / "schema.yml"
OBJECTS = _LABORATORY / "objects.yml"


class Ask(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One request: a GraphQL document, or a `path` of the REST API, or a `body` as it goes over the wire."""

    name: str = ""
    document: str = ""
    variables: Mapping[str, object] = {}
    operation: str | None = None
    at: str | None = None
    branch: str = "main"
    token: str | None = "good"
    bearer: str | None = None
    path: str | None = None
    body: str | None = None
    content_type: str = "application/json"
    method: str = "POST"
    loose: bool = False
    """Compare the status, and the first error where the body is JSON."""
    codes: bool = False
    """Compare the status, and the codes of errors alone."""


def _documents(file: str) -> Iterator[Ask]:
    for subject, asks in yaml.safe_load((_QUESTIONS / file).read_text(encoding="utf-8")).items():
        for name, ask in asks.items():
            fields = {"document": ask} if isinstance(ask, str) else ask
            yield msgspec.convert({**fields, "name": f"{subject}: {name}"}, Ask)


def _pages() -> Iterator[Ask]:
    document = "query page($o: Int, $l: Int) { LabDevice(offset: $o, limit: $l) { count edges { node { hfid } } } }"
    pages = ((0, 2), (2, 2), (4, 3), (6, 2), (7, 1), (50, 2), (None, 3), (3, None), (0, 0), (None, None))
    for offset, limit in pages:
        yield Ask(name=f"page: {offset} {limit}", document=document, variables={"o": offset, "l": limit})


def _filters() -> Iterator[Ask]:
    for kind, arguments in yaml.safe_load((_QUESTIONS / "filters.yml").read_text(encoding="utf-8")).items():
        for argument, use in arguments.items():
            field = f"{kind}({argument}: $v) {{ count edges {{ node {{ id display_label }} }} }}"
            document = f"query q($v: {use['type']}) {{ {field} }}"
            for value in use["values"]:
                yield Ask(name=f"filter: {kind}({argument}: {value!r})", document=document, variables={"v": value})


QUESTIONS = (*_documents("reads.yml"), *_pages(), *_filters(), *_documents("errors.yml"))
"""They change nothing."""

CHANGES = tuple(_documents("writes.yml"))
"""They follow one another."""

BUMPED = Ask(
    name="bumped",
    document="query bumped($t: DateTime!) { "
    + " ".join(
        f"{kind}(node_metadata__updated_at__after: $t) {{ count edges {{ node {{ id display_label }} }} }}"
        for kind in (
            "LabDevice",
            "LabPlace",
            "LabVendor",
            "LabPort",
            "LabMemo",
            "LabAddress",
            "LabSubnet",
            "BuiltinTag",
            "CoreGroup",
        )
    )
    + " all: CoreNode(node_metadata__updated_at__after: $t) { count } }",
    variables={"t": "<before>"},
)
"""Asked after each change."""

KINDS = (
    "LabDevice",
    "LabPort",
    "LabOpticalPort",
    "LabLogicalPort",
    "LabPlace",
    "LabCountry",
    "LabSite",
    "LabRoom",
    "LabVendor",
    "LabMemo",
    "LabAddress",
    "LabSubnet",
    "BuiltinTag",
    "BuiltinIPAddress",
    "BuiltinIPPrefix",
    "BuiltinIPNamespace",
    "CoreGroup",
    "CoreStandardGroup",
)
"""The kinds whose description at the REST API is compared."""

TYPES = (
    "Query",
    "CoreNode",
    "OrderInput",
    "RelatedNodeInput",
    "TextAttribute",
    "NumberAttribute",
    "IntAttribute",
    "CheckboxAttribute",
    "BoolAttribute",
    "Dropdown",
    "IPHost",
    "IPNetwork",
    "MacAddress",
    "ListAttribute",
    "JSONAttribute",
    "AnyAttribute",
    "InfrahubBranch",
    "Branch",
    "Status",
    "StatusWorkerEdges",
    "StatusWorker",
    "Tasks",
    "TaskNodeInterface",
    "TaskLog",
    "TaskAction",
    "Events",
    "EventNodeInterface",
    "DiffTree",
    "DiffNode",
    "DiffTreeSummary",
    "DiffAttribute",
    "DiffRelationship",
    "DiffSingleRelationship",
    "DiffProperty",
    "ConflictDetails",
    "DiffTreeQueryFilters",
    "IncExclFilterOptions",
    "PoolUtilization",
    "IPPoolUtilizationResource",
    "PoolAllocatedNode",
    *(f"{prefix}{kind}" for kind in KINDS for prefix in ("", "Paginated", "Edged", "NestedPaginated", "NestedEdged")),
    *(
        f"{kind}{suffix}"
        for kind in ("LabDevice", "LabVendor", "CoreStandardGroup")
        for suffix in ("CreateInput", "UpdateInput")
    ),
)
"""The GraphQL types whose fields, arguments and their types are compared."""
