"""From families to expositions whose cost follows what changed: a section is rendered once, when it first appears.

Sections are known by identity, which refreshes share as long as their samples stay the same.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from itertools import chain, compress, count
from operator import attrgetter, is_not

from msgspec import Struct

from infrahub_exporter.adapters.prometheus.exposition import NO_BYTES, Block, Exposition, Sum, block, total
from infrahub_exporter.adapters.prometheus.text import changed_lines, heads, lines
from infrahub_exporter.domain.model import Family, Section
from infrahub_exporter.domain.publishing.formats import Format


class FamilyBlocks(Struct, frozen=True, eq=False):
    """A family as it was rendered: its head in each format, and for each section, in that order, its block.

    `sum` is that of the blocks.
    """

    name: str
    heads: Mapping[Format, Block]
    sections: tuple[Section, ...] = ()
    blocks: Sequence[Block] = ()
    sum: Sum = NO_BYTES


class Rendering(Struct, frozen=True, eq=False):
    """What was rendered last: the families by name, and the body that they are in each format."""

    families: Mapping[str, FamilyBlocks] = {}
    bodies: Mapping[Format, Exposition] = {}

    def named(self, names: Collection[str], format_: Format) -> Exposition:
        """Return the body of the families with these names alone, with or without `_info`: joined, not rendered."""
        wanted = (each for name, each in self.families.items() if name in names or name.removesuffix("_info") in names)
        return _joined(wanted, format_)


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


def compare(families: Sequence[Family], before: Rendering) -> Sequence[Changed]:
    """Tell for each family what is new in it."""
    names = {family.name for family in families}
    return [_compared(family, names, before.families.get(family.name)) for family in families]


def _compared(family: Family, names: Collection[str], before: FamilyBlocks | None) -> Changed:
    texts = heads(family, names)
    if before is None:
        before = FamilyBlocks(family.name, _blocks(texts))
    elif any(before.heads[format_].plain != text for format_, text in texts.items()):
        before = FamilyBlocks(family.name, _blocks(texts), before.sections, before.blocks, before.sum)
    if before.sections is family.sections:
        return Changed(family, before, ())
    touched = list(compress(count(), map(is_not, family.sections, before.sections)))
    touched += range(len(before.sections), len(family.sections))
    return Changed(family, before, touched)


def _blocks(texts: Mapping[Format, bytes]) -> Mapping[Format, Block]:
    return {format_: block(text) for format_, text in texts.items()}


def render(changes: Iterable[Changed]) -> Rendering:
    """Render what is new and put it together with what is not. Pure, so it may be done in any thread."""
    families = list(map(_rendered, changes))
    bodies = {format_: _joined(families, format_) for format_ in Format}
    return Rendering({family.name: family for family in families}, bodies)


def _joined(families: Iterable[FamilyBlocks], format_: Format) -> Exposition:
    families = tuple(families)
    blocks = list(chain.from_iterable((family.heads[format_], *family.blocks) for family in families))
    sums = chain.from_iterable((family.heads[format_].sum, family.sum) for family in families)
    return Exposition(
        tuple(filter(None, map(_PLAIN, blocks))), tuple(filter(None, map(_DEFLATED, blocks))), total(sums)
    )


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
    return FamilyBlocks(before.name, before.heads, sections, blocks, total(map(_SUM, blocks)))


def _text(before: FamilyBlocks, index: int, section: Section) -> bytes:
    if index < len(before.sections):
        return changed_lines(before.name, section, before.sections[index], before.blocks[index].plain)
    return lines(before.name, section)
