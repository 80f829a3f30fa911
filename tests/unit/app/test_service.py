"""A service whose configuration is loaded again while it serves."""

import gc
import logging
import os
import threading
import time
import weakref
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import anyio
import bcrypt
import pytest
import yaml
from litestar.testing import TestClient

from infrahub_exporter.app.configuration.settings import load_settings, parse_settings
from infrahub_exporter.app.exporter import Exporter
from infrahub_exporter.app.refreshing.background import Background
from infrahub_exporter.app.serving.server import CONFIG_VARIABLE, create_app
from infrahub_exporter.app.serving.service import Origin, Service
from infrahub_exporter.domain.errors import ConfigError

SCHEMA = """
version: "1.0"
nodes:
  - {name: Thing, namespace: Test, attributes: [{name: name, kind: Text, unique: true}]}
  - {name: Other, namespace: Test, attributes: [{name: name, kind: Text, unique: true}]}
"""
OBJECTS = """
apiVersion: infrahub.app/v1
kind: Object
spec: {kind: KIND, data: [{name: first}, {name: second}]}
"""
QUERY = "query { TestThing { edges { node { name { value } } } } }"
TOKEN = "distinctive-operator-token"


class Installation:
    """A configuration with its files, and the service over it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.path = folder / "config.yml"
        self._written = 0
        self.write("schema.yml", SCHEMA)
        self.write("objects.yml", "---".join(OBJECTS.replace("KIND", kind) for kind in ("TestThing", "TestOther")))
        self.write("things.gql", QUERY)
        self.tree: dict[str, object] = {
            "infrahub": {"embedded": {"schema": ["schema.yml"], "objects": ["objects.yml"]}},
            "poll_interval_seconds": 3600,
            "metrics": {"kind": [{"kind": "TestThing", "include": ["name"]}]},
            "service_discovery": {
                "enabled": True,
                "queries": [
                    {"file_path": "things.gql", "target_field": "name"},
                    {"name": "others", "kind": "TestOther", "target_field": "name"},
                ],
            },
        }
        self.save()

    def write(self, name: str, text: str) -> None:
        """Write a file, newer than all before."""
        path = self.folder / name
        path.write_text(text, encoding="utf-8")
        self._written += 1
        os.utime(path, (self._written, self._written))

    def save(self, **changes: object) -> None:
        self.tree.update(changes)
        self.write("config.yml", yaml.safe_dump(self.tree))


class Running:
    """A service that runs."""

    def __init__(self, service: Service, client: TestClient[Service]) -> None:
        self.service = service
        self.client = client

    def reload(self) -> None:
        self.client.blocking_portal.call(self.service.reload)

    def call(self, function: Callable[[], object]) -> None:
        self.client.blocking_portal.call(function)

    def get(self, path: str) -> str:
        answer = self.client.get(path)
        return answer.text if answer.status_code == 200 else str(answer.status_code)

    def until(self, condition: Callable[[], bool]) -> None:
        deadline = time.monotonic() + 10
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.02)  # the service works in the background: there is nothing to wait on but its outcome

    def becomes_ready(self) -> None:
        self.until(lambda: self.client.get("/-/ready").status_code == 200)


@pytest.fixture
def installation(tmp_path: Path) -> Installation:
    return Installation(tmp_path)


@pytest.fixture
def running(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> Iterator[Running]:
    monkeypatch.setenv(CONFIG_VARIABLE, str(installation.path))
    gc.freeze()  # as the command does: each reload ends with a collection
    service = create_app()
    with TestClient(service) as client:
        subject = Running(service, client)
        subject.becomes_ready()
        yield subject
    gc.unfreeze()


def objects() -> int:
    """Count what lives, once all that nobody holds is gone."""
    gc.collect()
    return len(gc.get_objects())


def published(text: str) -> list[str]:
    return sorted(line for line in text.splitlines() if line.startswith("infrahub_test"))


def test_a_reload_that_changes_nothing_keeps_data_and_caches(running: Running) -> None:
    before = running.get("/metrics"), running.get("/sd/things"), running.get("/sd/others")
    former = running.service.exporter
    running.reload()
    running.until(lambda: running.service.exporter is not former)
    assert published(running.get("/metrics")) == published(before[0])
    assert (running.get("/sd/things"), running.get("/sd/others")) == before[1:]
    assert len(published(before[0])) == 2
    held, query = former._inventory.entries.metrics[0].derived, former._inventory.entries.queries[0]
    view, ran_at = held._view, query._document._ran_at
    running.call(running.service.exporter.refresh)
    inventory = running.service.exporter._inventory
    assert inventory.entries.metrics[0].derived._view is view, "nothing was read again"
    assert inventory.entries.queries[0]._document._ran_at == ran_at
    assert [entry.success for entry in running.service.exporter.status.entries] == [True] * 3


def test_former_generations_are_let_go(running: Running) -> None:
    former = weakref.ref(running.service.exporter)
    running.reload()
    running.reload()
    running.becomes_ready()
    before = objects()
    assert former() is None
    for _ in range(20):
        running.reload()
    running.becomes_ready()
    running.until(lambda: objects() - before < 2000)  # what a request under way is made of goes with it


def test_former_generations_do_not_wait_for_others_to_be_let_go(running: Running) -> None:
    former = []
    gc.collect()
    gc.disable()  # it would come by only when some twenty of them lie about
    try:
        for _ in range(6):
            former.append(weakref.ref(running.service.exporter))
            running.reload()
        running.until(lambda: not any(each() is not None for each in former))
    finally:
        gc.enable()


def metrics(include: list[str]) -> dict[str, object]:
    return {
        "kind": [{"kind": "TestThing", "include": include, "max_series": 10}],
        "series": [
            {"name": "others", "kind": "TestOther", "count": {}},
            {"name": "queried", "query": {"file_path": "things.gql"}, "missing": ["name"]},
        ],
    }


EVERY_SORT: dict[str, object] = {
    "metrics": metrics(["name"]),
    "collectors": {"branches": True},
    "service_discovery": {
        "enabled": True,
        "queries": [
            {"file_path": "things.gql", "target_field": "name", "file": "things.json"},
            {"file_path": "named.gql", "target_field": "name", "parameters": ["name"]},
            {"name": "others", "kind": "TestOther", "target_field": "name", "file": "others.json"},
            {"name": "grouped", "kind": "CoreStandardGroup", "rows": "members[TestThing]", "target_field": "name"},
        ],
        "uncovered": [{"kind": "TestThing"}],
    },
}


def generation(exporter: Exporter) -> tuple[object, ...]:
    """Name the objects that one configuration was built to and that show what is read."""
    inventory = exporter._inventory
    kinds, series = inventory.entries.metrics
    entries: tuple[object, ...] = (
        kinds,
        series,
        *inventory.entries.queried,
        *inventory.entries.collectors,
        *inventory.entries.by_kind,
        *inventory.entries.own_queries,
    )
    entries += (*inventory.entries.sets.values(), *inventory.entries.sets["named"].entries, *inventory.entries.to_cover)
    assert len({type(each) for each in entries}) == 8
    return (exporter, inventory, inventory._rounds, exporter._text, *entries)


def living() -> Counter[str]:
    """Count what lives of the exporter, by class; readings and their rows stay and are not of a configuration."""
    gc.collect()
    kinds = (type(each) for each in gc.get_objects())
    named = (f"{kind.__module__}.{kind.__qualname__}" for kind in kinds)
    return Counter(name for name in named if name.startswith(("infrahub_exporter.app.", "infrahub_exporter.domain.")))


def test_over_200_reloads_nothing_of_a_former_generation_lives(running: Running, installation: Installation) -> None:
    installation.write(
        "named.gql", f"query($name: String) {QUERY[6:].replace('TestThing', 'TestThing(name__value: $name)')}"
    )
    installation.save(**EVERY_SORT)
    running.reload()
    running.becomes_ready()
    assert "first" in running.get("/sd/named?name=first")
    former: list[weakref.ref[object]] = []
    before = Counter[str]()
    for number in range(200):
        former += map(weakref.ref, generation(running.service.exporter))
        if number % 50 == 0:  # one that reads other columns of the same rows
            include = ["name", "display_label"] if number % 100 else ["name"]
            installation.save(metrics=metrics(include))
        running.reload()
        if number == 0:
            running.becomes_ready()
            before = living()
    running.becomes_ready()

    def are_gone() -> bool:
        gc.collect()
        return not any(each() is not None for each in former)

    running.until(are_gone)  # the last one may be ending just now
    grown = living() - before
    assert max(grown.values(), default=0) < 20, "one of each reload would be 199"
    inventory = running.service.exporter._inventory
    shown = len(inventory.entries.metrics) + len(inventory.entries.by_kind) + len(inventory.entries.to_cover)
    assert len(inventory._pool._following._replica.views) == shown, "nobody shows what the others showed"


def test_a_kind_that_is_added_is_read_and_what_is_taken_away_is_gone(
    running: Running, installation: Installation
) -> None:
    installation.save(
        metrics={"kind": [{"kind": "TestOther", "include": ["name"]}, {"kind": "TestThing", "include": ["name"]}]},
        service_discovery={"enabled": True, "queries": [{"name": "new", "kind": "TestThing", "target_field": "name"}]},
    )
    running.reload()
    assert "infrahub_testthing_info" in running.get("/metrics"), "it was there all the time"
    running.until(lambda: len(published(running.get("/metrics"))) == 4)
    assert running.get("/sd/new").count("__meta_infrahub_id") == 2
    assert running.get("/sd/things") == running.get("/sd/others") == "404"

    installation.save(metrics={"kind": []})
    running.reload()
    running.until(lambda: not published(running.get("/metrics")))


def test_a_query_file_that_changed_is_read_again(running: Running, installation: Installation) -> None:
    assert "first" in running.get("/sd/things")
    installation.write("things.gql", QUERY.replace("TestThing", 'TestThing(name__value: "second")'))
    running.reload()
    running.until(lambda: "first" not in running.get("/sd/things"))
    assert "second" in running.get("/sd/things")


def test_each_signal_is_told_what_became_of_it_and_others_that_something_is_new(
    running: Running, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    def told() -> int:
        return sum("cannot be reloaded" in message for message in caplog.messages)

    installation.write("config.yml", "pol_interval_seconds: 1\n")
    for _ in range(2):
        with pytest.raises(ConfigError):
            running.reload()
    assert told() == 1
    for number in (2, 3):
        running.call(running.service.reload_soon)
        running.until(lambda number=number: told() == number)  # type: ignore[misc]


def test_objects_that_changed_are_read_anew_and_until_then_the_old_data_stays(
    running: Running, installation: Installation
) -> None:
    installation.write("objects.yml", OBJECTS.replace("KIND", "TestThing").replace("second", "third"))
    running.reload()
    assert len(published(running.get("/metrics"))) == 2
    running.until(lambda: "third" in running.get("/metrics"))


def test_a_bad_file_keeps_the_old_configuration_and_says_why(
    running: Running, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    metric = "infrahub_exporter_config_last_reload_successful"
    assert f"{metric} 1.0" in running.get("/metrics")
    installation.write("config.yml", "pol_interval_seconds: 1\n")
    with pytest.raises(ConfigError, match=r"config\.yml: pol_interval_seconds: unknown key"):
        running.reload()
    assert f"{metric} 0.0" in running.get("/metrics")
    assert len(published(running.get("/metrics"))) == 2
    assert [record.levelname for record in caplog.records if "cannot be reloaded" in record.message] == ["ERROR"]

    installation.save()
    running.reload()
    running.until(lambda: f"{metric} 1.0" in running.get("/metrics"))


def test_the_configuration_in_use_has_a_hash_that_a_change_changes_and_a_bad_file_does_not(
    running: Running, installation: Installation
) -> None:
    def told() -> str:
        return next(
            line for line in running.get("/-/metrics").splitlines() if "config_hash " in line and line[0] != "#"
        )

    before = told()
    installation.write("config.yml", "pol_interval_seconds: 1\n")
    with pytest.raises(ConfigError):
        running.reload()
    assert told() == before
    installation.save(reload_on_change=True)
    running.reload()
    assert told() != before
    installation.save(reload_on_change=False)
    running.reload()
    assert told() == before
    installation.write("things.gql", QUERY.replace("TestThing", 'TestThing(name__value: "second")'))
    running.reload()
    assert told() != before


def test_many_reloads_at_once_are_all_answered(running: Running) -> None:
    async def reload_thrice() -> None:
        async with anyio.create_task_group() as tasks:
            for _ in range(3):
                tasks.start_soon(running.service.reload)

    running.call(reload_thrice)
    running.becomes_ready()


def test_a_file_that_changes_is_noticed_where_that_is_wanted(running: Running, installation: Installation) -> None:
    installation.save(reload_on_change=True)
    running.reload()
    installation.write("things.gql", QUERY.replace("TestThing", 'TestThing(name__value: "second")'))
    running.until(lambda: "first" not in running.get("/sd/things"))


def test_a_file_that_changes_while_the_configuration_is_loaded_is_noticed(
    running: Running, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installation.save(reload_on_change=True)
    running.reload()
    build = running.service._build

    def builds(*given: object) -> object:
        generation = build(*given)  # type: ignore[arg-type]
        monkeypatch.undo()
        installation.write("things.gql", QUERY.replace("TestThing", 'TestThing(name__value: "second")'))
        return generation

    monkeypatch.setattr(running.service, "_build", builds)
    installation.write("things.gql", QUERY + "\n")
    running.until(lambda: "first" not in running.get("/sd/things"))


def test_a_new_file_that_is_mended_is_noticed_though_no_configuration_in_use_names_it(
    running: Running, installation: Installation
) -> None:
    installation.save(reload_on_change=True)
    running.reload()
    installation.write("new.gql", "{")
    queries = [{"file_path": "new.gql", "target_field": "name"}]
    installation.save(service_discovery={"enabled": True, "queries": queries})
    running.until(lambda: running.service._config.error is not None)
    installation.write("new.gql", QUERY)
    running.until(lambda: "first" in running.get("/sd/new"))


def test_what_nobody_foresaw_in_a_reload_leaves_the_old_configuration_in_use(
    running: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(running.service, "_build", breaks)
    with pytest.raises(ConfigError, match="ZeroDivisionError"):
        running.reload()
    monkeypatch.undo()
    assert len(published(running.get("/metrics"))) == 2
    running.reload()


def test_what_nobody_foresaw_in_handing_over_ends_the_service_visibly(
    installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def breaks(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setenv(CONFIG_VARIABLE, str(installation.path))
    monkeypatch.setattr(Exporter, "resume", breaks)
    service = create_app()
    ended = threading.Event()
    service.ended = ended.set
    client = TestClient(service)
    client.__enter__()
    client.blocking_portal.call(service.reload_soon)
    assert ended.wait(10)
    assert service.has_died
    with pytest.raises(BaseException, match="unhandled errors"):
        client.__exit__(None, None, None)


def test_users_tokens_and_the_operator_s_paths_come_and_go_with_a_reload(
    running: Running, installation: Installation
) -> None:
    assert running.client.post("/-/refresh").status_code == 404
    hash_ = bcrypt.hashpw(b"distinctive-password", bcrypt.gensalt(4)).decode()
    installation.save(web={"basic_users": {"ann": hash_}, "bearer_tokens": [TOKEN], "admin": {"enabled": True}})
    running.reload()
    running.until(lambda: running.get("/metrics") == "401")
    assert [running.get(path) for path in ("/", "/-/healthy", "/-/ready")] == ["OK"] * 3
    assert running.get("/nothing") == "401"
    html = {"Accept": "text/html"}
    assert running.client.get("/", headers=html).status_code == 401, "the page is not open, unlike the health check"
    assert "<h1" in running.client.get("/", headers=html, auth=("ann", "distinctive-password")).text
    assert running.client.get("/metrics", auth=("ann", "distinctive-password")).status_code == 200
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    assert running.client.get("/sd/things", headers=bearer).status_code == 200
    assert running.client.post("/-/refresh", headers=bearer).status_code == 202
    assert running.client.post("/-/release/TestThing", headers=bearer).json() == {"released": False}
    assert running.client.post("/-/release/nobody", headers=bearer).status_code == 404
    lock = running.service._generation.lock
    assert running.client.post("/-/reload", headers=bearer).json() == {"reloaded": True}
    assert running.service._generation.lock is lock, "who guessed is still known"

    installation.write("config.yml", "metrics: 1\n")
    refused = running.client.post("/-/reload", headers=bearer)
    assert refused.status_code == 422
    assert "config.yml: infrahub: expected a mapping" in refused.json()["detail"]

    answers = {running.client.post("/-/reload", headers=bearer).status_code for _ in range(5)}
    assert 429 in answers, "a reload is no way around the limit on reloads"

    installation.save(web={})
    running.reload()
    running.until(lambda: running.get("/metrics") != "401")


def test_what_takes_a_restart_is_said(
    running: Running, installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        installation.save(listen_port=9999)
        running.reload()
    assert [record.message for record in caplog.records] == ["listen_port has changed: that takes a restart"]


def test_a_browser_gets_the_status_page_and_others_ok(running: Running) -> None:
    page = running.client.get("/", headers={"Accept": "text/html"})
    assert "TestThing" in page.text
    assert "style-src 'sha256-" in page.headers["content-security-policy"]
    assert running.get("/") == "OK"


def test_settings_that_a_program_made_cannot_be_reloaded(installation: Installation) -> None:
    service = create_app(parse_settings(installation.tree, directory=installation.folder))
    with TestClient(service) as client, pytest.raises(ConfigError, match="handed over by a program"):
        client.blocking_portal.call(service.reload)


@pytest.mark.parametrize("exits", [True, False])
def test_a_dead_loop_ends_the_service_where_that_is_wanted(
    installation: Installation, monkeypatch: pytest.MonkeyPatch, *, exits: bool
) -> None:
    async def dies(_loops: Background) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(Background, "round", dies)
    ended: list[str] = []
    settings = parse_settings({**installation.tree, "exit_on_dead_loop": exits}, directory=installation.folder)
    service = create_app(settings)
    service.ended = partial(ended.append, "ended")
    with TestClient(service) as client:
        running = Running(service, client)
        running.until(lambda: bool(service.exporter.status.dead))
        running.call(anyio.wait_all_tasks_blocked)
        assert client.get("/-/ready").status_code == 503
        assert "these loops have died: rounds" in client.get("/-/ready").text
    assert (ended, service.has_died) == ((["ended"], True) if exits else ([], False))


def test_what_lies_outside_hears_of_new_settings_beside_the_event_loop(installation: Installation) -> None:
    threads: list[int] = []
    load = partial(load_settings, installation.path, {})
    service = Service(load(), Origin(load, installation.path, lambda _: threads.append(threading.get_ident())))
    with TestClient(service) as client:
        Running(service, client).reload()
        loop = client.blocking_portal.call(threading.get_ident)
    assert (len(threads), loop in threads) == (1, False)
