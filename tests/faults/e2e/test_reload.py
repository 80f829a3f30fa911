"""A configuration that is loaded again while it serves: by a signal, by a change, by an operator."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import yaml

from tests.e2e import loopback
from tests.faults.catalogue import always
from tests.faults.conftest import StartWatched
from tests.faults.line import Line
from tests.faults.watched import DEVICES, Watched

TOKEN = "a-token-of-an-operator"
BEARER = {"Authorization": f"Bearer {TOKEN}"}
LOADED = "config_last_reload_successful"


@pytest.fixture
def watched(start: StartWatched, line: Line) -> Iterator[Watched]:
    watched = start()
    watched.eventually(watched.is_well)
    yield watched
    line.mend()
    watched.end()


def save(watched: Watched, **changes: object) -> None:
    """Change the configuration file; what is None is taken out."""
    path = watched.directory / "config.yml"
    tree = {**yaml.safe_load(path.read_text(encoding="utf-8")), **changes}
    path.write_text(yaml.safe_dump({key: each for key, each in tree.items() if each is not None}), encoding="utf-8")


def kinds(watched: Watched, *more: dict[str, object]) -> dict[str, object]:
    tree = yaml.safe_load((watched.directory / "config.yml").read_text(encoding="utf-8"))
    return {"kind": [*tree["metrics"]["kind"], *more]}


@contextmanager
def scraped(watched: Watched) -> Iterator[list[int]]:
    """Scrape all along, and count the series and targets of each scrape that differ from those of the first."""
    before, ended, odd = watched.shown(), threading.Event(), []

    def scrape() -> None:
        while not ended.is_set():
            if watched.shown() != before:
                odd.append(1)

    thread = threading.Thread(target=scrape)
    thread.start()
    yield odd
    ended.set()
    thread.join()


def has_said(watched: Watched, line: str) -> bool:
    return any(line in each for each in watched.lines())


def test_a_signal_reloads_and_what_stays_as_it_was_is_never_gone_though_infrahub_is(
    watched: Watched, line: Line
) -> None:
    line.fault = always(503, {}, "")
    with scraped(watched) as odd:
        save(watched, metrics=kinds(watched, {"kind": "BuiltinTag", "include": ["name"]}), poll_interval_seconds=1.5)
        watched.child.send(signal.SIGHUP)
        watched.eventually(lambda: has_said(watched, "INFO the configuration has been reloaded"))
        watched.eventually(lambda: has_said(watched, "WARNING kind BuiltinTag cannot be read"))
        watched.eventually(lambda: watched.own().get("refresh_success", *DEVICES) == 0)
    assert not odd
    line.mend()
    watched.eventually(lambda: "infrahub_builtintag_info{" in loopback.get(f"{watched.url}/metrics").text)


def test_a_bad_file_changes_nothing_and_says_why(watched: Watched) -> None:
    assert watched.own().get(LOADED) == 1
    save(watched, poll_interval_seconds="often")
    with scraped(watched) as odd:
        watched.child.send(signal.SIGHUP)
        watched.eventually(lambda: watched.own().get(LOADED) == 0)
    assert not odd
    why = "poll_interval_seconds: expected a number of at least 1, got 'often'"
    said = [each for each in watched.lines() if "cannot be reloaded" in each]
    assert len(said) == 1
    assert said[0].startswith("ERROR the configuration cannot be reloaded, the old one stays: ")
    assert said[0].endswith(why)

    save(watched, poll_interval_seconds=1)
    watched.child.send(signal.SIGHUP)
    watched.eventually(lambda: watched.own().get(LOADED) == 1)


@pytest.mark.parametrize(
    ("become", "reason"),
    [
        (Path.mkdir, "Is a directory"),
        (lambda path: path.symlink_to(path.name), "Too many levels of symbolic links"),
        (lambda path: path.symlink_to("/dev/zero"), "it has more than 8 MiB"),
        (lambda _: None, "No such file or directory"),
    ],
    ids=["a folder", "a circle of links", "a device", "gone"],
)
def test_a_file_that_is_none_by_then_changes_nothing(
    start: StartWatched, tmp_path: Path, become: Callable[[Path], None], reason: str
) -> None:
    token = tmp_path / "operators-token"
    token.write_text(TOKEN, encoding="utf-8")
    watched = start(web={"bearer_token_file": str(token)})
    watched.eventually(watched.is_up)
    token.unlink()
    become(token)
    watched.child.send(signal.SIGHUP)
    told = f"web.bearer_token_file: expected a file that holds a secret, got {{}} ({reason})"
    line = f"ERROR the configuration cannot be reloaded, the old one stays: {watched.directory / 'config.yml'}: {told}"
    lines = {line.format(shown) for shown in (f"'{token}'", "a path to nothing")}
    watched.eventually(lambda: lines.intersection(watched.lines()))
    assert loopback.get(f"{watched.url}/-/metrics", headers=BEARER).is_success


def test_nobody_waits_for_a_secret_that_comes_out_of_a_pipe(start: StartWatched, tmp_path: Path) -> None:
    key = tmp_path / "key"
    key.write_text("a-key", encoding="utf-8")
    watched = start(webhook={"key_file": str(key)})
    watched.eventually(watched.is_up)
    key.unlink()
    os.mkfifo(key)
    watched.child.send(signal.SIGHUP)
    with key.open("w", encoding="utf-8") as pipe:  # as soon as somebody reads it
        assert watched.is_up()
        pipe.write("another-key")
    watched.eventually(lambda: "INFO the configuration has been reloaded" in watched.lines())


def test_a_file_that_changes_is_loaded_where_that_is_wanted(start: StartWatched) -> None:
    watched = start(reload_on_change=True)
    watched.eventually(watched.is_well)
    save(watched, metrics=kinds(watched, {"kind": "BuiltinTag", "include": ["name"]}))
    watched.eventually(lambda: "infrahub_builtintag_info{" in loopback.get(f"{watched.url}/metrics").text)
    watched.end()


def test_an_operator_reloads_refreshes_and_releases(start: StartWatched, line: Line) -> None:
    watched = start(
        web={"bearer_tokens": [TOKEN], "admin": {"enabled": True}}, guard={"confirmations": 1000, "min_loss": 1}
    )
    watched.eventually(watched.is_up)
    url = watched.url
    with httpx.Client(verify=loopback.CONTEXT, base_url=url, headers=BEARER) as operator:
        watched.eventually(lambda: operator.get("/-/ready").is_success)
        series = "infrahub_dcimdevice_info{"
        assert operator.get("/metrics").text.count(series) == 63
        line.infrahub = line.empty
        save(watched, poll_interval_seconds=1)
        watched.eventually(
            lambda: 'infrahub_exporter_held{name="DcimDevice",source="kind"} 1' in operator.get("/metrics").text
        )
        assert operator.post("/-/reload").json() == {"reloaded": True}
        assert operator.get("/metrics").text.count(series) == 63, "a reload is no way around the guard"
        watched.eventually(
            lambda: 'infrahub_exporter_held{name="DcimDevice",source="kind"} 1' in operator.get("/metrics").text
        )
        assert operator.post("/-/release/DcimDevice").json() == {"released": True}
        assert operator.get("/metrics").text.count(series) == 0
        assert operator.post("/-/release/nobody").status_code == 404
        assert operator.post("/-/refresh").status_code == 202

        save(watched, poll_interval_seconds="often")
        refused = operator.post("/-/reload")
        assert refused.status_code == 422
        assert refused.json()["detail"].endswith("poll_interval_seconds: expected a number of at least 1, got 'often'")

        assert 429 in {operator.post("/-/refresh").status_code for _ in range(20)}
    for path in ("/-/reload", "/-/refresh", "/-/release/DcimDevice"):
        assert loopback.post(f"{url}{path}").status_code == 401
        assert loopback.post(f"{url}{path}", headers={"Authorization": "Bearer guess"}).status_code in {401, 429}
    assert loopback.get(f"{url}/metrics").status_code == 401
    assert loopback.get(f"{url}/-/healthy").status_code == 200
    line.mend()
    watched.end()


def test_nothing_of_it_exists_unless_it_is_enabled(watched: Watched) -> None:
    for path in ("/-/reload", "/-/refresh", "/-/release/DcimDevice"):
        assert loopback.post(f"{watched.url}{path}").status_code == 404
