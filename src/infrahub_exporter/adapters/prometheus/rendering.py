"""From families to an exposition whose cost follows what changed: a section is rendered once, when it first appears.

Sections are known by identity, which refreshes share as long as their samples stay the same.
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, compress, count
from operator import attrgetter, is_not

from msgspec import Struct

from infrahub_exporter.adapters.prometheus.exposition import Block, Exposition, block, total
from infrahub_exporter.adapters.prometheus.text import changed_lines, head, lines
from infrahub_exporter.domain.model import Family, Section


class FamilyBlocks(Struct, frozen=True, eq=False):
    """A family as it was rendered: its head, and for each section, in that order, its block."""

    name: str
    help: str
    head: Block
    sections: tuple[Section, ...] = ()
    blocks: Sequence[Block] = ()


class Rendering(Struct, frozen=True, eq=False):
    """What was rendered last: the body, and by name the families that it is made of."""

    exposition: Exposition = Exposition()
    families: Mapping[str, FamilyBlocks] = {}


NOTHING = Rendering()
_PLAIN, _DEFLATED, _SUM = attrgetter("plain"), attrgetter("deflated"), attrgetter("sum")


class Changed(Struct, frozen=True, eq=False):
    """A family with the positions at which it has another section than what was rendered of it."""

    family: Family
    before: FamilyBlocks
    touched: Sequence[int]

    @property
    def samples(self) -> int:
        """The number of samples in those sections."""
        return sum(len(self.family.sections[index].samples) for index in self.touched)


def compare(families: Iterable[Family], before: Rendering) -> Sequence[Changed]:
    """Tell for each family what is new in it."""
    return [_compared(family, before.families.get(family.name)) for family in families]


def _compared(family: Family, before: FamilyBlocks | None) -> Changed:
    if before is None or before.help != family.help:
        sections, blocks = (before.sections, before.blocks) if before else ((), ())
        top = block(head(family.name, family.help))
        before = FamilyBlocks(family.name, family.help, top, sections, blocks)
    if before.sections is family.sections:
        return Changed(family, before, ())
    touched = list(compress(count(), map(is_not, family.sections, before.sections)))
    touched += range(len(before.sections), len(family.sections))
    return Changed(family, before, touched)


def render(changes: Iterable[Changed]) -> Rendering:
    """Render what is new and put it together with what is not. Pure, so it may be done in any thread."""
    families = list(map(_rendered, changes))
    blocks = list(chain.from_iterable((family.head, *family.blocks) for family in families))
    exposition = Exposition(
        tuple(filter(None, map(_PLAIN, blocks))), tuple(filter(None, map(_DEFLATED, blocks))), total(map(_SUM, blocks))
    )
    return Rendering(exposition, {family.name: family for family in families})


def _rendered(changed: Changed) -> FamilyBlocks:
    before, touched, sections = changed.before, changed.touched, changed.family.sections
    if before.sections is sections:
        return before
    held = len(before.sections)
    displaced = [*(index for index in touched if index < held), *range(len(sections), held)]
    moved = {id(before.sections[index]): before.blocks[index] for index in displaced}
    blocks = list(before.blocks[: len(sections)])
    for index in touched:
        section = sections[index]
        blocks[index : index + 1] = [moved.get(id(section)) or block(_text(before, index, section))]
    return FamilyBlocks(before.name, before.help, before.head, sections, blocks)


def _text(before: FamilyBlocks, index: int, section: Section) -> bytes:
    if index < len(before.sections):
        return changed_lines(before.name, section, before.sections[index], before.blocks[index].plain)
    return lines(before.name, section)
