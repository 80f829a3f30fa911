"""What is kept over a restart, and what of it may be used again."""

import msgspec
import pytest

from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, GuardOverride, MetricSpec
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, TargetGroup
from infrahub_exporter.domain.publishing.saved import Saved, SavedCollector, SavedKind, SavedList, digest, fingerprint
from infrahub_exporter.domain.views.discovery import Decision

METRIC = MetricSpec(kind="InfraDevice", include=("name",), filters={"role__value": "edge"})
DISCOVERY = DiscoverySpec(name="devices", paths=("/sd/devices",), target_field="name", kind="InfraDevice")
KIND = SavedKind(
    "InfraDevice",
    fingerprint(METRIC),
    1000.0,
    ("id", "hfid", "name"),
    ((Sample("1", ("1", "InfraDevice__a", "a")),), (), (Sample("2", ("2", "InfraDevice__b", "b")),)),
)
LIST = SavedList(
    "devices",
    fingerprint(DISCOVERY),
    2000.0,
    ((Decision("InfraDevice", "1", TargetGroup(("a",), {})), Decision("InfraDevice", "2", reason="no_target")),),
)
SPEC = CollectorSpec(collector="branches")
BRANCHES = Family("infrahub_branches", FamilyType.GAUGE, "", (Section(("status",), (Sample("OPEN", ("OPEN",)),)),))
COLLECTOR = SavedCollector("branches", fingerprint(SPEC), 1500.0, (BRANCHES,))
SAVED = Saved("source", "schema", (KIND,), (LIST,))
EMPTY = Saved("source", "schema")


def test_an_entry_is_found_by_its_name_and_what_it_reads() -> None:
    assert SAVED.find_kind("InfraDevice", METRIC) is KIND
    assert SAVED.find_kind("InfraDevice_2", METRIC) is None
    assert SAVED.find_kind("InfraDevice", MetricSpec(kind="InfraDevice", include=("name",))) is None
    assert SAVED.find_list(DISCOVERY) is LIST
    assert SAVED.find_list(msgspec.structs.replace(DISCOVERY, name="others")) is None
    assert SAVED.find_list(msgspec.structs.replace(DISCOVERY, target_field="address")) is None


def test_what_does_not_change_the_data_does_not_change_the_fingerprint() -> None:
    assert fingerprint(msgspec.structs.replace(METRIC, guard=False)) == fingerprint(METRIC)
    elsewhere = msgspec.structs.replace(
        DISCOVERY, name="x", paths=("/x",), refresh_interval_seconds=5.0, guard=GuardOverride(min_loss=1)
    )
    assert fingerprint(elsewhere) == fingerprint(DISCOVERY)


@pytest.mark.parametrize(
    "other",
    [
        msgspec.structs.replace(METRIC, include=("name", "role")),
        msgspec.structs.replace(METRIC, kind="InfraInterface"),
        msgspec.structs.replace(METRIC, filters={"role__value": 1}),
        msgspec.structs.replace(METRIC, filters={"role__value": True}),
        msgspec.structs.replace(METRIC, filters={"role__value": "1"}),
        DISCOVERY,
        msgspec.structs.replace(DISCOVERY, document="{ a }", kind=None),
        msgspec.structs.replace(DISCOVERY, label_mappings={"a": "b"}),
    ],
)
def test_what_changes_the_data_changes_the_fingerprint(other: MetricSpec | DiscoverySpec) -> None:
    assert fingerprint(other) != fingerprint(METRIC)


def test_a_fingerprint_does_not_depend_on_the_order_of_filters() -> None:
    one = msgspec.structs.replace(METRIC, filters={"a": 1, "b": 2})
    assert fingerprint(msgspec.structs.replace(METRIC, filters={"b": 2, "a": 1})) == fingerprint(one)


def test_a_digest_tells_its_parts_apart() -> None:
    assert digest(["http://a", "main"]) == digest(["http://a", "main"])
    assert len({digest(["ab", "c"]), digest(["a", "bc"]), digest([]), digest([None]), digest([1]), digest(["1"])}) == 6


def test_entries_that_were_read_too_long_ago_are_left_out() -> None:
    assert SAVED.since(1000.0) == SAVED
    assert SAVED.since(1500.0) == Saved("source", "schema", (), (LIST,))
    assert SAVED.since(2000.1) == EMPTY


def test_the_newest_read_tells_the_age() -> None:
    assert SAVED.read_at == 2000.0
    assert EMPTY.read_at is None


def test_what_cannot_be_is_said() -> None:
    assert (SAVED.flaw, EMPTY.flaw) == (None, None)
    short = msgspec.structs.replace(KIND, label_names=("id", "hfid"))
    assert msgspec.structs.replace(SAVED, kinds=(short,)).flaw == (
        "InfraDevice: a series has other labels than its kind"
    )
    for instant in (float("nan"), float("inf")):
        never = msgspec.structs.replace(LIST, read_at=instant)
        assert msgspec.structs.replace(SAVED, lists=(never,)).flaw == "devices: it was read at no time"


def test_a_collector_is_found_by_what_it_asks_and_is_as_old_as_its_answer() -> None:
    saved = Saved("source", "schema", collectors=(COLLECTOR,))
    assert saved.find_collector(msgspec.structs.replace(SPEC, refresh_interval_seconds=5.0)) is COLLECTOR
    assert saved.find_collector(CollectorSpec(collector="branches", contents=("X",))) is None
    assert saved.find_collector(CollectorSpec(collector="server")) is None
    assert (saved.since(1500.0), saved.since(1500.1)) == (saved, EMPTY)
    assert saved.content == (("branches", fingerprint(SPEC), (BRANCHES,)),)
    assert (saved.read_at, saved.flaw) == (1500.0, None)
    section = Section(("status", "more"), BRANCHES.sections[0].samples)
    odd = msgspec.structs.replace(COLLECTOR, families=(msgspec.structs.replace(BRANCHES, sections=(section,)),))
    assert Saved("source", "schema", collectors=(odd,)).flaw == (
        "branches: a series has other labels than its collector"
    )
