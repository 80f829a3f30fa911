"""Points: constant bytes by sample identity, and the marks of vanished series."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import NumberDataPoint

from infrahub_exporter.adapters.otlp import wire
from infrahub_exporter.adapters.otlp.encoding import NOTHING, Encoded, encode, point_encoder
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

NAME = "infrahub_device_info"


def snapshot(
    *rows: Sample, name: str = NAME, kind: FamilyType = FamilyType.INFO, labels: tuple[str, ...] = ("id", "role")
) -> Snapshot:
    return Snapshot((Family(name, kind, "Devices", (Section(labels, rows),)),), 1000.0)


def vanished(encoded: Encoded, name: str = NAME) -> list[dict[str, str]]:
    points = [NumberDataPoint.FromString(mark) for mark in encoded.families[name].vanished]
    return [{each.key: each.value.string_value for each in point.attributes} for point in points]


def official(names: tuple[str, ...], sample: Sample) -> bytes:
    attributes = [
        KeyValue(key=name, value=AnyValue(string_value=value))
        for name, value in sorted(zip(names, sample.labels, strict=True))
    ]
    point = NumberDataPoint(as_double=sample.value, attributes=attributes)
    serialized: bytes = point.SerializeToString(deterministic=True)
    return serialized


LABEL_NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9_]{0,200}", fullmatch=True), unique=True, max_size=6)
LABELS = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)


@given(data=st.data(), names=LABEL_NAMES, value=st.floats(allow_nan=False))
def test_a_body_is_what_the_official_classes_serialize(data: st.DataObject, names: list[str], value: float) -> None:
    labels = tuple(data.draw(LABELS) for _ in names)
    sample = Sample("a", labels, value)
    assert point_encoder(names)(sample) == official(tuple(names), sample)


@pytest.mark.parametrize("length", [0, 1, 100, 121, 122, 123, 124, 125, 126, 127, 128, 16_380, 16_384, 2_100_000])
def test_every_length_prefix_is_right(length: int) -> None:
    sample = Sample("a", ("x" * length,), -0.0)
    assert point_encoder(["name"])(sample) == official(("name",), sample)


def test_a_not_a_number_value_survives() -> None:
    body = point_encoder([])(Sample("a", (), float("nan")))
    assert body == b"\x21" + struct.pack("<d", float("nan"))


@given(st.text(max_size=30))
def test_any_text_becomes_valid_utf_8(label: str) -> None:
    body = point_encoder(["name"])(Sample("a", (label,)))
    point = NumberDataPoint.FromString(body)
    assert point.attributes[0].value.string_value == label.encode("utf-8", "replace").decode()


@given(st.integers(min_value=0, max_value=2**64 - 1))
def test_a_varint_reads_back(number: int) -> None:
    encoded = wire.varint(number)
    assert sum((byte & 0x7F) << 7 * position for position, byte in enumerate(encoded)) == number
    assert [byte >> 7 for byte in encoded] == [1] * (len(encoded) - 1) + [0]


def test_the_bodies_of_shared_samples_are_the_same_objects() -> None:
    kept, changed = Sample("a", ("a", "leaf")), Sample("b", ("b", "leaf"))
    first = encode(snapshot(kept, changed))
    second = encode(snapshot(Sample("b", ("b", "spine")), kept), cache=first)
    assert second.families[NAME].sections[0].bodies[1] is first.families[NAME].sections[0].bodies[0]


def test_a_shared_section_is_not_touched_at_all() -> None:
    whole = snapshot(Sample("a", ("a", "leaf")))
    first = encode(whole)
    again = encode(Snapshot(whole.families, 2000.0), cache=first)
    assert again.families[NAME].sections[0] is first.families[NAME].sections[0]
    assert again.at == 2000.0


def test_a_shared_section_is_found_behind_another_with_its_labels() -> None:
    sections = [Section(("id",), (Sample(each, (each,)),)) for each in "ab"]
    first = encode(Snapshot((Family(NAME, FamilyType.INFO, "Devices", tuple(sections)),), 1.0))
    second = encode(Snapshot((Family(NAME, FamilyType.INFO, "Devices", (sections[1],)),), 2.0), cache=first)
    assert second.families[NAME].sections[0] is first.families[NAME].sections[1]


def test_a_sample_is_not_taken_for_one_under_other_labels() -> None:
    sample = Sample("a", ("a", "leaf"))
    first = encode(snapshot(sample))
    second = encode(snapshot(sample, labels=("id", "platform")), cache=first)
    assert second.families[NAME].sections[0].bodies == (official(("id", "platform"), sample),)


def test_nothing_vanishes_from_nothing() -> None:
    assert vanished(encode(snapshot(Sample("a", ("a", "leaf"))))) == []


def test_a_series_that_is_gone_is_marked_and_then_forgotten() -> None:
    first = encode(snapshot(Sample("a", ("a", "leaf")), Sample("b", ("b", "leaf"))))
    second = encode(snapshot(first.families[NAME].sections[0].samples[0]), cache=first, delivered=first)
    assert vanished(second) == [{"id": "b", "role": "leaf"}]
    third = encode(
        snapshot(*second.families[NAME].sections[0].samples),
        cache=second,
        delivered=second.delivered(NOTHING, settled=True),
    )
    assert vanished(third) == []


def test_an_equal_series_in_a_new_sample_has_not_vanished() -> None:
    first = encode(snapshot(Sample("a", ("a", "leaf"))))
    assert vanished(encode(snapshot(Sample("a", ("a", "leaf"), 2.0)), delivered=first)) == []


def test_a_series_whose_labels_only_changed_places_has_not_vanished() -> None:
    first = encode(snapshot(Sample("a", ("a", "leaf"))))
    moved = snapshot(Sample("a", ("leaf", "a")), labels=("role", "id"))
    assert vanished(encode(moved, delivered=first)) == []


def test_a_mark_is_owed_until_it_is_delivered_or_the_series_returns() -> None:
    leaf, spine = Sample("a", ("a", "leaf")), Sample("b", ("b", "spine"))
    first = encode(snapshot(leaf, spine))
    second = encode(snapshot(leaf), delivered=first)
    assert vanished(encode(snapshot(leaf), delivered=second)) == [{"id": "b", "role": "spine"}]
    assert vanished(encode(snapshot(leaf, Sample("b", ("b", "spine"))), delivered=second)) == []


def test_a_family_that_is_gone_has_all_its_series_marked_once() -> None:
    first = encode(snapshot(Sample("a", ("a", "leaf"))))
    second = encode(Snapshot((), 2000.0), delivered=first)
    assert vanished(second) == [{"id": "a", "role": "leaf"}]
    assert encode(Snapshot((), 3000.0), delivered=second.delivered(NOTHING, settled=True)).families == {}


def test_a_metric_that_changed_its_type_has_no_marks() -> None:
    first = encode(snapshot(Sample("a", ("a", "leaf"))))
    second = encode(snapshot(Sample("b", ("b", "leaf")), kind=FamilyType.GAUGE), delivered=first)
    assert second.families[NAME].type is FamilyType.GAUGE
    assert vanished(second) == []


def test_families_of_one_name_become_one_metric_with_the_first_help() -> None:
    sections = [Section(("id",), (Sample(each, (each,)),)) for each in "ab"]
    families = (
        Family(NAME, FamilyType.INFO, "First", (sections[0],)),
        Family(NAME, FamilyType.INFO, "Second", (sections[1],)),
    )
    encoded = encode(Snapshot(families, 1.0))
    assert list(encoded.families) == [NAME]
    assert encoded.families[NAME].help == "First"
    assert [section.samples for section in encoded.families[NAME].sections] == [each.samples for each in sections]


def test_a_point_over_the_limit_is_counted_and_neither_sent_nor_marked() -> None:
    small, large = Sample("a", ("a", "leaf")), Sample("b", ("b", "x" * 100))
    first = encode(snapshot(small, large), limit=90)
    assert first.oversized == 1
    assert first.families[NAME].sections[0].bodies[1] == b""
    second = encode(snapshot(small), cache=first, delivered=first, limit=90)
    assert vanished(second) == []
    assert NOTHING.oversized == 0


def blocks(*sections: Section, name: str = NAME) -> Snapshot:
    return Snapshot((Family(name, FamilyType.INFO, "Devices", sections),), 1000.0)


def test_of_many_sections_only_a_touched_one_is_encoded_again() -> None:
    sections = [Section(("id",), (Sample(each, (each,)), Sample(f"{each}2", (f"{each}2",)))) for each in "abcdef"]
    first = encode(blocks(*sections))
    changed = Section(("id",), (sections[3].samples[0], Sample("new", ("new",))))
    second = encode(
        blocks(*sections[:3], changed, *sections[4:]), cache=first, delivered=first.delivered(NOTHING, settled=True)
    )

    before, after = first.families[NAME].sections, second.families[NAME].sections
    assert [old is new for old, new in zip(before, after, strict=True)] == [True] * 3 + [False] + [True] * 2
    assert after[3].bodies[0] is before[3].bodies[0]
    assert vanished(second) == [{"id": "d2"}]


def test_a_sample_that_moves_to_another_block_keeps_its_body_and_has_not_vanished() -> None:
    samples = [Sample(f"{number}", (f"{number}",)) for number in range(8)]
    first = encode(blocks(Section(("id",), tuple(samples))))
    halves = Section(("id",), tuple(samples[:4])), Section(("id",), tuple(samples[4:]))
    second = encode(blocks(*halves), cache=first, delivered=first.delivered(NOTHING, settled=True))

    bodies = [body for section in second.families[NAME].sections for body in section.bodies]
    assert [old is new for old, new in zip(first.families[NAME].sections[0].bodies, bodies, strict=True)] == [True] * 8
    assert vanished(second) == []


def test_fifty_pushes_later_no_more_is_held_than_the_snapshot() -> None:
    sections = [Section(("id",), (Sample(f"{number}", (f"{number}",)),)) for number in range(8)]
    encoded = delivered = encode(blocks(*sections))
    for turn in range(50):
        sections[turn % 8] = Section(("id",), (Sample(f"t{turn}", (f"t{turn}",)),))
        encoded = encode(blocks(*sections), cache=encoded, delivered=delivered)
        delivered = encoded.delivered(NOTHING, settled=True)

    family = encoded.families[NAME]
    assert (len(encoded.families), len(family.sections), len(family.vanished)) == (1, 8, 1)
    assert delivered.families[NAME].vanished == ()


POOL = [
    Section(labels, tuple(Sample(each, (each, "x")) for each in ids))
    for ids in ("a", "bc", "def", "")
    for labels in (("id", "role"), ("id", "site"))
]
SNAPSHOTS = st.lists(st.lists(st.sampled_from(POOL), max_size=6, unique_by=id), min_size=2, max_size=6)


@given(SNAPSHOTS)
def test_after_any_snapshots_the_points_are_those_of_the_last_alone(snapshots: list[list[Section]]) -> None:
    encoded = NOTHING
    for sections in snapshots:
        delivered = encoded.delivered(NOTHING, settled=True)
        encoded = encode(blocks(*sections), cache=encoded, delivered=delivered)
        alone = encode(blocks(*sections))
        assert [each.bodies for each in encoded.families[NAME].sections] == [
            each.bodies for each in alone.families[NAME].sections
        ]
        assert set(encoded.families[NAME].vanished) == _attributes(delivered) - _attributes(alone)


def _attributes(encoded: Encoded) -> set[bytes]:
    sections = [section for family in encoded.families.values() for section in family.sections]
    return {body[9:] for section in sections for body in section.bodies}


def test_what_is_too_old_is_left_out_and_what_was_delivered_of_it_is_remembered() -> None:
    old, new = (
        Family(name, FamilyType.INFO, "", (Section(("id",), (Sample("a", ("a",)),)),)) for name in ("old", "new")
    )
    before = encode(Snapshot((old, new), 100.0)).delivered(NOTHING, settled=True)
    encoded = encode(Snapshot((old, new), 200.0, {"old": 100.0}), cache=before, delivered=before)
    young = encoded.since(150.0)
    assert {name: family.read_at for name, family in young.families.items()} == {"new": 200.0}
    assert set(young.delivered(before, settled=True).families) == {"old", "new"}
    assert encoded.since(100.0) == encoded
