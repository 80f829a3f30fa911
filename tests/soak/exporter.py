"""The exporter that is put to the test: the real command, started, reloaded and killed."""

import random
import signal
import subprocess
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from time import monotonic, sleep, time
from typing import Any

import httpx
import yaml
from msgspec import Struct

from tests.faults.watched import LIMIT_SECONDS, STORE, Own, Watched, config
from tests.soak.ledger import Ledger
from tests.soak.pages import read_metrics

TOKEN = "soak-operator-0123456789"
INFRAHUB_TOKEN = "soak-infrahub-0123456789"
START_SECONDS = 20.0
RELOAD_SECONDS = 10.0
_SWEPT_SECONDS = 150.0
"""How long a file that a killed process has begun may lie there: a later save sweeps it away."""

_SITES = {"kind": "LocationSite", "include": ["name", "facility"], "guard": {"min_loss": 1, "max_loss_ratio": 0.3}}
_BAD = ("poll_interval_seconds: never\n", "metrics: [\n", "infrahub: {adress: x}\n", "\x00", "")


class Figures(Struct, frozen=True):
    """What a process costs at a moment of its life."""

    at: float
    memory_bytes: float
    files: float


class Absences:
    """When the exporter was not there, or was about to leave. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._absences: list[tuple[float, float | None]] = []

    @property
    def lives(self) -> int:
        """How often it has left: tells its lives apart."""
        return len(self._absences)

    @property
    def left_at(self) -> float:
        """When it left last; 0 where it never did."""
        return self._absences[-1][0] if self._absences else 0.0

    def leave(self) -> None:
        with self._lock:
            self._absences.append((time(), None))

    def come(self) -> float:
        """Note that it is back; return how long it was away."""
        with self._lock:
            began, _ = self._absences[-1]
            self._absences[-1] = began, time()
            return time() - began

    def excuse(self, began: float, ended: float) -> bool:
        """Tell whether a request may have found nobody."""
        with self._lock:
            return any(left <= ended and (back is None or began <= back) for left, back in self._absences[-3:])


class Soaked:
    """An exporter with all that keeps it going: a store, the guard, an operator's paths."""

    def __init__(self, directory: Path, address: str, ledger: Ledger) -> None:
        self._ledger = ledger
        self.absences = Absences()
        self.lives: list[list[Figures]] = [[]]
        self.has_sites = False
        self.settings = _settings(address)
        with undisturbed():
            self._watched = Watched(directory, {**self.settings, "store": {"path": STORE}})
        self.settings["store"] = {"path": str(self._watched.store)}
        self.url = self._watched.url
        self.client = httpx.Client(base_url=self.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10)
        self._wait_until_listening()

    @property
    def directory(self) -> Path:
        return self._watched.directory

    @property
    def has_ended(self) -> bool:
        return self._watched.child.ended

    @property
    def output(self) -> str:
        """What it has said in this life."""
        return self._watched.child.output

    def own(self) -> Own:
        """Return the exporter's own metrics."""
        return read_metrics(self.client.get("/-/metrics").raise_for_status().text).own

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self.absences.leave()
        self._watched.kill()
        self._bury()

    def stop(self) -> None:
        """Tell it to end, and wait for that."""
        self.absences.leave()
        began = monotonic()
        self._watched.child.send(signal.SIGTERM)
        try:
            code = self._watched.child.wait(LIMIT_SECONDS + 2)
        except subprocess.TimeoutExpired:
            self._ledger.wrong("it does not end when told so")
            self._watched.end()
        else:
            if code:
                self._ledger.wrong(f"it ended with exit code {code}")
            self._ledger.lasted("from SIGTERM to the end", monotonic() - began)
        self._bury()

    def start(self) -> None:
        """Start it again."""
        self.lives.append([])
        with undisturbed():
            self._watched.start(**self.settings)
        self._wait_until_listening()
        self._ledger.lasted("from the end to listening again", self.absences.come())

    def end(self) -> None:
        """End it for good."""
        self.client.close()
        self._watched.end()

    def note(self, memory_bytes: float, files: float) -> None:
        """Note what it costs just now."""
        self.lives[-1].append(Figures(time(), memory_bytes, files))

    def post(self, path: str) -> httpx.Response:
        """Ask as an operator, again where that was too often."""
        while True:
            answer = self.client.post(path)
            if answer.status_code != httpx.codes.TOO_MANY_REQUESTS:
                self._ledger.count("requests of an operator")
                return answer
            sleep(float(answer.headers["retry-after"]))

    def change_settings(self, chance: random.Random, *, with_sites: bool) -> None:
        """Draw a configuration that watches the same, and perhaps one kind more or less."""
        kinds = [each for each in self.settings["metrics"]["kind"] if each["kind"] != _SITES["kind"]]
        self.has_sites = with_sites
        self.settings |= {
            "metrics": {"kind": [*kinds, *([_SITES] if with_sites else [])]},
            "poll_interval_seconds": chance.choice([1, 1, 1.5, 2]),
            "log_level": chance.choice(["DEBUG", "INFO", "WARNING"]),
            "reload_on_change": chance.random() < 0.5,
            "guard": {
                "confirmations": chance.randint(1000, 2000),
                "min_loss": chance.randint(8, 10),
                "max_loss_ratio": chance.choice([0.05, 0.1, 0.15]),
            },
        }

    def reload(self, way: str) -> None:
        """Let it load what `settings` say by now: as an operator, by SIGHUP, or because a file has changed."""
        before = self.own().get("config_last_reload_success_timestamp_seconds")
        self._write(yaml.safe_dump({**self.settings, "listen_port": self._watched.port}))
        if way == "POST":
            answer = self.post("/-/reload")
            if answer.status_code != httpx.codes.OK:
                self._ledger.wrong(f"a reload was answered {answer.status_code}: {answer.text}")
        elif way == "SIGHUP":
            self._watched.child.send(signal.SIGHUP)
        seconds = until(
            lambda: self.own().get("config_last_reload_success_timestamp_seconds") != before, RELOAD_SECONDS
        )
        if seconds is None or self.own().get("config_last_reload_successful") != 1:
            self._ledger.wrong(f"a reload by {way} did not come to pass")

    def refuse(self, chance: random.Random) -> None:
        """Let it load what cannot be used, which it has to refuse, and then what can."""
        bad = chance.choice(_BAD)
        self._write(bad)
        answer = self.post("/-/reload")
        if answer.status_code != httpx.codes.UNPROCESSABLE_ENTITY:
            self._ledger.wrong(f"the bad configuration {bad!r} was answered {answer.status_code}: {answer.text}")
        if self.own().get("config_last_reload_successful") != 0:
            self._ledger.wrong(f"the bad configuration {bad!r} does not show")
        self.reload("POST")

    def left_behind(self) -> list[str]:
        """Name what should not be in its folder."""
        old = time() - _SWEPT_SECONDS
        names = [each.name for each in self.directory.iterdir() if ".bad-" in each.name]
        return names + [each.name for each in self.directory.glob("*.tmp") if each.stat().st_mtime < old]

    def _write(self, text: str) -> None:
        path = self.directory / "config.yml"
        new = self.directory / "config.new"
        new.write_text(text, encoding="utf-8")
        new.replace(path)

    def _wait_until_listening(self) -> None:
        if until(self._is_up, START_SECONDS) is None:
            raise RuntimeError(f"it does not come up:\n{self.output[-4000:]}")

    def _is_up(self) -> bool:
        if self.has_ended:
            raise RuntimeError(f"it ended while it started:\n{self.output[-4000:]}")
        return httpx.get(f"{self.url}/-/healthy").is_success

    def _bury(self) -> None:
        """Look through what it has said in its life."""
        said = self.output
        for word in ("Traceback", " CRITICAL ", "has died", TOKEN, INFRAHUB_TOKEN):
            if word in said:
                place = said.index(word)
                self._ledger.wrong(f"it has logged {word!r}: {said[max(0, place - 300) : place + 1500]}")


@contextmanager
def undisturbed() -> Iterator[None]:
    """Start processes within this that Ctrl-C does not reach: it is for the one that started them."""
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def until(ask: Callable[[], object], seconds: float) -> float | None:
    """Wait until something is true and return how long that took; None where time is out."""
    began = monotonic()
    while True:
        try:
            if ask():
                return monotonic() - began
        except httpx.TransportError:
            pass
        if monotonic() - began > seconds:
            return None
        sleep(0.1)


def _settings(address: str) -> dict[str, Any]:
    settings: dict[str, Any] = config(address)
    kinds: list[Mapping[str, Any]] = settings["metrics"]["kind"]
    return {
        **settings,
        "infrahub": {
            **settings["infrahub"],
            "token": INFRAHUB_TOKEN,
            "page_size": 50,
            "full_refresh_seconds": 20,
        },
        "metrics": {"kind": [{name: each[name] for name in each if name != "guard"} for each in kinds]},
        "guard": {"confirmations": 1000, "max_loss_ratio": 0.1},
        "web": {"bearer_tokens": [TOKEN], "admin": {"enabled": True}},
    }
