"""How much is taken from Infrahub at most: past a limit a refresh fails, and the last good data stays."""

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Annotated

from msgspec import Meta, Struct

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.views.discovery import Decision

Most = Annotated[int, Meta(ge=1)]

NEAR_LIMIT = 0.8
"""The share of an entry's `max_series` from which on it is warned of."""
_LONGEST_ID = 256
_SHOWN = 64
"""How much of an id a message shows."""


class Limits(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The limits. `max_nodes` are those of one kind or query, `max_series` all that are published together.

    `max_label_length` counts characters, `max_response_bytes` those of one answer after decompression,
    `max_response_values` the JSON values in it, whose objects take up to a hundred times as much memory as their text.
    `max_rows_per_node` are the rows of one node where an entry has `rows`.
    `max_read_bytes` are those of all answers of one whole read, `max_parameter_sets` the lists of one query,
    one for each set of parameters.
    """

    max_nodes: Most = 1_000_000
    max_rows_per_node: Most = 10_000
    max_series: Most = 2_000_000
    max_label_length: Most = 65_536
    max_response_bytes: Most = 67_108_864
    max_response_values: Most = 3_000_000
    max_read_bytes: Most = 536_870_912
    max_parameter_sets: Most = 100

    def check_nodes(self, count: int) -> None:
        """Raise DerivationError for more nodes than one kind or query may have."""
        if count > self.max_nodes:
            raise DerivationError(f"there are {count} nodes or more, limits.max_nodes allows {self.max_nodes}")

    def check_answer(self, body: bytes) -> None:
        """Raise DerivationError for an answer that would become too much when it is decoded."""
        if len(body) > self.max_response_values:
            check_values(values_in(body), self.max_response_values)

    def check_read(self, size: int) -> None:
        """Raise DerivationError for a read whose answers have more bytes than all may have together."""
        if size > self.max_read_bytes:
            raise DerivationError(
                f"a whole read has {size} bytes or more, limits.max_read_bytes allows {self.max_read_bytes}"
            )

    def check_identities(self, identities: Iterable[str]) -> None:
        """Raise DerivationError for an id that is none: Infrahub's are uuids."""
        longest = max(map(len, identities), default=0)
        if longest > _LONGEST_ID:
            raise DerivationError(f"Infrahub's answer has an id of {longest} characters")

    def check_series(self, count: int, *, others: int = 0) -> None:
        """Raise DerivationError where these series and those of the other kinds are too many."""
        if count + others > self.max_series:
            beside = f" beside {others} of other kinds" if others else ""
            raise DerivationError(f"there are {count} series{beside}, limits.max_series allows {self.max_series}")

    @staticmethod
    def check_entry(count: int, most: int | None) -> None:
        """Raise DerivationError for more series than an entry wants to have."""
        if most is not None and count > most:
            raise DerivationError(f"there are {count} series, max_series of this entry allows {most}")

    def check_samples(self, label_names: Sequence[str], samples: Sequence[Sample]) -> None:
        """Raise DerivationError, with label and node but without the text, for a label value that is too long."""
        most = self.max_label_length
        if max(map(len, chain.from_iterable([sample.labels for sample in samples])), default=0) <= most:
            return
        labels = ((each.id, *label) for each in samples for label in zip(label_names, each.labels, strict=True))
        node, name, length = next((node, name, len(value)) for node, name, value in labels if len(value) > most)
        raise self._too_long(f"label {name!r}{_of(node)}", length)

    def check_decisions(self, decisions: Iterable[Decision]) -> None:
        """Raise DerivationError for a target or a label value that is too long, as `check_samples` does."""
        most = self.max_label_length
        for decision in decisions:
            if decision.group is None:
                continue
            for target in decision.group.targets:
                if len(target) > most:
                    raise self._too_long(f"a target{_of(decision.id)}", len(target))
            for name, value in decision.group.labels.items():
                if len(value) > most:
                    raise self._too_long(f"label {name!r}{_of(decision.id)}", len(value))

    def _too_long(self, what: str, length: int) -> DerivationError:
        allowed = self.max_label_length
        return DerivationError(f"{what} has {length} characters, limits.max_label_length allows {allowed}")


def values_in(piece: bytes) -> int:
    """Count the JSON values in a piece of an answer by what separates and opens them.

    A text that is full of commas counts for more. An object counts twice: it takes thrice as much memory as a list.
    """
    return piece.count(b",") + piece.count(b"[") + 2 * piece.count(b"{")


def check_values(count: int, most: int) -> None:
    """Raise DerivationError for an answer of more values than it may have."""
    if count > most:
        raise DerivationError(
            f"Infrahub's answer has more values than limits.max_response_values allows ({most}), some {count}"
        )


def _of(identifier: str | None) -> str:
    """Name a node in a message; nobody says that an id is short."""
    if not identifier:
        return ""
    return f" of node {identifier if len(identifier) <= _SHOWN else identifier[:_SHOWN] + '...'}"
