"""The rows of a plan joined with their peers."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.replica.expanding import Expand, expander, is_bad
from infrahub_exporter.domain.replica.plan import Plan
from infrahub_exporter.domain.replica.reaches import Peers
from infrahub_exporter.domain.views.rows import Found, batches


class Joining:
    """What joins rows of a plan with the peers that are held at the time; it is made once, whatever changes."""

    def __init__(self, plan: Plan, peers: Peers) -> None:
        self.plan = plan
        self._peers = peers
        self._reads_files = plan.reads_files
        self._join: Callable[[Sequence[Row]], list[Row]] | None = None
        self._expand: tuple[int | None, Expand] | None = None

    def rows(self, rows: Iterable[Row]) -> Iterator[Row]:
        """Yield rows with a value per column of the selection, but for those with bad content."""
        if self._join is None:
            self._join = self.plan.joiner(self._peers)
        joined = chain.from_iterable(map(self._join, batches(rows)))
        return filter(_is_sound, joined) if self._reads_files else joined

    def found(self, rows: Iterable[Row], *, most: int | None) -> Iterator[tuple[Row, tuple[Found, ...]]]:
        """Yield each node with its rows. Raises DerivationError where one has more than `most`."""
        if self._expand is None or self._expand[0] != most:
            self._expand = most, expander(self.plan, self._peers, most=most)
        expand = self._expand[1]
        return ((row, expand(row)) for row in rows)


def _is_sound(row: Row) -> bool:
    return not any(is_bad(value) for value in row.values)
