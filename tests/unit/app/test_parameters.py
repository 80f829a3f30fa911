"""Queries with variables: from the configuration, from the URL of a list, and of documents that lie in Infrahub."""

from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.adapters.memory import MemorySource
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.app.container import build_exporter
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.asking.stored import TEXT_BY_NAME
from infrahub_exporter.domain.errors import (
    BadParameterError,
    DerivationError,
    ExporterError,
    SourceUnavailableError,
    UnknownDiscoveryError,
)
from infrahub_exporter.domain.model import JSON, AttributeSchema, KindSchema
from infrahub_exporter.domain.publishing.limits import Limits
from tests.unit.app.test_exporter import until

pytestmark = pytest.mark.anyio
BY_SITE = """query Devices($site: String!, $roles: [String!] = null, $limit: Int = 9) {
  Device(site__name__value: $site, role__values: $roles, limit: $limit) { edges { node { id name { value } } } }
}"""
DEVICES = {"a1": ("paris", "edge"), "a2": ("paris", "core"), "b1": ("berlin", "edge")}


class Times:
    """Time that a test sets."""

    def __init__(self) -> None:
        self.now = 1000.0

    def wall(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now


class Devices:
    """An Infrahub that answers `BY_SITE`, and has it under the name `by-site`, too."""

    def __init__(self) -> None:
        self.devices = dict(DEVICES)
        self.stored: dict[str, str] = {"by-site": BY_SITE}
        self.asked: list[Mapping[str, JSON]] = []
        self.is_away = False
        self.source = MemorySource(answers={BY_SITE: self.answer, TEXT_BY_NAME: self.text})

    def answer(self, variables: Mapping[str, JSON]) -> Mapping[str, JSON]:
        if self.is_away:
            raise SourceUnavailableError("Infrahub is away")
        self.asked.append(variables)
        roles = variables.get("roles")
        edges: list[JSON] = [
            {"node": {"id": name, "name": {"value": name}}}
            for name, (site, role) in self.devices.items()
            if site == variables["site"] and (roles is None or (isinstance(roles, list) and role in roles))
        ]
        return {"Device": {"edges": edges}}

    def text(self, variables: Mapping[str, JSON]) -> Mapping[str, JSON]:
        text = self.stored.get(str(variables["name"]))
        edges: list[JSON] = [] if text is None else [{"node": {"query": {"value": text}}}]
        return {"CoreGraphQLQuery": {"edges": edges}}


def exporter(
    devices: Devices, spec: DiscoverySpec, *, clock: Times | None = None, limits: Limits | None = None
) -> Exporter:
    return Exporter(
        metrics=(),
        discoveries=(spec,),
        source=devices.source,
        clock=clock or Times(),
        poll_interval_seconds=3600.0,
        version="1",
        outline=outline,
        limits=limits,
        source_id="here",
    )


def from_file(**more: object) -> DiscoverySpec:
    spec = {
        "name": "d",
        "paths": ("/sd/d",),
        "target_field": "name",
        "document": BY_SITE,
        "refresh_interval_seconds": 3600.0,
        "declared": outline(BY_SITE).variables,
        **more,
    }
    return DiscoverySpec(**spec)  # type: ignore[arg-type]


def from_stored(**more: object) -> DiscoverySpec:
    return from_file(document=None, declared=(), stored="by-site", **more)


def targets(body: bytes) -> list[str]:
    groups: list[dict[str, list[str]]] = msgspec.json.decode(body)
    return [target for group in groups for target in group["targets"]]


@pytest.mark.parametrize("spec", [from_file(variables={"site": "paris"}), from_stored(variables={"site": "paris"})])
async def test_a_query_is_run_with_its_variables(spec: DiscoverySpec) -> None:
    devices = Devices()
    subject = exporter(devices, spec)
    await subject.refresh()
    assert targets(await subject.discovery("d")) == ["a1", "a2"]
    assert devices.asked == [{"site": "paris"}]


async def test_variables_are_brought_to_the_types_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "q.gql").write_text(BY_SITE, encoding="utf-8")
    query = {
        "file_path": "q.gql",
        "target_field": "name",
        "variables": {"site": "paris", "roles": "edge", "limit": "5"},
    }
    tree = {"infrahub": {"address": "http://a"}, "service_discovery": {"enabled": True, "queries": [query]}}
    devices = Devices()
    subject = build_exporter(parse_settings(tree, directory=tmp_path), source=devices.source)
    await subject.refresh()
    assert targets(await subject.discovery("q")) == ["a1"]
    assert devices.asked == [{"site": "paris", "roles": ["edge"], "limit": 5}]


BOTH = [
    from_file(parameters=("site", "roles"), variables={"roles": ["edge", "core"]}),
    from_stored(parameters=("site", "roles"), variables={"roles": ["edge", "core"]}),
]


