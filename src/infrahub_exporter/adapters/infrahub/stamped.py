"""Rows with their stamps, in one document: two columns more, and the filter that tells what changed."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from infrahub_exporter.adapters.infrahub.documents import Decoded
from infrahub_exporter.adapters.infrahub.probes import Moment
from infrahub_exporter.domain.asking.columns import METADATA, Column
from infrahub_exporter.domain.asking.selection import Filter, Selection
from infrahub_exporter.domain.ports import Stamp

_STAMPS = tuple(Column(name, (), METADATA, name) for name in ("updated_at", "created_at"))
STAMPS = len(_STAMPS)
"""How many columns more there are: the last ones, which are no part of the rows."""


def stamped(selection: Selection, since: str) -> Selection:
    """Ask for the nodes of a selection that were updated after an instant, and when that was."""
    after = Filter("node_metadata__updated_at__after", "DateTime!", since)
    return structs.replace(selection, columns=(*selection.columns, *_STAMPS), filters=(*selection.filters, after))


def stamps_of(page: Decoded) -> Mapping[str, Stamp] | None:
    """Read the stamps by id; None where a node has none. One of unknown making is taken for a new one.

    Raises msgspec.ValidationError for a stamp that is none.
    """
    updated, created = page.aside
    if None in updated:
        return None
    if None in created:
        created = [made or changed for made, changed in zip(created, updated, strict=True)]
    stamps = map(Stamp, _instants(updated), _instants(created))
    return dict(zip([row.id for row in page.rows], stamps, strict=True))


def _instants(written: Sequence[object]) -> list[float]:
    moments: list[datetime] = msgspec.convert(written, list[Moment])
    return [moment.timestamp() for moment in moments]
