"""A small changing inventory: what `NodeSource` and `ChangeProbe` promise, over nodes and edges in memory.

Its stamps follow Infrahub's rules: a save stamps a node, setting or ending a relation both ends, a delete the peers; a
create stamps the new node alone.
"""

from collections.abc import AsyncIterator, Mapping, Sequence

from msgspec import Struct

from infrahub_exporter.domain.asking.selection import Column, Filter, Selection
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import Peer, Row
from infrahub_exporter.domain.ports import Arrived, Counted, Page, Probed, Stamp


class Node(Struct):
    """A node: its attributes by name, its peers' ids by relation, when it was last stamped, when made."""

    id: str
    kind: str
    attributes: dict[str, object]
    peers: dict[str, list[str]]
    stamp: float
    made: float

    @property
    def hfid(self) -> tuple[str, ...] | None:
        return (str(self.attributes["name"]),) if self.attributes.get("name") else None


class Inventory:
    """Nodes that can be changed. `requests` tells what was read, `failing` counts the requests until one fails."""

    def __init__(self, page_size: int = 3) -> None:
        self.now = 1000.0
        self.nodes: dict[str, Node] = {}
        self.requests: list[tuple[str, dict[str, object]]] = []
        self.failing: int | None = None
        self.merging = False
        self._page_size = page_size
        self._made = 0

    def create(self, kind: str, name: str, **peers: Sequence[str]) -> str:
        """Make a node with peers, which are not stamped."""
        self._made += 1
        identifier = f"{kind}-{self._made}"
        named = {each: list(ids) for each, ids in peers.items()}
        now = self._tick()
        self.nodes[identifier] = Node(identifier, kind, {"name": name}, named, now, now)
        return identifier

    def add(self, holder: str, relation: str, kind: str, name: str) -> str:
        """Make a node that an existing one names from then on, which is not stamped."""
        identifier = self.create(kind, name)
        self.nodes[holder].peers.setdefault(relation, []).append(identifier)
        return identifier

    def change(self, identifier: str, name: str) -> None:
        """Save an attribute; the same value stamps nothing."""
        if self.nodes[identifier].attributes["name"] != name:
            self.nodes[identifier].attributes["name"] = name
            self._stamp(identifier)

    def join(self, holder: str, relation: str, peers: Sequence[str]) -> None:
        """Set a relation; what was named before and what is named now is stamped, and so is the node."""
        before = self.nodes[holder].peers.get(relation, [])
        self.nodes[holder].peers[relation] = list(peers)
        self._stamp(holder, *before, *peers)

    def delete(self, identifier: str) -> None:
        """Take a node away and stamp its peers."""
        gone = self.nodes.pop(identifier)
        self._stamp(*(peer for peers in gone.peers.values() for peer in peers))
        for node in self.nodes.values():
            for relation, peers in node.peers.items():
                if identifier in peers:
                    node.peers[relation] = [peer for peer in peers if peer != identifier]
                    self._stamp(node.id)

    def supersede(self, identifier: str, name: str) -> None:
        """Take a node away and make another of its kind."""
        kind = self.nodes[identifier].kind
        self.delete(identifier)
        self.create(kind, name)

    def of(self, kind: str) -> list[str]:
        """Return the ids of a kind's nodes."""
        return [node.id for node in self.nodes.values() if node.kind == kind]

    def _tick(self) -> float:
        self.now += 1.0
        return self.now

    def _stamp(self, *identifiers: str) -> None:
        stamp = self._tick()
        for identifier in identifiers:
            if identifier in self.nodes:
                self.nodes[identifier].stamp = stamp

    # NodeSource

    async def pages(self, selection: Selection, *, at: float | None = None, offset: int = 0) -> AsyncIterator[Page]:
        """Yield the rows of a selection as they are now."""
        del at
        chosen = self._chosen(selection)
        for start in range(offset, max(len(chosen), 1), self._page_size):
            self._request(selection)
            page = chosen[start : start + self._page_size]
            yield Page([self._row(node, selection.columns) for node in page], start + len(page))

    async def count(self, selection: Selection, *, at: float | None = None) -> int:
        """Count the nodes of a selection."""
        del at
        self._request(selection, what="count")
        return len(self._chosen(selection))

    def _request(self, selection: Selection, *, what: str = "rows") -> None:
        self.requests.append((f"{what} of {selection.kind}", dict(selection.variables)))
        if self.failing is not None:
            self.failing -= 1
            if self.failing < 0:
                raise SourceUnavailableError("down")

    def _chosen(self, selection: Selection) -> list[Node]:
        nodes = [node for node in self.nodes.values() if node.kind == selection.kind]
        return [node for node in nodes if all(self._passes(node, each) for each in selection.filters)]

    def _passes(self, node: Node, each: Filter) -> bool:
        wanted = each.value if isinstance(each.value, list) else [each.value]
        *relation, ending = each.argument.removesuffix("__values").removesuffix("__value").split("__")
        if not relation:
            return (node.id if ending == "ids" else node.attributes[ending]) in wanted
        peers = self._peers(node, relation[0])
        return any((peer.id if ending == "ids" else peer.attributes[ending]) in wanted for peer in peers)

    def _peers(self, node: Node, relation: str) -> list[Node]:
        return [self.nodes[peer] for peer in node.peers.get(relation, ())]

    def _row(self, node: Node, columns: Sequence[Column]) -> Row:
        return Row(node.id, node.kind, node.hfid, tuple(self._value(node, column) for column in columns))

    def _value(self, node: Node, column: Column) -> object:
        reached = [node]
        for hop in column.hops:
            reached = [peer for each in reached for peer in self._peers(each, hop.name)]
        values = tuple(_field(each, column.attribute) for each in reached)
        return values if column.many else next(iter(values), None)

    # ChangeProbe

    async def is_followable(self) -> bool:
        """Tell that changes can be told."""
        return True

    async def instant(self) -> float:
        """Return now."""
        return self.now

    async def probe(self, kinds: Sequence[str], *, since: float, at: float) -> Probed:
        """Count the nodes of each kind, and those that have changed."""
        counted = {
            kind: Counted(len(self.of(kind)), len(await self.stamps(kind, since=since, at=at))) for kind in kinds
        }
        return Probed(counted, self.merging)

    async def stamps(self, kind: str, *, since: float, at: float) -> Mapping[str, Stamp]:
        """Return the newer stamps."""
        del at
        newer = (node for node in self.nodes.values() if node.kind == kind and node.stamp > since)
        return {node.id: Stamp(node.stamp, node.made) for node in newer}

    # ChangedRows

    async def changed(self, selection: Selection, *, since: float, at: float) -> Arrived | None:
        """Return the newer rows with their stamps."""
        self._request(selection, what="changed")
        stamps = await self.stamps(selection.kind, since=since, at=at)
        return Arrived({each: self._row(self.nodes[each], selection.columns) for each in stamps}, stamps)


def _field(node: Node, attribute: str | None) -> object:
    if attribute is None:
        return Peer(node.id, node.kind, node.hfid)
    return node.id if attribute == "id" else node.attributes.get(attribute)
