"""Target groups of a GraphQL answer: what is a row there, by the same rules as the rows of a kind."""

from collections.abc import Collection, Iterator, Mapping

from infrahub_exporter.domain.asking.answerable import on_relations
from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.outlines import Outlined
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.answer_rows import Lacking, rows_of
from infrahub_exporter.domain.views.discovery import CONDITIONS, ENDS, Discovery, deriver, paths, places
from infrahub_exporter.domain.views.uniting import unite


def ends(spec: DiscoverySpec, document: Outlined) -> Iterator[tuple[str, str]]:
    """Yield target_field and port_field where a path of them ends on a relation, each with what is wrong."""
    written = [(place, path) for place, path in places(spec) if place in ENDS]
    wrong = on_relations(document, spec.rows, [path for _, path in written])
    for place, path in written:
        if path in wrong:
            yield place, f"{path!r}: expected a path that ends on an attribute, got one that ends on a relation"


def check_ends(spec: DiscoverySpec, document: Outlined) -> None:
    """Raise DerivationError where a target or a port ends on a relation, as `check_columns` does by the schema."""
    if wrong := [f"{place} {problem}" for place, problem in ends(spec, document)]:
        raise DerivationError("; ".join(wrong))


def derive_answer(spec: DiscoverySpec, data: Mapping[str, JSON], *, optional: Collection[str] = ()) -> Discovery:
    """Make a group of each row of a GraphQL answer.

    Raises DerivationError where no root field holds `edges`, and where no row even contains what a path names: that is
    a query that does not fit its spec, not an empty inventory. `optional` are the names that the query asks for of some
    kinds only, of which there may be no node just now.
    """
    found = rows_of(data, spec.rows, paths(spec), optional=optional)
    lacking = {each.path: each for each in found.lacking}
    what = "node" if spec.rows is None else "row"
    wrong = [
        f"{place} {path!r}: no {what} of the query's answer contains it{lacking[path].suggestion}"
        for place, path in places(spec)
        if path in lacking and not _may_lack(spec, place, lacking[path])
    ]
    if wrong:
        raise DerivationError("; ".join(wrong))
    derive = deriver(spec)
    decisions = tuple(decision for row in found.rows for decision in derive("", (row,)))
    return Discovery(unite(decisions, spec) if spec.distinct else decisions)


def _may_lack(spec: DiscoverySpec, place: str, lacking: Lacking) -> bool:
    """Tell whether a key of JSON may be nowhere: where there is a default, and where a condition asks for it."""
    if not lacking.is_key:
        return False
    written = {"target_field": spec.target_field, "port_field": spec.port_field}
    value = written.get(place) or spec.label_mappings.get(place.partition(".")[2])
    return place in CONDITIONS or (isinstance(value, Form) and value.default is not None)
