"""Attributes that the schema calls passwords: no way of asking brings one out, and each says why."""

from collections.abc import Mapping
from pathlib import Path

import anyio
import bcrypt
import pytest

from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.errors import ExporterError

CLEAR = "distinctive-clear"
HASH = bcrypt.hashpw(b"x", bcrypt.gensalt(4)).decode()
NEVER = "secrets are never exported"
SCHEMA = """
version: "1.0"
generics:
  - name: Lockable
    namespace: Net
    attributes:
      - {name: label, kind: Text, optional: true}
      - {name: pin, kind: Password, optional: true}
nodes:
  - name: Router
    namespace: Net
    inherit_from: [NetLockable]
    human_friendly_id: [name__value]
    attributes:
      - {name: name, kind: Text, unique: true}
      - {name: login, kind: Password}
      - {name: hashed, kind: HashedPassword}
    relationships:
      - {name: other, peer: NetRouter, kind: Attribute, cardinality: one, optional: true, identifier: other}
      - {name: locks, peer: NetLockable, kind: Generic, cardinality: many, optional: true, identifier: locks}
      - {name: door, peer: NetLockable, kind: Generic, cardinality: one, optional: true, identifier: door}
  - name: Spy
    namespace: Net
    human_friendly_id: [code__value]
    display_label: "{{ name__value }} {{ code__value }}"
    attributes:
      - {name: code, kind: Password, unique: true}
      - {name: name, kind: Text}
    relationships:
      - {name: router, peer: NetRouter, kind: Attribute, cardinality: one, optional: true, identifier: router}
  - name: Badge
    namespace: Net
    human_friendly_id: [spy__code__value, name__value]
    attributes: [{name: name, kind: Text}]
    relationships:
      - {name: spy, peer: NetSpy, kind: Attribute, cardinality: one, optional: false, identifier: badge}
  - name: Agency
    namespace: Net
    attributes: [{name: name, kind: Text}]
    relationships:
      - {name: spy, peer: NetSpy, kind: Attribute, cardinality: one, optional: true, identifier: spy}
      - {name: spies, peer: NetSpy, kind: Generic, cardinality: many, optional: true, identifier: spies}
"""
OBJECTS = f"""
apiVersion: infrahub.app/v1
kind: Object
spec:
  kind: NetRouter
  data:
    - {{name: r1, login: {CLEAR}, hashed: "{HASH}", pin: {CLEAR}}}
    - {{name: r2, login: {CLEAR}, hashed: "{HASH}", pin: {CLEAR}, other: [r1]}}
---
apiVersion: infrahub.app/v1
kind: Object
spec: {{kind: NetSpy, data: [{{code: {CLEAR}, name: s1, router: [r1]}}]}}
---
apiVersion: infrahub.app/v1
kind: Object
spec: {{kind: NetBadge, data: [{{name: b1, spy: [{CLEAR}]}}]}}
---
apiVersion: infrahub.app/v1
kind: Object
spec: {{kind: NetAgency, data: [{{name: a1, spy: [{CLEAR}], spies: [[{CLEAR}]]}}]}}
"""
PATHS = [
    *("login", "login.value", "hashed", "pin", "login.updated_at", "login.is_default"),
    *("other.login", "other.node.login.value", "other.other.hashed", "other.pin"),
    *("locks[].pin", "locks.edges.node.pin.value", "door.pin", "door.node.pin.value", "other.locks[].pin"),
]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "schema.yml").write_text(SCHEMA, encoding="utf-8")
    (tmp_path / "objects.yml").write_text(OBJECTS, encoding="utf-8")
    return tmp_path


def refreshed(
    folder: Path,
    *,
    kinds: list[object] | None = None,
    queries: list[object] | None = None,
    series: list[object] | None = None,
    uncovered: list[object] | None = None,
) -> Exporter:
    tree = {
        "infrahub": {"embedded": {"schema": ["schema.yml"], "objects": ["objects.yml"]}},
        "metrics": {"kind": kinds or [], "series": series or []},
        "service_discovery": {"enabled": True, "queries": queries or [], "uncovered": uncovered or []},
    }
    exporter = build_exporter(parse_settings(tree, directory=folder), environment={})
    anyio.run(exporter.refresh)
    return exporter


