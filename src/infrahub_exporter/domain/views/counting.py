"""Counts and sums that follow change: a node's old part is taken out, its new one put in, and nothing counted again."""

import math
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from msgspec import Struct

from infrahub_exporter.domain.views.measures import combinations


class Part(Struct, frozen=True, gc=False):
    """What a row adds: the values of the labels that are counted by, and what is summed up (1: rows are counted)."""

    key: tuple[str, ...]
    amount: float = 1.0


class Tally:
    """Numbers by key. What nodes contribute is put in and taken out again; a key that no row has left is gone.

    Amounts add up exactly, so that no rounding is left of what came and went.
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, ...], int] = {}
        self._amounts: dict[tuple[str, ...], int | Fraction] = {}

    def put(self, parts: Iterable[Part]) -> None:
        """Add what rows contribute."""
        for part in parts:
            self._rows[part.key] = self._rows.get(part.key, 0) + 1
            self._amounts[part.key] = self._amounts.get(part.key, 0) + _exact(part.amount)

    def take(self, parts: Iterable[Part]) -> None:
        """Take out what was put in."""
        for part in parts:
            left = self._rows[part.key] - 1
            if left:
                self._rows[part.key] = left
                self._amounts[part.key] -= _exact(part.amount)
            else:
                del self._rows[part.key], self._amounts[part.key]

    def of(self, keys: Iterable[tuple[str, ...]]) -> Mapping[tuple[str, ...], float | None]:
        """Return the numbers of keys, None for one that no row has left."""
        return {key: _float(self._amounts[key]) if key in self._amounts else None for key in keys}

    def numbers(self, zeros: Sequence[Sequence[str] | None]) -> Mapping[tuple[str, ...], float]:
        """Return the number of each key, sorted, and 0 for what `combinations` wants beside them."""
        found = {key: _float(amount) for key, amount in self._amounts.items()}
        for key in combinations(tuple(found), zeros):
            found.setdefault(key, 0.0)
        return dict(sorted(found.items()))


def _float(amount: int | Fraction) -> float:
    try:
        return float(amount)
    except OverflowError:  # the sum of numbers of which each could be a sample
        return math.inf if amount > 0 else -math.inf


def _exact(amount: float) -> int | Fraction:
    return int(amount) if amount.is_integer() else Fraction(amount)
