"""The rows of a plan joined with their peers."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import compress

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.expanding import Expand, expander, is_bad
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.reaches import Peers, ReadColumn
from infrahub_exporter.domain.views.rows import Batch, Found, batches


class Joining:
    """What joins rows of a plan with the peers that are held at the time; it is made once, whatever changes."""

    def __init__(self, plan: Plan, peers: Peers) -> None:
        self.plan = plan
        self._peers = peers
        self._reads_files = plan.reads_files
        self._columns: Sequence[ReadColumn] | None = None
        self._expand: tuple[int | None, Expand] | None = None

    def batches(self, rows: Iterable[Row]) -> Iterator[Batch]:
        """Yield nodes with a value per column of the selection, but for those with bad content."""
        if self._columns is None:
            self._columns = self.plan.columns(self._peers)
        for nodes in batches(rows):
            batch = Batch(nodes, [column(nodes) for column in self._columns])
            if self._reads_files:
                batch = _sound(batch)
            if batch.nodes:
                yield batch

    def found(self, rows: Iterable[Row], *, most: int | None) -> Iterator[tuple[Row, tuple[Found, ...]]]:
        """Yield each node with its rows. Raises DerivationError where one has more than `most`."""
        if self._expand is None or self._expand[0] != most:
            self._expand = most, expander(self.plan, self._peers, most=most)
        expand = self._expand[1]
        return ((row, expand(row)) for row in rows)


def _sound(batch: Batch) -> Batch:
    """Leave out nodes with bad content."""
    sound = [not any(map(is_bad, values)) for values in zip(*batch.columns, strict=True)]
    return Batch(tuple(compress(batch.nodes, sound)), [tuple(compress(each, sound)) for each in batch.columns])
