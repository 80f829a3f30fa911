"""Metrics by name, from the configuration to what is published, over changes, reloads and restarts."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.app.configuration.settings import Settings, parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.formats import Format
from tests.unit.following.world import Times

pytestmark = pytest.mark.anyio
HARBOUR = Path(__file__).parent / "harbour"
SHIPS = {"name": "ships", "kind": "PortShip", "count": {"by": {"state": "state", "kind": "__typename"}}}


def settings(*series: Mapping[str, Any], **others: Any) -> Settings:
    files = {"schema": [str(HARBOUR / "schema.yml")], "objects": [str(HARBOUR / "objects.yml")]}
    tree = {"infrahub": {"embedded": files}, "metrics": {"prefix": "port_", "series": list(series)}, **others}
    return parse_settings(tree)


class Harbour:
    """An Infrahub with ships, whose clock a change moves on, and an exporter that reads it."""

    def __init__(self, *series: Mapping[str, Any], **others: Any) -> None:
        self._times = Times()
        files = [HARBOUR / "schema.yml"], [HARBOUR / "objects.yml"]
        self.infrahub = EmbeddedInfrahub.load(*files, now=self._times.now)
        self._transport = EmbeddedTransport(self.infrahub)
        self.source = InfrahubReader(self, clock=self._times, page_size=2)
        self.exporter = build_exporter(settings(*series, **others), source=self.source, environment={})
        self.asked: list[str] = []

    async def graphql(self, document: str, variables: Mapping[str, object], *, at: str | None = None) -> Reply:
        self.asked.append(document)
        return await self._transport.graphql(document, variables, at=at)

    async def get(self, path: str) -> Reply:
        return await self._transport.get(path)

    async def close(self) -> None:
        """Hold on to nothing."""

    def upgrade(self, folder: Path, **words: str) -> None:
        """Load all again, with other words in the schema."""
        self._times.wait(100.0)
        text = (HARBOUR / "schema.yml").read_text(encoding="utf-8")
        for word, other in words.items():
            text = text.replace(word, other)
        (folder / "schema.yml").write_text(text, encoding="utf-8")
        self.infrahub = EmbeddedInfrahub.load([folder / "schema.yml"], [HARBOUR / "objects.yml"], now=self._times.now)
        self._transport = EmbeddedTransport(self.infrahub)

    async def change(self, mutation: str) -> None:
        self._times.wait(2.0)
        reply = await self._transport.graphql(f"mutation {{ {mutation} {{ ok }} }}", {})
        assert b'"errors"' not in reply.body, reply.body
        self._times.wait(2.0)

    async def find(self, kind: str, name: str) -> str:
        document = f'{{ found: {kind}(any__value: "{name}") {{ edges {{ node {{ id }} }} }} }}'
        reply = await self._transport.graphql(document, {})
        identifier: str = msgspec.json.decode(reply.body)["data"]["found"]["edges"][0]["node"]["id"]
        return identifier


def harbour(*series: Mapping[str, Any], **others: Any) -> tuple[Exporter, Harbour]:
    made = Harbour(*series, **others)
    return made.exporter, made


def lines(subject: Exporter) -> list[str]:
    text = subject.metrics_text()
    return sorted(line for line in text.splitlines() if line.startswith("port_"))


async def shown(*series: Mapping[str, Any]) -> list[str]:
    subject, _ = harbour(*series)
    await subject.refresh()
    assert [str(entry.error) for entry in subject.status.entries if entry.error is not None] == []
    return lines(subject)


async def test_a_row_has_exactly_the_labels_that_are_named() -> None:
    labels = {"ship": "call_sign", "kind": "__typename", "groups": "member_of_groups[].name", "tonnes": "tonnes"}
    assert await shown({"name": "ship_info", "kind": "PortShip", "value": 1, "labels": labels}) == [
        'port_ship_info{ship="dora",kind="PortTanker",groups="night,pilots",tonnes="80"} 1',
        'port_ship_info{ship="emil",kind="PortTanker",groups="",tonnes="40"} 1',
        'port_ship_info{ship="fritz",kind="PortTug",groups="night",tonnes=""} 1',
    ]


async def test_counts_have_what_is_there_and_with_zeros_every_choice() -> None:
    assert await shown(SHIPS) == [
        'port_ships{state="idle",kind="PortTanker"} 1',
        'port_ships{state="idle",kind="PortTug"} 1',
        'port_ships{state="sailing",kind="PortTanker"} 1',
    ]
    assert await shown({**SHIPS, "count": {**SHIPS["count"], "zeros": ["state"]}}) == [  # type: ignore[dict-item]
        'port_ships{state="idle",kind="PortTanker"} 1',
        'port_ships{state="idle",kind="PortTug"} 1',
        'port_ships{state="loading",kind="PortTanker"} 0',
        'port_ships{state="loading",kind="PortTug"} 0',
        'port_ships{state="sailing",kind="PortTanker"} 1',
        'port_ships{state="sailing",kind="PortTug"} 0',
    ]


async def test_a_count_by_nothing_is_there_when_it_is_0() -> None:
    late = {"name": "voyages_late", "kind": "PortVoyage", "count": {"by": {}}}
    assert await shown({**late, "where": {"late": True}}) == ["port_voyages_late 1"]
    assert await shown({**late, "exclude": {"late": [True, False]}}) == ["port_voyages_late 0"]


async def test_one_row_for_each_membership_counts_memberships() -> None:
    by_group = {"name": "ships_by_group", "kind": "PortShip", "rows": "member_of_groups[]"}
    assert await shown({**by_group, "count": {"by": {"group": "name"}}}) == [
        'port_ships_by_group{group="night"} 2',
        'port_ships_by_group{group="pilots"} 1',
    ]


async def test_a_value_is_read_by_its_kind_in_the_schema() -> None:
    voyage = {"kind": "PortVoyage", "labels": {"code": "code"}}
    assert await shown(
        {**voyage, "name": "late", "value": "late"},
        {**voyage, "name": "sailed_timestamp_seconds", "value": "sailed_at"},
        {**voyage, "name": "draught_metres", "value": "draught"},
        {**voyage, "name": "pace", "value": "grade", "state_label": "pace"},
        {
            "name": "kilograms",
            "kind": "PortTanker",
            "value": {"path": "tonnes", "times": 1000},
            "labels": {"ship": "call_sign"},
        },
    ) == [
        'port_draught_metres{code="v1"} 7.5',
        'port_kilograms{ship="dora"} 80000',
        'port_kilograms{ship="emil"} 40000',
        'port_late{code="v1"} 1',
        'port_late{code="v2"} 0',
        'port_late{code="v3"} 0',
        'port_pace{code="v1",pace="fast"} 1',
        'port_pace{code="v1",pace="slow"} 0',
        'port_sailed_timestamp_seconds{code="v1"} 1772366400',
        'port_sailed_timestamp_seconds{code="v2"} 1772359200',
    ]


async def test_what_changes_changes_its_series_and_what_a_far_node_shows() -> None:
    rows = {"name": "sailing", "kind": "PortVoyage", "rows": "ships[]", "value": 1}
    subject, world = harbour(SHIPS, {**rows, "labels": {"voyage": "^code", "ship": "call_sign", "owner": "owner.name"}})
    await subject.refresh()
    fritz = await world.find("PortTug", "fritz")
    albers = await world.find("PortOwner", "Albers")
    await world.change(f'PortTugUpdate(data: {{id: "{fritz}", state: {{value: "loading"}}}})')
    await world.change(f'PortOwnerUpdate(data: {{id: "{albers}", name: {{value: "Adler"}}}})')
    await subject.refresh()
    assert lines(subject) == [
        'port_sailing{voyage="v1",ship="dora",owner="Adler"} 1',
        'port_sailing{voyage="v1",ship="fritz",owner="Adler"} 1',
        'port_sailing{voyage="v2",ship="emil",owner="Brandt"} 1',
        'port_ships{state="idle",kind="PortTanker"} 1',
        'port_ships{state="loading",kind="PortTug"} 1',
        'port_ships{state="sailing",kind="PortTanker"} 1',
    ]


async def test_a_row_without_a_number_is_counted_and_its_node_named() -> None:
    subject, _ = harbour(
        {"name": "draught_metres", "kind": "PortVoyage", "value": "draught", "labels": {"code": "code"}}
    )
    await subject.refresh()
    (status,) = subject.status.entries
    assert (status.source, status.name, status.nodes, status.published) == ("series", "port_draught_metres", 3, 1)
    assert status.skipped == {"no_value": 2, "several_values": 0, "bad_content": 0, "duplicate": 0}
    assert status.examples == {"no_value": ("PortVoyage__v2", "PortVoyage__v3")}


async def test_entries_of_one_name_are_one_metric_in_which_each_series_is_there_once() -> None:
    one = {"name": "vessel", "kind": "PortTug", "value": 1, "labels": {"owner": "owner.name", "ship": "call_sign"}}
    other = {
        "name": "vessel",
        "help": "Ships.",
        "kind": "PortShip",
        "value": 2,
        "labels": {"ship": "call_sign", "owner": "owner.name"},
    }
    subject, _ = harbour(one, other)
    await subject.refresh()
    text = subject.metrics_text()
    assert text.count("# TYPE port_vessel gauge") == 1
    assert lines(subject) == [
        'port_vessel{owner="Albers",ship="fritz"} 1',
        'port_vessel{ship="dora",owner="Albers"} 2',
        'port_vessel{ship="emil",owner="Brandt"} 2',
    ]
    first, second = subject.status.entries
    assert (first.name, second.name) == ("port_vessel", "port_vessel#2")
    assert (first.published, second.published, second.skipped["duplicate"]) == (1, 2, 1)


async def test_rows_of_equal_labels_are_one_series_and_counted_and_those_that_distinct_unites_are_not() -> None:
    owned = {"name": "owners", "kind": "PortShip", "value": 1, "labels": {"owner": "owner.name"}}
    subject, _ = harbour(owned)
    await subject.refresh()
    assert lines(subject) == ['port_owners{owner="Albers"} 1', 'port_owners{owner="Brandt"} 1']
    assert subject.status.entries[0].skipped["duplicate"] == 1
    labels = {"owner": "owner.name", "ships": "call_sign"}
    subject, _ = harbour({**owned, "labels": labels, "distinct": ["owner"]})
    await subject.refresh()
    assert lines(subject) == [
        'port_owners{owner="Albers",ships="dora,fritz"} 1',
        'port_owners{owner="Brandt",ships="emil"} 1',
    ]
    assert subject.status.entries[0].skipped["duplicate"] == 0


async def test_states_of_rows_that_are_united_stay_apart() -> None:
    states = {
        "name": "state",
        "kind": "PortTanker",
        "value": "state",
        "labels": {"kind": "__typename"},
        "distinct": ["kind"],
    }
    assert [line.rpartition(" ")[0] for line in await shown(states)] == [
        'port_state{kind="PortTanker",state="idle"}',
        'port_state{kind="PortTanker",state="loading"}',
        'port_state{kind="PortTanker",state="sailing"}',
    ]


async def test_om_04_states_in_a_label_named_as_the_metric_are_a_state_set() -> None:
    state = {
        "name": "state",
        "kind": "PortTug",
        "value": "state",
        "labels": {"ship": "call_sign"},
        "state_label": "port_state",
    }
    subject, _ = harbour(state)
    await subject.refresh()
    body = subject.metrics_body(Format.OPENMETRICS)
    assert body is not None
    said, kind, *states = body.decode().splitlines()[:5]
    assert (said, kind) == ("# HELP port_state Read from PortTug in Infrahub.", "# TYPE port_state stateset")
    assert sorted(states) == [
        'port_state{ship="fritz",port_state="idle"} 1',
        'port_state{ship="fritz",port_state="loading"} 0',
        'port_state{ship="fritz",port_state="sailing"} 0',
    ]


@pytest.mark.parametrize(
    ("entry", "problem"),
    [
        ({"value": "ships[].call_sgn"}, "PortShip has no field 'call_sgn', did you mean 'call_sign'?"),
        (
            {"value": "ships[]"},
            "value 'ships[]': expected a path that ends on an attribute, got one that ends on the relation to PortShip",
        ),
        (
            {"value": "grade", "labels": {"grade": "code"}},
            "labels: 'grade' is the label that tells the state of 'grade', state_label names it otherwise",
        ),
        ({"sum": {"of": "ships[]", "by": {}}}, "sum.of 'ships[]': expected a path that ends on an attribute"),
        (
            {"count": {"by": {"code": "code"}, "zeros": ["code"]}},
            "count.zeros 'code': expected choices in the schema, a Boolean, or a map",
        ),
    ],
)
async def test_what_the_schema_does_not_fit_is_a_failure_of_that_entry(entry: dict[str, Any], problem: str) -> None:
    subject, _ = harbour({"name": "wrong", "kind": "PortVoyage", **entry}, SHIPS)
    await subject.refresh()
    wrong, ships = subject.status.entries
    assert problem in str(wrong.error)
    assert (wrong.published, ships.error, ships.published) == (0, None, 3)


async def test_past_a_limit_the_last_good_data_stays() -> None:
    rows = {"name": "trips", "kind": "PortVoyage", "rows": "ships[]", "value": 1, "labels": {"ship": "call_sign"}}
    subject, world = harbour(rows, limits={"max_rows_per_node": 2})
    await subject.refresh()
    published = lines(subject)
    assert len(published) == 3
    voyage, emil = await world.find("PortVoyage", "v1"), await world.find("PortTanker", "emil")
    await world.change(f'RelationshipAdd(data: {{id: "{voyage}", name: "ships", nodes: [{{id: "{emil}"}}]}})')
    await subject.refresh()
    (status,) = subject.status.entries
    assert str(status.error) == f"PortVoyage {voyage} has more than 2 rows (limits.max_rows_per_node)"
    assert lines(subject) == published
    await world.change(f'RelationshipRemove(data: {{id: "{voyage}", name: "ships", nodes: [{{id: "{emil}"}}]}})')
    await subject.refresh()
    assert (subject.status.entries[0].error, lines(subject)) == (None, published)


async def test_an_entry_tells_how_much_of_its_own_limit_it_has() -> None:
    subject, world = harbour({**SHIPS, "max_series": 3})
    await subject.refresh()
    assert subject.status.entries[0].series_limit_ratio == 1.0
    published = lines(subject)
    fritz = await world.find("PortTug", "fritz")
    await world.change('PortTugCreate(data: {call_sign: {value: "gustav"}, state: {value: "sailing"}})')
    await subject.refresh()
    assert str(subject.status.entries[0].error) == "there are 4 series, max_series of this entry allows 3"
    assert lines(subject) == published
    await world.change(f'PortTugUpdate(data: {{id: "{fritz}", state: {{value: "sailing"}}}})')
    await subject.refresh()
    assert lines(subject)[-1] == 'port_ships{state="sailing",kind="PortTug"} 2'


async def test_a_choice_that_comes_to_the_schema_comes_to_the_series(tmp_path: Path) -> None:
    state = {"name": "state", "kind": "PortTug", "value": "state", "labels": {"ship": "call_sign"}}
    zeros = {"name": "tugs", "kind": "PortTug", "count": {"by": {"state": "state"}, "zeros": ["state"]}}
    subject, world = harbour(state, zeros)
    await subject.refresh()
    assert len(lines(subject)) == 6
    world.upgrade(tmp_path, sailing="sailing}, {name: wrecked")
    await subject.refresh()
    assert [str(entry.error) for entry in subject.status.entries if entry.error is not None] == []
    assert lines(subject) == [
        'port_state{ship="fritz",state="idle"} 1',
        'port_state{ship="fritz",state="loading"} 0',
        'port_state{ship="fritz",state="sailing"} 0',
        'port_state{ship="fritz",state="wrecked"} 0',
        'port_tugs{state="idle"} 1',
        'port_tugs{state="loading"} 0',
        'port_tugs{state="sailing"} 0',
        'port_tugs{state="wrecked"} 0',
    ]


async def test_an_attribute_that_becomes_a_choice_becomes_a_state_set_with_its_own_label(tmp_path: Path) -> None:
    subject, world = harbour({"name": "deep", "kind": "PortVoyage", "value": "draught", "labels": {"code": "code"}})
    await subject.refresh()
    assert lines(subject) == ['port_deep{code="v1"} 7.5']
    world.upgrade(tmp_path, **{"name: draught, kind: Text": "name: draught, kind: Text, enum: ['7.5', deep]"})
    await subject.refresh()
    assert lines(subject) == [
        'port_deep{code="v1",draught="7.5"} 1',
        'port_deep{code="v1",draught="deep"} 0',
        'port_deep{code="v2",draught="7.5"} 0',
        'port_deep{code="v2",draught="deep"} 1',
    ]


async def test_a_reload_goes_on_from_what_was_held_and_reads_nothing_again() -> None:
    label = {"name": "tug", "kind": "PortTug", "value": 1, "labels": {"ship": "call_sign"}}
    subject, world = harbour(SHIPS, label)
    await subject.refresh()
    renamed = {**label, "name": "tugboat", "help": "Tugs.", "max_series": 9}
    successor = build_exporter(settings(renamed, SHIPS), source=world.source, environment={})
    await successor.resume(subject.handover())
    expected = [line.replace("port_tug{", "port_tugboat{") for line in lines(subject)]
    assert lines(successor) == sorted(expected)
    world.asked.clear()
    await world.change('PortTugCreate(data: {call_sign: {value: "gustav"}})')
    await successor.refresh()
    assert 'port_tugboat{ship="gustav"} 1' in lines(successor)
    assert 'port_ships{state="idle",kind="PortTug"} 2' in lines(successor)
    assert not [document for document in world.asked if "PortTanker" in document and "call_sign" in document]


async def test_what_was_published_is_there_after_a_restart_and_measures_the_first_read() -> None:
    subject, _ = harbour(SHIPS)
    await subject.refresh()
    other, _ = harbour(SHIPS)
    await other.resume(subject.handover())
    (status,) = other.status.entries
    assert (status.is_restored, status.nodes, status.published) == (True, 3, 3)
    assert lines(other) == lines(subject)
    await other.refresh()
    (status,) = other.status.entries
    assert (status.is_restored, status.success, lines(other)) == (False, True, lines(subject))


async def test_the_guard_counts_nodes_whatever_is_wanted_of_them() -> None:
    loading = {"name": "loading", "kind": "PortShip", "where": {"state": "sailing"}, "count": {"by": {}}}
    subject, world = harbour(loading, guard={"min_loss": 1, "max_loss_ratio": 0.5})
    await subject.refresh()
    dora = await world.find("PortTanker", "dora")
    await world.change(f'PortTankerUpdate(data: {{id: "{dora}", state: {{value: "idle"}}}})')
    await subject.refresh()
    assert lines(subject) == ["port_loading 0"]
    for kind, name in (("PortTanker", "dora"), ("PortTanker", "emil")):
        await world.change(f'{kind}Delete(data: {{id: "{await world.find(kind, name)}"}})')
    await subject.refresh()
    (status,) = subject.status.entries
    assert status.hold is not None
    assert (status.hold.published, status.hold.offered) == (3, 1)
    assert await subject.release("port_loading")
    assert (subject.status.entries[0].hold, lines(subject)) == (None, ["port_loading 0"])
