"""From what the user asks for and a kind's schema to what is read: columns, labels and typed filters."""

from collections.abc import Mapping

from msgspec import Struct


class Hop(Struct, frozen=True):
    """A step over a relationship."""

    name: str
    many: bool
    peer: str


class Column(Struct, frozen=True):
    """One value of a row: the relationships to cross, then what to take there.

    `attribute` and `property` name an attribute's property (`address.ip`; `value` where none was named), a
    node's own field (`id`, `hfid`, `display_label`, `__typename`) has no `property`, and None for both takes the `Peer`.
    """

    path: str
    hops: tuple[Hop, ...]
    attribute: str | None = None
    property: str | None = None

    @property
    def many(self) -> bool:
        """Tell whether the value is a tuple."""
        return any(hop.many for hop in self.hops)


class Filter(Struct, frozen=True):
    """An argument of the root field, its GraphQL type and its value (never null: null would select everything)."""

    argument: str
    type: str
    value: object


class Selection(Struct, frozen=True):
    """What one entry reads: the nodes of a kind that pass the filters, and of each the columns."""

    kind: str
    columns: tuple[Column, ...]
    filters: tuple[Filter, ...] = ()

    @property
    def variables(self) -> Mapping[str, object]:
        """The filters' values by argument."""
        return {each.argument: each.value for each in self.filters}
