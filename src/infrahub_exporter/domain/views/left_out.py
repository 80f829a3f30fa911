"""Rows that come to no series: how many, why, and some of the nodes that they are of."""

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from infrahub_exporter.domain.model import Row
from infrahub_exporter.domain.texts import label_form

EXAMPLES = 3
"""How many nodes are named."""


class LeftOut:
    """Counts by reason that follow change: what a node's rows were left out for is taken out and put in."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._nodes: dict[str, dict[str, str]] = {}
        self._known: dict[str, tuple[str, ...]] = {}

    @property
    def counts(self) -> Mapping[str, int]:
        """Return how many rows are left out, by reason."""
        return {reason: count for reason, count in self._counts.items() if count}

    @property
    def examples(self) -> Mapping[str, tuple[str, ...]]:
        """Return some of the nodes by reason, as they are named."""
        return {reason: tuple(islice(nodes.values(), EXAMPLES)) for reason, nodes in self._nodes.items() if nodes}

    def put(self, node: str, name: str, reasons: tuple[str, ...]) -> None:
        """Take what rows of a node, of which nothing is known here, are left out for."""
        self._known[node] = reasons
        self._counts.update(reasons)
        for reason in reasons:
            self._nodes.setdefault(reason, {})[node] = name

    def take(self, node: str) -> None:
        """Forget a node."""
        before = self._known.pop(node, ())
        self._counts.subtract(before)
        for reason in set(before):
            del self._nodes[reason][node]


def named(row: Row) -> str:
    """Name a node for a reader: by its human-friendly id, else by kind and id."""
    return label_form(row.kind, row.hfid, f"{row.kind} {row.id}")


def repeated(node: str, names: Sequence[str], labels: Sequence[str]) -> str:
    """Name a node of which a row has the labels of another one's series: by its id, and by these labels."""
    said = ", ".join(f"{name}={value}" for name, value in zip(names, labels, strict=True))
    return f"{node} ({said or 'no labels'})"
