"""The order of answers: the kind's own, the query's, or that of creation."""

from collections.abc import Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.adapters.embedded.identity import read_path
from infrahub_exporter.adapters.embedded.kinds import Kind
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.adapters.embedded.store import Version
from infrahub_exporter.domain.model import JSON


class Term(Struct, frozen=True):
    """One thing to order by: a path, or a stamp of the node."""

    path: str
    descending: bool = False


def terms_of(kind: Kind, order: Mapping[str, object] | None) -> tuple[Term, ...]:
    """Work out what to order by: what the query says, else what the kind says, else nothing.

    Raises:
        RefusedError: for a path that the kind does not have.
    """
    if not order:
        return tuple(_term(each) for each in kind.order_by)
    if order.get("disable"):
        return ()
    given = order.get("by")
    if isinstance(given, list):
        terms = tuple(Term(str(each["field"]), str(each.get("direction", "ASC")) == "DESC") for each in given)
        for each in terms:
            head = each.path.partition("__")[0]
            if head not in kind.attributes and head not in kind.relationships and head != "node_metadata":
                message = f"attribute {head!r} not defined on this schema (field: {each.path!r})."
                raise RefusedError(message, http_status=422)
        return terms
    stamps = order.get("node_metadata")
    if isinstance(stamps, Mapping):
        return tuple(Term(f"node_metadata__{name}", way == "DESC") for name, way in stamps.items() if way)
    return ()


def _term(text: str) -> Term:
    for suffix in ("__asc", "__desc"):
        if text.lower().endswith(suffix):
            return Term(text[: -len(suffix)], suffix == "__desc")
    return Term(text)


def sort(versions: Sequence[Version], terms: Sequence[Term], instant: int) -> list[Version]:
    """Sort nodes; what is equal keeps its order."""
    result = list(versions)
    for term in reversed(terms):
        result.sort(key=lambda version, term=term: _key(version, term, instant), reverse=term.descending)  # type: ignore[misc]
    return result


def _key(version: Version, term: Term, instant: int) -> tuple[int, JSON]:
    """Rank as Infrahub's database does: texts (null attributes are the text NULL), truth values, numbers, nothing."""
    if term.path.startswith("node_metadata__"):
        return 2, getattr(version.record, term.path.partition("__")[2])
    value = read_path(version, term.path, instant)
    if value is None:
        crosses = term.path.partition("__")[0] in version.record.kind.relationships
        return (3, 0) if crosses else (0, "NULL")
    if isinstance(value, bool):
        return 1, value
    if isinstance(value, int | float):
        return 2, value
    return 0, str(value)