@pytest.mark.parametrize("spec", BOTH)
async def test_each_set_of_parameters_has_a_list_of_its_own_that_is_kept_fresh(spec: DiscoverySpec) -> None:
    devices = Devices()
    async with exporter(devices, spec) as subject:
        assert subject.status.ready
        assert devices.asked == []
        assert targets(await subject.discovery("d", [("site", "paris")])) == ["a1", "a2"]
        assert targets(await subject.discovery("d", [("roles", "edge"), ("site", "paris")])) == ["a1"]
        assert targets(await subject.discovery("d", [("site", "paris"), ("roles", "edge"), ("roles", "core")])) == [
            "a1",
            "a2",
        ]
        assert targets(await subject.discovery("d", [("site", "berlin")])) == ["b1"]
        assert [entry.name for entry in subject.status.entries] == [
            "d?site=paris",
            "d?site=paris&roles=edge",
            "d?site=paris&roles=edge&roles=core",
            "d?site=berlin",
        ]
        asked = len(devices.asked)
        await subject.discovery("d", [("site", "paris")])
        assert len(devices.asked) == asked
        devices.devices["a3"] = ("paris", "edge")
        subject.hurry()
        await until(lambda: len(devices.asked) == asked + 4)
        assert targets(await subject.discovery("d", [("site", "paris")])) == ["a1", "a2", "a3"]
        assert b'name="d?site=berlin"' in subject.own_metrics_body()


async def test_a_list_is_told_as_its_url_writes_it(tmp_path: Path) -> None:
    document = "query Q($live: [Boolean!]! = [true]) { Device(live: $live) { edges { node { id name { value } } } } }"
    (tmp_path / "q.gql").write_text(document)
    query = {"name": "d", "file_path": str(tmp_path / "q.gql"), "parameters": ["live"], "target_field": "name"}
    settings = parse_settings(
        {
            "infrahub": {"address": "http://infrahub", "token": "x"},
            "service_discovery": {"enabled": True, "queries": [query]},
        }
    )
    answers: dict[str, JSON] = {"Device": {"edges": [{"node": {"id": "1", "name": {"value": "a1"}}}]}}
    source = MemorySource(answers={document: answers})
    async with build_exporter(settings, source=source, environment={}) as subject:
        await subject.discovery("d", [("live", "TRUE"), ("live", "false")])
        assert [entry.name for entry in subject.status.entries] == ["d", "d?live=true&live=false"]


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ([], "expected the parameter 'site', as in /sd/d?site=..."),
        ([("roles", "edge")], "expected the parameter 'site', as in /sd/d?site=..."),
        ([("sit", "paris")], "'sit' is no parameter of this list, did you mean 'site'?"),
        ([("x", "1"), ("site", "paris")], "'x' is no parameter of this list, expected one of site, roles, limit"),
        ([("site", "paris"), ("limit", "many")], "parameter 'limit': expected an integer (Int), got 'many'"),
        ([("site", "paris"), ("site", "berlin")], "parameter 'site': expected one value, got 2"),
    ],
)
@pytest.mark.parametrize("make", [from_file, from_stored])
async def test_a_bad_parameter_is_refused_and_leaves_no_list(
    make: Callable[..., DiscoverySpec], asked: list[tuple[str, str]], problem: str
) -> None:
    spec = make(parameters=("site", "roles", "limit"), variables={"roles": ["edge"], "limit": 9})
    async with exporter(Devices(), spec) as subject:
        with pytest.raises(BadParameterError) as caught:
            await subject.discovery("d", asked)
        assert str(caught.value) == problem
        assert subject.status.entries == ()
        if not asked:
            with pytest.raises(BadParameterError):
                subject.target_groups("d")


async def test_a_list_that_takes_no_parameters_refuses_them() -> None:
    subject = exporter(Devices(), from_file(variables={"site": "paris"}))
    await subject.refresh()
    with pytest.raises(BadParameterError, match=r"^'site' is no parameter of this list$"):
        await subject.discovery("d", [("site", "berlin")])
    with pytest.raises(UnknownDiscoveryError):
        await subject.discovery("e", [("site", "berlin")])


async def test_where_a_parameter_has_a_value_already_the_list_without_it_is_there_from_the_start() -> None:
    devices = Devices()
    subject = exporter(devices, from_file(parameters=("site",), variables={"site": "paris"}))
    assert not subject.status.ready
    await subject.refresh()
    assert targets(await subject.discovery("d")) == ["a1", "a2"]
    assert targets(await subject.discovery("d", [("site", "berlin")])) == ["b1"]