def errors(exporter: Exporter) -> list[str]:
    """Return the errors of all entries, after a look that nothing shows a secret."""
    served = [exporter.metrics_text(), repr(exporter.status), repr(exporter.snapshot)]
    served += [listed(exporter, spec.name) for spec in exporter.discoveries]
    assert CLEAR not in "".join(served)
    assert "$2b$" not in "".join(served)
    return [str(entry.error) for entry in exporter.status.entries]


def listed(exporter: Exporter, name: str) -> str:
    try:
        return repr(exporter.target_groups(name))
    except ExporterError as error:
        return str(error)


@pytest.mark.parametrize("path", PATHS)
def test_a_path_to_a_password_is_refused_as_a_label_of_a_metric(folder: Path, path: str) -> None:
    kinds = [{"kind": "NetRouter", "include": ["name", path]}, {"kind": "NetRouter", "include": ["name"]}]
    refused, well = errors(refreshed(folder, kinds=list(kinds)))
    assert refused.endswith(NEVER)
    assert well == "None"


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("place", ["target_field", "port_field", "label_mappings"])
def test_and_in_every_place_of_a_discovery_by_kind(folder: Path, place: str, path: str) -> None:
    query = {"kind": "NetRouter", "target_field": "name", place: {"x": path} if place == "label_mappings" else path}
    (refused,) = errors(refreshed(folder, queries=[query]))
    assert refused.endswith(NEVER)


CHOOSING: list[Mapping[str, object]] = [
    *[{key: {path: CLEAR}} for key in ("where", "exclude") for path in ("login", "other.login", "locks[].pin")],
    {"where": {"login": {"matches": "distinctive.*"}}},
    {"where": {"login": {"present": True}}},
    {"match": {"name": "login"}},
    {"match": {"login": "name"}},
    {"rows": "other", "where": {"^login": CLEAR}},
    {"rows": "locks[]", "where": {"pin": CLEAR}},
    {"rows": "locks[pin=x]"},
]


@pytest.mark.parametrize("choosing", CHOOSING)
def test_no_row_is_chosen_by_one(folder: Path, choosing: Mapping[str, object]) -> None:
    counted = {"name": "routers_number", "kind": "NetRouter", "count": {"by": {"x": "id"}}, **choosing}
    (refused,) = errors(refreshed(folder, series=[counted]))
    assert NEVER in refused
    query = {"kind": "NetRouter", "target_field": "id", **choosing}
    (refused,) = errors(refreshed(folder, queries=[query]))
    assert NEVER in refused


@pytest.mark.parametrize("path", ["login", "hashed", "other.login", "locks[].pin", "door.pin"])
@pytest.mark.parametrize("rows", [None, "other"])
def test_nothing_is_measured_of_one(folder: Path, path: str, rows: str | None) -> None:
    at = path if rows is None else f"^{path}"
    entries: list[dict[str, object]] = [
        {"value": at},
        {"value": at, "state_label": "state"},
        {"value": 1, "labels": {"x": at}},
        {"count": {"by": {"x": at}}},
        {"sum": {"of": at, "by": {"x": "id"}}},
        {"missing": [at]},
    ]
    series = [
        {"name": f"n{number}", "kind": "NetRouter", **each, **({} if rows is None else {"rows": rows})}
        for number, each in enumerate(entries)
    ]
    assert [NEVER in each for each in errors(refreshed(folder, series=list(series)))] == [True] * len(entries)


@pytest.mark.parametrize("path", ["pin", "pin.value"])
def test_a_generic_kind_keeps_them_as_well(folder: Path, path: str) -> None:
    query = {"kind": "NetLockable", "target_field": "id", "label_mappings": {"x": path}}
    exporter = refreshed(folder, kinds=[{"kind": "NetLockable", "include": [path]}], queries=[query])
    assert all(error.endswith(NEVER) for error in errors(exporter))


