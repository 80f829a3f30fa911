"""What is read by the column, by the row."""

from collections.abc import Iterable, Iterator

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.joining import Joining
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.reaches import Peers
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.rows import Batch


def rows_of(delta: Delta) -> Iterator[Row]:
    """Yield the changed rows of a delta with a value per column of the selection."""
    return by_row(delta.batches())


def joined(plan: Plan, row: Row, peers: Peers) -> Row:
    """Return a row with a value per column, as a read over the relations would have brought it."""
    return next(by_row(Joining(plan, peers).batches([row])))


def by_row(batches: Iterable[Batch]) -> Iterator[Row]:
    """Yield the nodes of batches with their values."""
    for batch in batches:
        for place, node in enumerate(batch.nodes):
            yield Row(node.id, node.kind, node.hfid, tuple(column[place] for column in batch.columns))
