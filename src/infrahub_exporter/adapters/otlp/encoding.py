"""From a snapshot to the points of an OTLP push: pure, and cheap for what did not change.

A point is constant but for its times. Its `body` holds the constant bytes, value and attributes; the times go in front
when requests are packed (field numbers 2 and 3 come before 4 and 7). Bodies are kept by the identity of samples, which
refreshes share. Attributes are sorted by name, so that equal attribute sets are equal bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from struct import Struct as Layout
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from infrahub_exporter.adapters.otlp import wire
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

POINT_BYTES = 3_900_000
"""The largest body that still fits a request with its envelope; a larger point cannot be sent at all."""

# NumberDataPoint: attributes = 7, as_double = 4; KeyValue: key = 1, value = 2; AnyValue: string_value = 1
ATTRIBUTES, KEY, VALUE, STRING_VALUE = 7, 1, 2, 1
AS_DOUBLE = Layout("<Bd")
AS_DOUBLE_TAG = 4 << 3 | 1

PointEncoder: TypeAlias = Callable[[Sample], bytes]


class EncodedSection(Struct, frozen=True):
    """The bodies of a section's samples, in their order; an empty one is a point too large to send."""

    label_names: tuple[str, ...]
    samples: tuple[Sample, ...]
    bodies: tuple[bytes, ...]

    @property
    def oversized(self) -> int:
        """The number of points that are too large to send."""
        return self.bodies.count(b"")


class EncodedFamily(Struct, frozen=True):
    """One metric: its points, and the attributes of the series that have vanished and must still be marked (OT-19)."""

    name: str
    type: FamilyType
    help: str
    sections: tuple[EncodedSection, ...] = ()
    vanished: tuple[bytes, ...] = ()


class Encoded(Struct, frozen=True):
    """A snapshot's points by metric name; `at` is the snapshot's own time in unix seconds (OT-22)."""

    families: Mapping[str, EncodedFamily] = {}
    at: float = 0.0

    @property
    def oversized(self) -> int:
        """The number of points that are too large to send."""
        return sum(section.oversized for family in self.families.values() for section in family.sections)

    def settled(self) -> "Encoded":
        """Tell what a collector holds once it has got all of this: no vanished series is owed any more."""
        return Encoded(
            {name: replace(family, vanished=()) for name, family in self.families.items() if family.sections}, self.at
        )


NOTHING = Encoded()


def encode(
    snapshot: Snapshot, *, cache: Encoded = NOTHING, delivered: Encoded = NOTHING, limit: int = POINT_BYTES
) -> Encoded:
    """Encode a snapshot's points, reusing the bodies of `cache` and marking what `delivered` had and this has not.

    Families of one name become one metric, with the type and help of the first (OT-15).
    """
    families: dict[str, EncodedFamily] = {}
    for name, (first, sections) in _by_name(snapshot.families).items():
        earlier = cache.families[name].sections if name in cache.families else ()
        encoded = tuple(_section(section, earlier, limit) for section in sections)
        families[name] = EncodedFamily(first.name, first.type, first.help, encoded)
    for name, known in delivered.families.items():
        family = families.get(name) or replace(known, sections=(), vanished=())
        gone = _vanished(known, family.sections) if family.type is known.type else ()
        if gone or family.sections:
            families[name] = replace(family, vanished=gone)
    return Encoded(families, snapshot.at)


def _by_name(families: Iterable[Family]) -> Mapping[str, tuple[Family, Sequence[Section]]]:
    found: dict[str, tuple[Family, list[Section]]] = {}
    for family in families:
        found.setdefault(family.name, (family, []))[1].extend(family.sections)
    return found


def _section(section: Section, earlier: Iterable[EncodedSection], limit: int) -> EncodedSection:
    alike = [each for each in earlier if each.label_names == section.label_names]
    for each in alike:
        if each.samples is section.samples:
            return each
    known = {id(sample): body for each in alike for sample, body in zip(each.samples, each.bodies, strict=True) if body}
    point = point_encoder(section.label_names)
    bodies = [known.get(id(sample)) or point(sample) for sample in section.samples]
    fitting = tuple(body if len(body) <= limit else b"" for body in bodies)
    return EncodedSection(section.label_names, section.samples, fitting)


def _vanished(known: EncodedFamily, now: Sequence[EncodedSection]) -> tuple[bytes, ...]:
    gone = _only_in(known.sections, now)
    gone.update(known.vanished)
    if gone:
        gone -= _only_in(now, known.sections)
    return tuple(sorted(gone))


def _only_in(sections: Iterable[EncodedSection], others: Sequence[EncodedSection]) -> set[bytes]:
    """Return the attributes of the samples that the other sections, under the same labels, do not share."""
    found: set[bytes] = set()
    for section in sections:
        alike = [each for each in others if each.label_names == section.label_names]
        if any(each.samples is section.samples for each in alike):
            continue
        shared = {id(sample) for each in alike for sample in each.samples}
        pairs = zip(section.samples, section.bodies, strict=True)
        found.update(body[AS_DOUBLE.size :] for sample, body in pairs if body and id(sample) not in shared)
    return found


class _AttributeHeads(dict[int, bytes]):
    """What stands in front of a label's value, by the value's length in bytes."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self._key = wire.delimited(KEY, wire.text(name))

    def __missing__(self, length: int) -> bytes:
        string = wire.prefix(STRING_VALUE, length)
        value = wire.prefix(VALUE, len(string) + length)
        attribute = wire.prefix(ATTRIBUTES, len(self._key) + len(value) + len(string) + length)
        self[length] = head = attribute + self._key + value + string
        return head


def point_encoder(label_names: Sequence[str]) -> PointEncoder:
    """Make the function that encodes a sample with these labels: its value, then its attributes sorted by name."""
    columns = sorted((name, index) for index, name in enumerate(label_names))
    heads = [(index, _AttributeHeads(name)) for name, index in columns]
    value, join, text = AS_DOUBLE.pack, b"".join, wire.text

    def point(sample: Sample) -> bytes:
        parts = [value(AS_DOUBLE_TAG, sample.value)]
        labels = sample.labels
        for index, head in heads:
            label = text(labels[index])
            parts += head[len(label)], label
        return join(parts)

    return point
