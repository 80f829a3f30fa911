"""What is read of a node for a path: the relations to cross, which peers to keep, what to take at the end."""

from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.asking.paths import Other, Predicate, Steps


class OfKinds(Struct, frozen=True):
    """Keep the peers of these kinds; none of them is a generic."""

    kinds: tuple[str, ...]


class Condition(Struct, frozen=True):
    """What a column of the peer has to be."""

    column: "Column"
    predicate: Predicate


class Meeting(Struct, frozen=True):
    """Keep the peers that meet all conditions."""

    conditions: tuple[Condition, ...]


Keep: TypeAlias = Other | OfKinds | Meeting
"""Which peers a path goes on to: judged here, never asked. `Other` leaves out the node that the path came from."""

CLOSURES = {"parent": "ancestors", "children": "descendants"}
"""Relations of a hierarchy, and what they lead to when they are followed to the end."""


class Hop(Struct, frozen=True):
    """A step over a relationship. `on` names the kinds that have it where the kind before has it not itself.

    A `closure` goes on over the same relationship of the peers as long as there are any (`many`: it always is).
    """

    name: str
    many: bool
    peer: str
    on: tuple[str, ...] = ()
    keep: Keep | None = None
    closure: bool = False

    @property
    def field(self) -> str:
        """Name the field that leads to all the peers at once."""
        return CLOSURES[self.name] if self.closure else self.name


class Column(Struct, frozen=True):
    """One value of a row: the relationships to cross, then what to take there.

    `attribute` and `subfield` name an attribute and what to take of it (`address.ip`; `value` where none was named), or
    `node_metadata` and an instant of it; a node's own field (`id`, `hfid`, `display_label`, `__typename`) has no
    `subfield`; None for both takes the `Peer`. `inner` leads on into a List or JSON.

    Where kinds that inherit from a generic have what the generic has not, `on` names those that have the attribute this
    way, and `also` are the other ways to it: of those one at most is a given node's, and the value is that of all.

    Where rows are given, `start` says how many hops of the way are those to the row, or to a node before it; each `[]`
    inside a List or JSON counts as one.
    """

    path: str
    hops: tuple[Hop, ...]
    attribute: str | None = None
    subfield: str | None = None
    on: tuple[str, ...] = ()
    inner: Steps = ()
    also: tuple["Column", ...] = ()
    start: int = 0

    @property
    def many(self) -> bool:
        """Tell whether the value is a tuple."""
        own = any(hop.many for hop in self.hops) or any(step.many for step in self.inner)
        return own or any(each.many for each in self.also)

    @property
    def ways(self) -> tuple["Column", ...]:
        """List this way and the others."""
        return (self, *self.also)


CONTENT = "content"
"""What every file object has beside its attributes: its file, as a property of its checksum, which changes with it."""

METADATA = "node_metadata"
"""What every node has of instants, as an attribute of a column."""