@pytest.mark.parametrize(
    "filters",
    [{"login__value": CLEAR}, {"hashed__values": [HASH]}, {"pin__isnull": True}, {"other__login__value": CLEAR}],
)
def test_a_filter_by_a_password_is_refused(folder: Path, filters: dict[str, object]) -> None:
    query = {"kind": "NetRouter", "target_field": "name", "filters": filters}
    exporter = refreshed(folder, kinds=[{"kind": "NetRouter", "filters": filters}], queries=[query])
    assert all(error.endswith("secrets are never asked for") for error in errors(exporter))


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("NetSpy", "name"),
        ("NetAgency", "spy"),
        ("NetAgency", "spies[]"),
        ("NetAgency", "spy.hfid"),
        ("NetAgency", "spy.display_label"),
    ],
)
def test_a_name_that_is_made_of_a_password_is_a_password(folder: Path, kind: str, path: str) -> None:
    query = {"kind": kind, "target_field": "name", "label_mappings": {"x": path}}
    exporter = refreshed(folder, kinds=[{"kind": kind, "include": [path]}], queries=[query])
    assert all(error.endswith(NEVER) for error in errors(exporter))


def test_what_shows_no_such_name_is_well(folder: Path) -> None:
    kinds = [{"kind": "NetAgency", "include": ["name", "spy.name"]}, {"kind": "NetRouter", "include": ["name"]}]
    assert errors(refreshed(folder, kinds=list(kinds))) == ["None", "None"]


DOCUMENTS = {
    "plain": "{ NetRouter { edges { node { NODE login { value } } } } }",
    "hashed": "query Q { NetRouter { edges { node { NODE hashed { value } } } } }",
    "alias": "{ r: NetRouter { e: edges { n: node { NODE name { value } x: login { v: value } } } } }",
    "over a to-one": "{ NetRouter { edges { node { NODE other { node { login { value } } } } } } }",
    "over a to-many": "{ NetRouter { edges { node { NODE locks { edges { node { pin { value } } } } } } } }",
    "inline": "{ NetRouter { edges { node { NODE ... on NetRouter { login { value } } } } } }",
    "inline, no type": "{ NetRouter { edges { node { NODE ... @include(if: true) { login { value } } } } } }",
    "a fragment": (
        "query { NetRouter { edges { node { NODE ...F } } } } fragment F on NetRouter { name { value } ...G } "
        "fragment G on NetRouter { login { value } }"
    ),
    "a fragment on edges": (
        "{ NetRouter { ...P } } fragment P on PaginatedNetRouter { edges { node { NODE login { value } } } }"
    ),
    "a generic": "{ NetLockable { edges { node { id pin { value } } } } }",
    "a concrete one of a generic": "{ NetLockable { edges { node { id ... on NetRouter { login { value } } } } } }",
    "any node": "{ CoreNode { edges { node { id ... on NetRouter { login { value } } } } } }",
    "any node through a generic": ("{ CoreNode { edges { node { id ... on NetLockable { pin { value } } } } } }"),
    "beside what is no kind": "{ InfrahubInfo { version } NetRouter { edges { node { NODE login { value } } } } }",
    "a property": "{ NetRouter { edges { node { NODE login { is_default } } } } }",
    "a filter": '{ NetRouter(login__value: "distinctive-clear") { edges { node { NODE } } } }',
    "a filter by a variable": (
        'query Q($x: String = "distinctive-clear") { NetRouter(login__value: $x) { edges { node { NODE } } } }'
    ),
    "a filter over a relation": '{ NetRouter(other__login__value: "x") { edges { node { NODE } } } }',
    "names": "{ NetSpy { edges { node { NODE hfid } } } }",
    "names over a relation": "{ NetBadge { edges { node { NODE name { value } hfid } } } }",
    "labels": "{ NetAgency { edges { node { NODE spy { node { display_label } } } } } }",
}


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_document_brings_a_password_out(folder: Path, name: str) -> None:
    (folder / "raw.gql").write_text(DOCUMENTS[name].replace("NODE", "id __typename"), encoding="utf-8")
    labels = {
        "a": "login.value",
        "b": "x.v",
        "c": "other.node.login.value",
        "d": "locks[].pin",
        "e": "pin",
        "f": "hfid",
    }
    query = {"file_path": "raw.gql", "target_field": "id", "label_mappings": labels}
    (refused,) = errors(refreshed(folder, queries=[query]))
    assert refused.endswith(NEVER)


def test_a_document_without_them_is_run(folder: Path) -> None:
    (folder / "raw.gql").write_text("{ NetRouter { edges { node { id name { value } } } } }", encoding="utf-8")
    exporter = refreshed(folder, queries=[{"file_path": "raw.gql", "target_field": "name"}])
    assert errors(exporter) == ["None"]
    assert [group.targets for group in exporter.target_groups("raw")] == [("r1",), ("r2",)]
