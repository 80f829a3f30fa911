"""What reads a column from decoded edges: one by one, or what costs a third, of a whole page at a time."""

from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, TypeAlias

ATTRIBUTE, RELATION = "attribute_", "relation_"
"""What stands in front of a field's name where it is decoded: the names of attributes and relations are users'."""
Reader: TypeAlias = Callable[[Any], object]
"""Take a column's value from the edge that a decoded node stands in."""


class Attribute:
    """Read a subfield of an attribute, or of the metadata. One that not all kinds have is not there for some nodes."""

    def __init__(self, place: str) -> None:
        self._get = attrgetter(place)

    def __call__(self, edge: Any) -> Any:
        """Return the value, null where the attribute is null as a whole."""
        try:
            return self._get(edge)
        except AttributeError:
            return None

    def of_all(self, edges: Sequence[Any]) -> list[object]:
        """Return the value of each edge."""
        try:
            return list(map(self._get, edges))
        except AttributeError:  # some are null as a whole
            return list(map(self, edges))


class Over:
    """Read what is behind a relation to one peer, null where there is none."""

    def __init__(self, relation: str, read: Reader) -> None:
        self._get = attrgetter(f"node.{RELATION}{relation}")
        self._read = read

    def __call__(self, edge: Any) -> object:
        """Return the value of one edge."""
        return self.of_all((edge,))[0]

    def of_all(self, edges: Sequence[Any]) -> list[object]:
        """Return the value of each edge."""
        read = self._read
        return [None if peer is None or peer.node is None else read(peer) for peer in map(self._get, edges)]


def of_all(read: Reader, edges: Sequence[Any]) -> list[object]:
    """Read a column from many edges."""
    return read.of_all(edges) if isinstance(read, Attribute | Over) else list(map(read, edges))
