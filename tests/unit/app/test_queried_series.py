"""Metrics by name whose rows are those of a query's answer: run when what it reads has changed, refused by name."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from infrahub_exporter.adapters.stores import MemoryStore
from infrahub_exporter.app.configuration.hashing import hash_of
from infrahub_exporter.app.container import Build, build_exporter
from infrahub_exporter.app.refreshing import succession
from infrahub_exporter.domain.access.webhooks import Touched
from infrahub_exporter.domain.asking.forms import Form
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.errors import ConfigError, DerivationError
from infrahub_exporter.domain.views.queried_series import rows_by_node
from tests.unit.app.test_series import Harbour, harbour, lines, settings

pytestmark = pytest.mark.anyio
VOYAGES = """query($codes: [String]) { PortVoyage(code__values: $codes) { edges { node { id
  code { value } late { value } grade { value } draught { value } sailed_at { value }
  ships { edges { node { __typename id call_sign { value } } } } } } } }"""
ALL = {"document": VOYAGES, "variables": {"codes": ["v1", "v2", "v3"]}}


def by_query(name: str, query: Mapping[str, Any] | None = None, **keys: Any) -> dict[str, Any]:
    return {"name": name, "query": ALL if query is None else query, **keys}


async def made(*series: Mapping[str, Any]) -> list[str]:
    subject, _ = harbour(*series)
    await subject.refresh()
    assert [str(entry.error) for entry in subject.status.entries if entry.error is not None] == []
    return lines(subject)


@pytest.mark.parametrize(
    ("keys", "expected"),
    [
        ({"value": "late", "labels": {"code": "code"}}, ['{code="v1"} 1', '{code="v2"} 0', '{code="v3"} 0']),
        ({"value": "draught", "labels": {"code": "code"}}, ['{code="v1"} 7.5']),
        (
            {"value": "sailed_at", "labels": {"code": "code"}},
            ['{code="v1"} 1772366400', '{code="v2"} 1772359200'],
        ),
        ({"count": {"by": {"grade": {"path": "grade", "default": "any"}}}}, ['{grade="any"} 2', '{grade="fast"} 1']),
        ({"sum": {"of": "draught"}}, [" 7.5"]),
        ({"missing": ["grade", "draught"]}, ['{field="draught"} 1', '{field="grade"} 2']),
        (
            {
                "rows": "PortVoyage[].ships[]",
                "where": {"^code": {"not": "v2"}},
                "value": {"path": "call_sign", "map": {"dora": 1}, "default": 0},
                "labels": {"voyage": "^code", "ship": "call_sign", "kind": "__typename"},
            },
            ['{voyage="v1",ship="dora",kind="PortTanker"} 1', '{voyage="v1",ship="fritz",kind="PortTug"} 0'],
        ),
    ],
)
async def test_a_query_s_rows_are_measured_as_those_of_a_kind(keys: dict[str, Any], expected: list[str]) -> None:
    assert await made(by_query("voyage", **keys)) == [f"port_voyage{each}" for each in expected]


@pytest.mark.parametrize(
    ("labels", "said"), [({"late": "late"}, "(late=false)"), ({}, "(no labels)")], ids=["a label", "no label"]
)
async def test_rows_of_equal_labels_are_counted_and_some_named_with_these(labels: dict[str, Any], said: str) -> None:
    subject, _ = harbour(by_query("voyage", value=1, labels=labels))
    await subject.refresh()
    (entry,) = subject.status.entries
    assert entry.skipped["duplicate"] == 3 - entry.published
    (example,) = entry.examples["duplicate"]
    assert example.partition(" ")[2] == said


async def test_what_has_no_value_is_counted_and_named() -> None:
    subject, _ = harbour(by_query("draught", value="draught", labels={"code": "code"}))
    await subject.refresh()
    (entry,) = subject.status.entries
    assert (entry.source, entry.name, entry.nodes, entry.published) == ("series", "port_draught", 3, 1)
    assert {reason: count for reason, count in entry.skipped.items() if count} == {"no_value": 2}
    assert [name.partition(" ")[0] for name in entry.examples["no_value"]] == ["PortVoyage", "PortVoyage"]


async def test_a_query_is_run_again_when_something_that_it_reads_has_changed() -> None:
    subject, world = harbour(by_query("late", value="late", labels={"code": "code"}))
    await subject.refresh()
    world.asked.clear()
    await subject.refresh()
    assert VOYAGES not in world.asked
    voyage = await world.find("PortVoyage", "v2")
    await world.change(f'PortVoyageUpdate(data: {{id: "{voyage}", late: {{value: true}}}})')
    await subject.refresh()
    assert world.asked.count(VOYAGES) == 1
    assert lines(subject) == ['port_late{code="v1"} 1', 'port_late{code="v2"} 1', 'port_late{code="v3"} 0']
    _, hurried = await subject._inventory.depending(Touched(frozenset({"PortVoyage"})))
    assert [each.status.name for each in hurried] == ["port_late"]
    assert await subject._inventory.depending(Touched(frozenset({"PortOwner"}))) == (False, ())


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"value": "lat"}, "value 'lat': no row of the query's answer contains it, did you mean 'late'?"),
        (
            {"value": 1, "labels": {"code": "cod"}, "where": {"lat": True}},
            (
                "labels.code 'cod': no row of the query's answer contains it, did you mean 'code'?; "
                "where 'lat': no row of the query's answer contains it, did you mean 'late'?"
            ),
        ),
        (
            {"rows": "PortVoyages[]", "value": 1},
            "rows 'PortVoyages[]': the query's answer has no 'PortVoyages', did you mean 'PortVoyage'?",
        ),
    ],
)
async def test_an_answer_that_does_not_fit_is_a_failure_that_says_why(keys: dict[str, Any], message: str) -> None:
    subject, _ = harbour(by_query("voyage", **keys))
    await subject.refresh()
    (entry,) = subject.status.entries
    assert (str(entry.error), subject.metrics_body()) == (message, None)


async def test_a_query_that_infrahub_refuses_is_a_failure_of_that_entry_alone() -> None:
    subject, _ = harbour(
        by_query("odd", {"document": "{ PortVoyage { edges { node { speed { value } } } } }"}, value=1),
        by_query("voyages", count={}),
    )
    await subject.refresh()
    odd, voyages = subject.status.entries
    assert "Cannot query field 'speed'" in str(odd.error)
    assert voyages.success
    assert lines(subject) == ["port_voyages 3"]


def test_one_node_may_have_so_many_rows() -> None:
    spec = SeriesSpec(name="ports", query=QuerySource(document="{ Ship }"), rows="Ship[].ports[]", value=1)
    answer: dict[str, Any] = {"Ship": {"edges": [{"node": {"id": "1", "ports": {"value": ["a", "b"]}}}]}}
    assert [len(rows) for rows in rows_by_node(spec, answer, [], most=2).values()] == [2]
    with pytest.raises(DerivationError) as raised:
        rows_by_node(spec, answer, [], most=1)
    assert str(raised.value) == "1 has more than 1 row (limits.max_rows_per_node)"


@pytest.mark.parametrize(
    ("keys", "fits"),
    [
        ({"value": Form(path="settings.mtu", default=1500)}, True),
        ({"value": 1, "where": {"settings.mtu": 9000}}, True),
        ({"missing": ("settings.mtu",)}, True),
        ({"value": 1, "labels": {"mtu": Form(path="settings.mtu", default="none")}}, True),
        ({"value": "settings.mtu"}, False),
        ({"value": 1, "labels": {"mtu": "settings.mtu"}}, False),
    ],
)
def test_a_key_of_json_need_not_be_there_where_it_is_only_looked_for(keys: dict[str, Any], *, fits: bool) -> None:
    spec = SeriesSpec(name="ports", query=QuerySource(document="{ Ship }"), **keys)
    answer: dict[str, Any] = {"Ship": {"edges": [{"node": {"id": "1", "settings": {"value": {"speed": 1}}}}]}}
    if fits:
        assert list(rows_by_node(spec, answer, ["settings.mtu"])) == ["1"]
    else:
        with pytest.raises(DerivationError, match=r"'settings\.mtu': no row of the query's answer contains it"):
            rows_by_node(spec, answer, ["settings.mtu"])


async def test_a_stored_query_is_read_from_infrahub_and_its_variables_are_settled_there() -> None:
    stored = {"stored": "late", "variables": {"codes": "v1"}}
    subject, world = harbour(by_query("late", stored, value="late", labels={"code": "code"}))
    await world.change(
        'CoreGraphQLQueryCreate(data: {name: {value: "late"}, query: {value: '
        '"query($codes: [String]) { PortVoyage(code__values: $codes) '
        '{ edges { node { code { value } late { value } } } } }"'
        "}})"
    )
    await subject.refresh()
    assert lines(subject) == ['port_late{code="v1"} 1']


async def test_a_reload_and_a_restart_go_on_from_what_was_there() -> None:
    late = by_query("late", value="late", labels={"code": "code"})
    subject, world = harbour(late)
    await subject.refresh()
    world.asked.clear()
    successor = build_exporter(settings(late), source=world.source, environment={})
    await successor.resume(subject.handover())
    assert lines(successor) == lines(subject)
    await successor.refresh()
    assert VOYAGES not in world.asked
    other = Harbour(late).exporter
    await other.resume(subject.handover())
    assert (lines(other), other.status.entries[0].is_restored) == (lines(subject), True)
    assert not await other.release("port_late"), "nothing is held"


async def test_the_guard_holds_a_list_of_rows_that_shrinks() -> None:
    late = by_query("late", value="late", labels={"code": "code"}, guard={"min_loss": 1, "max_loss_ratio": 0.1})
    subject, world = harbour(late)
    await subject.refresh()
    voyage = await world.find("PortVoyage", "v3")
    await world.change(f'PortVoyageDelete(data: {{id: "{voyage}"}})')
    await subject.refresh()
    assert len(lines(subject)) == 3
    assert await subject.release("port_late")
    assert len(lines(subject)) == 2


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "PortShip"}, "kind: expected one of kind and query, got both"),
        ({"query": None}, "kind: expected one of kind and query, got neither"),
        ({"query": {}}, "query: expected one of file_path, stored and document, got none of them"),
        (
            {"query": {"document": "{ a }", "stored": "b"}},
            "query: expected one of file_path, stored and document, got stored and document",
        ),
        (
            {"filters": {"code__value": "a"}},
            "filters: expected kind beside it: the filters of a query stand in its GraphQL",
        ),
        (
            {"value": None, "count": {"by": {"grade": "grade"}, "zeros": ["grade"]}},
            "count.zeros: expected kind beside it: what choices there are stands in the schema",
        ),
        (
            {"query": {"document": VOYAGES}},
            "query.variables: expected a value for 'codes' ([String]), which the query declares",
        ),
        (
            {"query": {"document": VOYAGES, "variables": {"code": 1}}},
            "query.variables.code: the query has no variable 'code', did you mean 'codes'?",
        ),
        (
            {"query": {"file_path": "gone.gql"}},
            (
                "query.file_path: expected a GraphQL file, beside the configuration or in the working directory, "
                "got 'gone.gql' (No such file or directory)"
            ),
        ),
    ],
)
def test_what_cannot_be_is_refused_by_name(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        settings({"name": "voyage", "query": ALL, "value": 1, **entry})
    assert str(raised.value) == f"settings: metrics.series[0].{message}"


def test_what_is_no_query_is_refused_where_it_stands() -> None:
    with pytest.raises(ConfigError, match=r"metrics\.series\[0\]\.query: "):
        Build(settings(by_query("voyage", {"document": "{ PortVoyage {"}, value=1)))


def test_a_file_is_part_of_what_configurations_are_compared_by(tmp_path: Path) -> None:
    file = tmp_path / "voyages.gql"
    hashes = []
    for text in ("{ PortVoyage { edges { node { id } } } }", "{ PortTug { edges { node { id } } } }"):
        file.write_text(text, encoding="utf-8")
        hashes.append(hash_of(settings(by_query("voyage", {"file_path": str(file)}, value=1))))
    assert hashes[0] != hashes[1]


async def test_what_is_kept_in_a_store_is_served_after_a_restart() -> None:
    late = by_query("late", value="late", labels={"code": "code"})
    subject, _ = harbour(late)
    await subject.refresh()
    saved = succession.saved(subject._inventory.entries, "x")
    store = MemoryStore()
    await store.save(saved)
    other, _ = harbour(late)
    kept = await store.load()
    assert kept is not None
    assert await other._inventory.restore(kept) == 1
    assert lines(other) == lines(subject)
