"""The rows of a query's answer that an entry of `metrics.series` measures."""

from collections.abc import Collection, Mapping, Sequence

from infrahub_exporter.domain.asking.forms import Form, Written
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.counts import counted
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.answer_rows import Lacking, rows_of
from infrahub_exporter.domain.views.rows import Found

_MAY_LACK = frozenset({"where", "exclude", "match", "missing"})
"""Where a key of JSON is named that need not be there."""


def rows_by_node(
    spec: SeriesSpec,
    answer: Mapping[str, JSON],
    paths: Sequence[str],
    *,
    optional: Collection[str] = (),
    most: int | None = None,
) -> dict[str, tuple[Found, ...]]:
    """Return the rows of an answer by the node that they are of; one of no known node is by itself.

    Raises DerivationError for an answer that does not fit: nothing there, a path that no row contains, or a node with
    more than `most` rows.
    """
    found = rows_of(answer, spec.rows, paths, optional=optional)
    lacking = {each.path: each for each in found.lacking}
    wrong = [
        f"{place} {path!r}: no row of the query's answer contains it{lacking[path].suggestion}"
        for place, path in spec.places()
        if path in lacking and not _may_lack(spec, place, lacking[path])
    ]
    if wrong:
        raise DerivationError("; ".join(dict.fromkeys(wrong)))
    rows: dict[str, list[Found]] = {}
    for number, row in enumerate(found.rows):
        rows.setdefault(row.id or f"row {number:09}", []).append(row)
    for node, own in rows.items():
        if most is not None and len(own) > most:
            raise DerivationError(
                f"{own[0].kind} {node}".strip() + f" has more than {counted(most, 'row')} (limits.max_rows_per_node)"
            )
    return {node: tuple(own) for node, own in rows.items()}


def _may_lack(spec: SeriesSpec, place: str, lacking: Lacking) -> bool:
    """Tell whether a key of JSON may be nowhere: where there is a default, and where it is only looked for."""
    if not lacking.is_key:
        return False
    written: Mapping[str, Written] = dict(spec.measured())
    value = written.get(place, spec.by.get(place.rpartition(".")[2]))
    return place in _MAY_LACK or (isinstance(value, Form) and value.default is not None)
