"""The nodes of a list that give no group: how many, why, and which of them to look at."""

from collections.abc import Iterable, Mapping, Sequence
from operator import attrgetter

from msgspec import Struct

from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.views.discovery import BAD_TARGET, NO_TARGET, SKIP_REASONS, Decision

_GROUP = attrgetter("group")
_SHOWN = 64
"""How much of an id is shown."""
_EXAMPLES = 3


class Skipped(Struct, frozen=True):
    """The nodes that are skipped for one reason: how many there are, and the first of them."""

    count: int
    examples: tuple[Decision, ...]

    def followed_by(self, other: "Skipped") -> "Skipped":
        """Add those of what comes later."""
        return Skipped(self.count + other.count, (*self.examples, *other.examples)[:_EXAMPLES])

    @property
    def names(self) -> tuple[str, ...]:
        """Name the examples."""
        return tuple(map(_named, self.examples))


def by_reason(blocks: Iterable[Iterable[Decision]]) -> Mapping[str, Skipped]:
    """Gather the nodes without a group by their reason."""
    found: dict[str, Skipped] = {}
    for block in blocks:
        for each in block:
            if each.reason is not None:
                one, known = Skipped(1, (each,)), found.get(each.reason)
                found[each.reason] = one if known is None else known.followed_by(one)
    return {reason: found[reason] for reason in SKIP_REASONS if reason in found}


class Tally:
    """The groups and the skipped nodes of blocks, counted once for each block as long as it is the same object."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Sequence[Decision], int, Mapping[str, Skipped]]] = {}

    def of(self, blocks: Iterable[Sequence[Decision]]) -> tuple[int, Mapping[str, Skipped]]:
        """Return the number of groups, and what is skipped by its reason."""
        known: dict[int, tuple[Sequence[Decision], int, Mapping[str, Skipped]]] = {}
        groups, found = 0, dict[str, Skipped]()
        for block in blocks:
            counted = self._known.get(id(block))
            if counted is None or counted[0] is not block:
                groups_here = len(block) - list(map(_GROUP, block)).count(None)
                counted = block, groups_here, {} if groups_here == len(block) else by_reason((block,))
            known[id(block)] = counted
            groups += counted[1]
            for reason, each in counted[2].items():
                before = found.get(reason)
                found[reason] = each if before is None else before.followed_by(each)
        self._known = known
        return groups, {reason: found[reason] for reason in SKIP_REASONS if reason in found}


def check_any(spec: DiscoverySpec, skipped: Mapping[str, Skipped], published: int) -> None:
    """Raise DerivationError for a list of which every node is bad; one whose nodes have no target yet is empty."""
    if published or not skipped.keys() - {NO_TARGET}:
        return
    hint = ""
    if BAD_TARGET in skipped and spec.target == "address":
        hint = "; a target is a host or an address, with 'target: url' a URL"
    raise DerivationError(f"every node is bad: {told(skipped)}{hint}")


def told(skipped: Mapping[str, Skipped]) -> str:
    """Write `2 bad_target, such as InfraDevice 17ab; 1 no_target, such as InfraDevice 17ac`."""
    return "; ".join(f"{each.count} {reason}, such as {each.names[0]}" for reason, each in skipped.items())


def _named(node: Decision) -> str:
    if not node.id:
        return f"a {node.kind}"
    return f"{node.kind} {node.id if len(node.id) <= _SHOWN else node.id[:_SHOWN] + '...'}"