async def test_past_the_limit_a_list_that_is_not_used_makes_room_and_one_that_is_does_not() -> None:
    times, spec = Times(), from_file(parameters=("site",), refresh_interval_seconds=100.0)
    async with exporter(Devices(), spec, clock=times, limits=Limits(max_parameter_sets=2)) as subject:
        await subject.discovery("d", [("site", "paris")])
        times.now += 400.0
        await subject.discovery("d", [("site", "berlin")])
        with pytest.raises(SourceUnavailableError) as caught:
            await subject.discovery("d", [("site", "rome")])
        problem = "there are 2 lists for other parameters, limits.max_parameter_sets allows no more"
        assert str(caught.value) == problem
        times.now += 100.0
        assert targets(await subject.discovery("d", [("site", "rome")])) == []
        assert [entry.name for entry in subject.status.entries] == ["d?site=berlin", "d?site=rome"]
        assert b"site=paris" not in subject.own_metrics_body()


async def test_a_list_that_fails_keeps_its_last_good_one_and_one_that_never_was_good_has_the_reason() -> None:
    devices = Devices()
    async with exporter(devices, from_file(parameters=("site",))) as subject:
        assert targets(await subject.discovery("d", [("site", "paris")])) == ["a1", "a2"]
        devices.is_away = True
        await subject.refresh()
        assert targets(await subject.discovery("d", [("site", "paris")])) == ["a1", "a2"]
        with pytest.raises(SourceUnavailableError, match=r"^Infrahub is away$"):
            await subject.discovery("d", [("site", "berlin")])


async def test_a_reload_keeps_the_lists_of_parameters() -> None:
    devices = Devices()
    former, heir = (exporter(devices, from_file(parameters=("site",))) for _ in range(2))
    former.retire(heir.parts)
    async with former:
        await former.discovery("d", [("site", "paris")])
    await heir.resume(former.handover())
    devices.is_away = True
    async with heir:
        assert targets(await heir.discovery("d", [("site", "paris")])) == ["a1", "a2"]
    other = exporter(devices, from_file(parameters=("site",), label_mappings={"name": "name"}))
    former = exporter(devices, from_file(parameters=("site",)))
    former.retire(other.parts)
    devices.is_away = False
    async with former:
        await former.discovery("d", [("site", "paris")])
    await other.resume(former.handover())
    async with other:
        assert other.status.entries == ()


@pytest.mark.parametrize(
    ("variables", "stored", "problem"),
    [
        ({"site": "paris"}, {}, "Infrahub has no stored query 'by-site'"),
        ({}, {"by-site": BY_SITE}, "variables: expected a value for 'site' (String!), which the query declares"),
        (
            {"sites": "paris"},
            {"by-site": BY_SITE},
            "variables.sites: the query has no variable 'sites', did you mean 'site'?",
        ),
        (
            {"site": "paris", "limit": "many"},
            {"by-site": BY_SITE},
            "variables.limit: expected an integer (Int), got 'many'",
        ),
        ({"site": "paris"}, {"by-site": "{"}, "the query is no GraphQL: line 1, column 2: Expected Name, found <EOF>"),
    ],
)
async def test_a_stored_query_that_does_not_fit_is_a_failure(
    variables: dict[str, JSON], stored: dict[str, str], problem: str
) -> None:
    devices = Devices()
    devices.stored = stored
    subject = exporter(devices, from_stored(variables=variables))
    await subject.refresh()
    with pytest.raises(ExporterError) as caught:
        await subject.discovery("d")
    assert str(caught.value) == problem


async def test_a_stored_query_that_is_changed_in_infrahub_is_run_as_it_is_then() -> None:
    devices = Devices()
    subject = exporter(devices, from_stored(variables={"site": "paris"}))
    await subject.refresh()
    other = BY_SITE.replace("limit: $limit", "limit: $limit, offset: 0")
    devices.source.answers[other] = {"Device": {"edges": [{"node": {"id": "x", "name": {"value": "x"}}}]}}
    devices.stored["by-site"] = other
    await subject.refresh()
    assert targets(await subject.discovery("d")) == ["x"]


async def test_a_stored_query_that_asks_for_a_secret_is_not_run() -> None:
    devices = Devices()
    devices.stored["by-site"] = (
        "query ($site: String) { Device(name__value: $site) { edges { node { login { value } } } } }"
    )
    devices.source.schema = {
        "Device": KindSchema("Device", {"login": AttributeSchema("login", "Password")}, {}),
    }
    subject = exporter(devices, from_stored(variables={"site": "paris"}))
    for _ in range(2):
        await subject.refresh()
        with pytest.raises(DerivationError) as caught:
            await subject.discovery("d")
        problem = "the query asks for 'login' of Device, a Password: secrets are never exported"
        assert str(caught.value) == problem
    assert devices.asked == []
