"""Rows with their stamps, in one document: two columns more, and the filter that tells what changed."""

from collections.abc import Sequence
from datetime import datetime

import msgspec
from msgspec import structs

from infrahub_exporter.adapters.infrahub.probes import Moment
from infrahub_exporter.domain.asking.columns import METADATA, Column
from infrahub_exporter.domain.asking.selection import Filter, Selection
from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.ports import Arrived, Stamp

_STAMPS = tuple(Column(name, (), METADATA, name) for name in ("updated_at", "created_at"))
_WIDTH = len(_STAMPS)


def stamped(selection: Selection, since: str) -> Selection:
    """Ask for the nodes of a selection that were updated after an instant, and when that was."""
    after = Filter("node_metadata__updated_at__after", "DateTime!", since)
    return structs.replace(selection, columns=(*selection.columns, *_STAMPS), filters=(*selection.filters, after))


def parted(rows: Sequence[Row]) -> Arrived | None:
    """Take rows and stamps apart; None where one has no stamp. A node of unknown making is taken for a new one.

    Raises msgspec.ValidationError for a stamp that is none.
    """
    updated = [row.values[-2] for row in rows]
    if None in updated:
        return None
    created = [row.values[-1] or row.values[-2] for row in rows]
    stamps = map(Stamp, _instants(updated), _instants(created))
    own = {row.id: Row(row.id, row.kind, row.hfid, row.values[:-_WIDTH]) for row in rows}
    return Arrived(own, dict(zip([row.id for row in rows], stamps, strict=True)))


def _instants(written: Sequence[object]) -> list[float]:
    moments: list[datetime] = msgspec.convert(written, list[Moment])
    return [moment.timestamp() for moment in moments]
