"""The nodes of a list that give no group: how many, why, and which of them to look at."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import compress
from operator import attrgetter, is_not

from msgspec import Struct

from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.views.blocks import made_again
from infrahub_exporter.domain.views.discovery import BAD_TARGET, SKIP_REASONS, Decision

_GROUP = attrgetter("group")
_GROUPS, _SKIPPED = attrgetter("groups"), attrgetter("skipped")
_SHOWN = 64
"""How much of a name is shown."""
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


class _Counted(Struct, frozen=True):
    """A block with its number of groups, and what of it is skipped."""

    block: Sequence[Decision] = ()
    groups: int = 0
    skipped: Mapping[str, Skipped] = {}


class Tally:
    """The groups and the skipped nodes of blocks, counted once for each block as long as it is the same object."""

    def __init__(self) -> None:
        self._counted: list[_Counted] = []

    def of(self, blocks: Iterable[Sequence[Decision]]) -> tuple[int, Mapping[str, Skipped]]:
        """Return the number of groups, and what is skipped by its reason."""
        self._counted = made_again(self._counted, blocks, _count, _Counted())
        found: dict[str, Skipped] = {}
        for skipped in filter(None, map(_SKIPPED, self._counted)):
            for reason, each in skipped.items():
                before = found.get(reason)
                found[reason] = each if before is None else before.followed_by(each)
        groups = sum(map(_GROUPS, self._counted))
        return groups, {reason: found[reason] for reason in SKIP_REASONS if reason in found} if found else found


def _count(block: Sequence[Decision], before: _Counted) -> _Counted:
    """Count a block; where every place had a group, only what differs is looked at."""
    if len(block) == before.groups == len(before.block):
        differing = compress(block, map(is_not, block, before.block))
        if all(each.group is not None for each in differing):
            return _Counted(block, before.groups)
    groups = len(block) - list(map(_GROUP, block)).count(None)
    return _Counted(block, groups, {} if groups == len(block) else by_reason((block,)))


def check_any(spec: DiscoverySpec, skipped: Mapping[str, Skipped], published: int) -> None:
    """Raise DerivationError for a list of which every node is bad: a list without nodes is empty."""
    if published or not skipped:
        return
    hint = ""
    if BAD_TARGET in skipped and spec.target == "address":
        hint = "; a target is a host or an address, with 'target: url' a URL"
    raise DerivationError(f"every node is bad: {told(skipped)}{hint}")


def told(skipped: Mapping[str, Skipped]) -> str:
    """Write `2 bad_target, such as InfraDevice__sw1; 1 no_target, such as InfraDevice 17ac`."""
    return "; ".join(f"{each.count} {reason}, such as {each.names[0]}" for reason, each in skipped.items())


def _named(node: Decision) -> str:
    name = node.name or (f"{node.kind} {node.id}" if node.id else f"a {node.kind}")
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}..."
