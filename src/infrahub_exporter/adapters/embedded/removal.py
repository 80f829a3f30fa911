"""What goes with a node that is deleted, what must not, and what ends at those that stay."""

from collections.abc import Mapping

from infrahub_exporter.adapters.embedded.refusals import violates
from infrahub_exporter.adapters.embedded.store import NOW, Record


def with_components(record: Record) -> dict[Record, None]:
    """Gather a node and what goes with it: its components, and theirs."""
    going = dict.fromkeys([record])
    queue = [record]
    while queue:
        node = queue.pop()
        for relationship in node.kind.relationships.values():
            for peer in node.peers(relationship, NOW) if relationship.cascade else ():
                if peer not in going:
                    going[peer] = None
                    queue.append(peer)
    return going


def check_not_needed(node: Record, going: Mapping[Record, None]) -> None:
    """Refuse to delete what a node that stays must have.

    Raises:
        RefusedError: with the message of Infrahub.
    """
    for key, edges in node.edges.items():
        for edge in edges:
            if edge.end <= NOW or edge.peer in going:
                continue
            needs = [
                each
                for each in edge.peer.kind.relationships.values()
                if not each.optional and each.mirror == key and each.peer in node.kind.labels
            ]
            if needs:
                named = needs[0].name
                raise violates(
                    node.kind.key,
                    f"{edge.peer.kind.key}.{named}",
                    f"Cannot delete {node.kind.key} '{node.id}'. It is linked to mandatory relationship "
                    f"{named} on node {edge.peer.kind.key} '{edge.peer.id}'",
                )


def end_other(peer: Record, key: str, node: Record, instant: int) -> None:
    """End the other half of an edge, and stamp the peer of a node that goes."""
    mirror = {">": "<", "<": ">"}.get(key[-1])
    for edge in peer.edges.get(key[:-1] + mirror if mirror else key, ()):
        if edge.peer is node and edge.end > instant:
            edge.end = instant
    peer.updated_at = instant
