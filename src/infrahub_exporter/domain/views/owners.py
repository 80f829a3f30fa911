"""Which nodes have a key: of series that several would make equal the first by id stays."""

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)


class Owners(Generic[Key]):
    """Which nodes have a key; the first by id owns it."""

    def __init__(self) -> None:
        self._one: dict[Key, str] = {}
        self._more: dict[Key, set[str]] = {}

    def __contains__(self, key: Key) -> bool:
        return key in self._one

    def __len__(self) -> int:
        return len(self._one)

    @property
    def surplus(self) -> int:
        """How many nodes have a key that another one owns."""
        return sum(len(nodes) - 1 for nodes in self._more.values())

    @property
    def shared(self) -> Iterator[tuple[Key, str]]:
        """Yield the keys that several nodes have, each with one of those that do not own it."""
        for key, nodes in self._more.items():
            yield key, next(node for node in nodes if node != self._one[key])

    def first(self, key: Key) -> str | None:
        """Return the owner; None where no node has the key."""
        return self._one.get(key)

    def add(self, key: Key, node: str) -> str | None:
        """Let a node have a key; return the node that owned it until now and does so no longer, if any."""
        owner = self._one.setdefault(key, node)
        if owner == node:
            return None
        self._more.setdefault(key, {owner}).add(node)
        if node > owner:
            return None
        self._one[key] = node
        return owner

    def remove(self, key: Key, node: str) -> str | None:
        """Let a node have a key no longer; return the node that owns it from now on and did not before, if any."""
        nodes = self._more.get(key)
        if nodes is None:
            del self._one[key]
            return None
        nodes.discard(node)
        owned = self._one[key] == node
        if len(nodes) == 1:
            del self._more[key]
        if not owned:
            return None
        owner = min(nodes)
        self._one[key] = owner
        return owner
