"""From a snapshot to the points of an OTLP push: pure, and cheap for what did not change.

A point is constant but for its times. Its `body` holds the constant bytes, value and attributes; the times go in front
when requests are packed (field numbers 2 and 3 come before 4 and 7). Bodies are kept by the identity of a section's
samples, and of the samples of one that changed: refreshes share both. Attributes are sorted by name, so that equal
attribute sets are equal bytes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from struct import Struct as Layout
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace

from infrahub_exporter.adapters.otlp import wire
from infrahub_exporter.adapters.otlp.connection import REQUEST_BYTES
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

ROOM_BYTES = 100_000
"""What a request keeps free for its resource and a metric's texts; a point that does not fit beside cannot be sent."""
POINT_BYTES = REQUEST_BYTES - ROOM_BYTES

# NumberDataPoint: attributes = 7, as_double = 4; KeyValue: key = 1, value = 2; AnyValue: string_value = 1
ATTRIBUTES, KEY, VALUE, STRING_VALUE = 7, 1, 2, 1
AS_DOUBLE = Layout("<Bd")
AS_DOUBLE_TAG = 4 << 3 | 1

PointEncoder: TypeAlias = Callable[[Sample], bytes]


class EncodedSection(Struct, frozen=True):
    """The bodies of a section's samples, in their order; an empty one is a point too large to send (`oversized`)."""

    label_names: tuple[str, ...]
    samples: tuple[Sample, ...]
    bodies: tuple[bytes, ...]
    oversized: int


class EncodedFamily(Struct, frozen=True):
    """One metric: its points, and the attributes of the series that have vanished and must still be marked (OT-19).

    `read_at` is when the oldest of it was read, in unix seconds.
    """

    name: str
    type: FamilyType
    help: str
    unit: str = ""
    read_at: float = 0.0
    sections: tuple[EncodedSection, ...] = ()
    vanished: tuple[bytes, ...] = ()


class Encoded(Struct, frozen=True):
    """A snapshot's points by metric name. `at`, in unix seconds, is the time of them all (OT-22).

    Times of their own would tell more, but a receiver that makes `target_info` of the earliest point (Prometheus) takes
    it as out of order once there was a later one.
    """

    families: Mapping[str, EncodedFamily] = {}
    at: float = 0.0

    @property
    def oversized(self) -> int:
        """The number of points that are too large to send."""
        return sum(section.oversized for family in self.families.values() for section in family.sections)

    def since(self, oldest: float) -> "Encoded":
        """Return what was read at `oldest` or later; all the rest is too old to be sent."""
        return Encoded({name: each for name, each in self.families.items() if each.read_at >= oldest}, self.at)

    def delivered(self, before: "Encoded", *, settled: bool) -> "Encoded":
        """Tell what a collector holds once it has got this, after what it held before.

        Where all of it has arrived (`settled`), no vanished series is owed any more.
        """
        now = {**before.families, **self.families}
        if settled:
            now.update({name: replace(family, vanished=()) for name, family in self.families.items()})
        return Encoded({name: family for name, family in now.items() if family.sections or family.vanished}, self.at)


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
        families[name] = EncodedFamily(
            name=first.name,
            type=first.type,
            help=first.help,
            unit=first.unit,
            read_at=snapshot.read_at.get(name, snapshot.at),
            sections=_sections(sections, earlier, limit),
        )
    for name, known in delivered.families.items():
        family = families.get(name) or replace(known, read_at=snapshot.at, sections=(), vanished=())
        gone = _vanished(known, family.sections) if family.type is known.type else ()
        if gone or family.sections:
            families[name] = replace(family, vanished=gone)
    return Encoded(families, snapshot.at)


def _by_name(families: Iterable[Family]) -> Mapping[str, tuple[Family, Sequence[Section]]]:
    found: dict[str, tuple[Family, list[Section]]] = {}
    for family in families:
        found.setdefault(family.name, (family, []))[1].extend(family.sections)
    return found


class _Sections:
    """Sections to be found by what they hold, in one look."""

    def __init__(self, sections: Iterable[EncodedSection]) -> None:
        self._held = {id(section.samples): section for section in sections}

    def get(self, section: Section | EncodedSection) -> EncodedSection | None:
        """Return the one with the very same samples under the same labels."""
        found = self._held.get(id(section.samples))
        return None if found is None or found.label_names != section.label_names else found

    def lacked(self, sections: Iterable[EncodedSection]) -> Sequence[EncodedSection]:
        """Return those of other sections that are not among these."""
        return [section for section in sections if self.get(section) is None]


_Bodies: TypeAlias = Mapping[int, bytes]
"""Bodies by the identity of their samples, which somebody has to hold meanwhile."""


def _sections(sections: Sequence[Section], earlier: Sequence[EncodedSection], limit: int) -> tuple[EncodedSection, ...]:
    known = _Sections(earlier)
    found = [(section, known.get(section)) for section in sections]
    if all(each is not None for _, each in found):
        return tuple(each for _, each in found if each is not None)
    bodies = _bodies_by_labels(_Sections(each for _, each in found if each is not None).lacked(earlier))
    return tuple(
        _encoded(section, bodies.get(section.label_names, {}), limit) if each is None else each
        for section, each in found
    )


def _bodies_by_labels(sections: Iterable[EncodedSection]) -> Mapping[tuple[str, ...], _Bodies]:
    found: dict[tuple[str, ...], dict[int, bytes]] = {}
    for section in sections:
        found.setdefault(section.label_names, {}).update(zip(map(id, section.samples), section.bodies, strict=True))
    return found


def _encoded(section: Section, known: _Bodies, limit: int) -> EncodedSection:
    point = point_encoder(section.label_names)
    bodies = [known.get(id(sample)) or point(sample) for sample in section.samples]
    fitting = tuple(body if len(body) <= limit else b"" for body in bodies)
    return EncodedSection(section.label_names, section.samples, fitting, fitting.count(b""))


def _vanished(known: EncodedFamily, now: Sequence[EncodedSection]) -> tuple[bytes, ...]:
    old, new = _Sections(now).lacked(known.sections), _Sections(known.sections).lacked(now)
    gone = _only_in(old, new)
    gone.update(known.vanished)
    if gone:
        gone -= _only_in(new, old)
    return tuple(sorted(gone))


def _only_in(sections: Iterable[EncodedSection], others: Iterable[EncodedSection]) -> set[bytes]:
    """Return the attributes of the samples that the other sections, under the same labels, do not share."""
    shared: dict[tuple[str, ...], set[int]] = {}
    for section in others:
        shared.setdefault(section.label_names, set()).update(map(id, section.samples))
    found: set[bytes] = set()
    for section in sections:
        elsewhere = shared.get(section.label_names, ())
        pairs = zip(section.samples, section.bodies, strict=True)
        found.update(body[AS_DOUBLE.size :] for sample, body in pairs if body and id(sample) not in elsewhere)
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
