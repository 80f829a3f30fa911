"""A Prometheus' part: it scrapes and discovers all the time, and holds every answer against the truth."""

import threading
from collections import defaultdict, deque
from time import sleep, time

import httpx
from msgspec import Struct

from tests.faults.watched import DEVICES, LIST, RACKS, ROUTERS
from tests.soak.exporter import TOKEN, Soaked
from tests.soak.ledger import Ledger
from tests.soak.pages import Page, UnreadableError, read_list, read_metrics
from tests.soak.truth import SITES, Entry, Items, Truth
from tests.soak.weather import Weather

PAUSE_SECONDS = 0.08
SLACK_SECONDS = 2.0
"""How much older than it says what is served may be: Infrahub tells its time in whole seconds."""
ROUND_SECONDS = 5.0
"""After how long what it says to have read has to be served: a round publishes at its end."""
KEPT_SECONDS = 35.0
"""How much an end may cost: what was read before that has been saved."""
FIGURES_SECONDS = 2.0

_KINDS = (DEVICES, RACKS, SITES)
_TURNS = [
    (encoding, other, path)
    for other in ("identity", "gzip")
    for encoding, path in (("identity", "/sd/devices"), ("gzip", "/sd/routers"))
]
_LISTS = {"/sd/devices": LIST, "/sd/routers": ROUTERS}


class _Said(Struct, frozen=True):
    """That it has said, at a time, to have read an entry; and at least when what it then had was true."""

    at: float
    read_at: float
    true_at: float


class Client(threading.Thread):
    """Asks until it is stopped."""

    def __init__(self, exporter: Soaked, truth: Truth, weather: Weather, ledger: Ledger) -> None:
        super().__init__(name="client", daemon=True)
        self._exporter = exporter
        self._truth = truth
        self._weather = weather
        self._ledger = ledger
        self._stopping = threading.Event()
        self._life = -1
        self._since: dict[Entry, float] = {}
        self._said: dict[Entry, deque[_Said]] = defaultdict(deque)
        self._noted = 0.0
        self._http = httpx.Client(base_url=exporter.url, headers={"Authorization": f"Bearer {TOKEN}"}, timeout=5)

    def stop(self) -> None:
        self._stopping.set()
        self.join(30)

    def run(self) -> None:
        while not self._stopping.is_set():
            for encoding, other, path in _TURNS:
                try:
                    self._scrape(encoding)
                    self._discover(path, other)
                except Exception as error:  # noqa: BLE001, PERF203 - an end of this would go unnoticed
                    self._ledger.wrong(str(error) if isinstance(error, UnreadableError) else repr(error))
        self._http.close()

    def _ask(self, path: str, encoding: str) -> tuple[float, httpx.Response] | None:
        """Ask for a path and tell when it was answered; None where it was not, or not well."""
        sleep(PAUSE_SECONDS)
        began = time()
        try:
            answer = self._http.get(path, headers={"Accept-Encoding": encoding})
        except httpx.HTTPError as error:
            if self._exporter.absences.excuse(began, time()):
                self._ledger.count("requests while it was away")
            else:
                self._ledger.wrong(f"{path} was not answered: {error!r}, {self._state()}")
            return None
        ended = time()
        self._ledger.lasted(f"answer of {path}", ended - began)
        if answer.status_code != httpx.codes.OK:
            self._ledger.wrong(f"{path} was answered {answer.status_code}: {answer.text[:200]}, {self._state()}")
            return None
        if answer.headers.get("content-encoding", "identity") != encoding:
            self._ledger.wrong(f"{path} was asked for in {encoding} and came otherwise")
        self._ledger.count(f"{path}, {'gzip' if encoding == 'gzip' else 'plain'}")
        return ended, answer

    def _scrape(self, encoding: str) -> None:
        lives = self._exporter.absences.lives
        answered = self._ask("/metrics", encoding)
        if answered is None or lives != self._exporter.absences.lives:
            return
        ended, answer = answered
        page = read_metrics(answer.text)
        if lives != self._life:
            self._life = lives
            self._greet(page)
            self._said.clear()
        for entry in (*_KINDS, *_LISTS.values()):
            read_at = page.own.get("last_success_timestamp_seconds", *entry)
            if read_at is None:
                self._since.pop(entry, None)
                self._said.pop(entry, None)
            elif not page.own.get("held", *entry) or entry not in self._since:
                self._believe(entry, ended, read_at)
        for entry in _KINDS:
            self._check(entry, page.series[entry], ended)
        if time() - self._noted > FIGURES_SECONDS:
            self._noted = time()
            self._exporter.note(page.memory_bytes, page.files)

    def _greet(self, page: Page) -> None:
        """Look at what a new process serves at first: what was read long before the end has to be there."""
        left_at = self._exporter.absences.left_at
        for entry, said in self._said.items():
            read_at = page.own.get("last_success_timestamp_seconds", *entry)
            if read_at is None or not said:
                continue
            self._ledger.lasted("time that an end has cost", said[-1].read_at - read_at)
            kept = [each.read_at for each in said if each.at <= left_at - KEPT_SECONDS]
            if kept and read_at < kept[-1]:
                cost = f"of {entry[1]} an end has cost what was read {left_at - kept[-1]:.1f} s before"
                self._ledger.wrong(f"{cost}, {self._state()}")

    def _believe(self, entry: Entry, now: float, read_at: float) -> None:
        """Take its word for when an entry was read, as soon as that must have been published."""
        said = self._said[entry]
        said.append(_Said(now, read_at, read_at - self._weather.behind(read_at)))
        while len(said) > 1 and said[1].at <= now - KEPT_SECONDS:
            said.popleft()
        mature = [each.true_at for each in said if each.at <= now - ROUND_SECONDS][-1:]
        self._since[entry] = min(mature + [each.true_at for each in said if each.at > now - ROUND_SECONDS])

    def _discover(self, path: str, encoding: str) -> None:
        lives = self._exporter.absences.lives
        answered = self._ask(path, encoding)
        if answered is not None and self._life == lives == self._exporter.absences.lives:
            ended, answer = answered
            self._check(_LISTS[path], read_list(answer.content), ended)

    def _check(self, entry: Entry, shown: Items, ended: float) -> None:
        if entry not in self._since:
            if shown:
                self._ledger.wrong(f"{entry[1]} is served, but was never read, {self._state()}")
            elif entry != SITES:
                self._ledger.wrong(f"{entry[1]} was never read, {self._state()}")
            return
        if entry == SITES and not shown and self._said[entry][0].at > ended - ROUND_SECONDS:
            return  # it has come with a reload and been read just now: its round has not ended
        after = self._since[entry] - SLACK_SECONDS
        flaws = self._truth.flaws(entry, shown, after=after, before=ended)
        for flaw in flaws:
            self._ledger.flaw(flaw, f"read {ended - self._since[entry]:.1f} s ago as it says, {self._state()}")
        self._ledger.count("answers held against the truth")
        if not flaws and not self._truth.were_all_at_once(entry, shown, after=after, before=ended):
            self._ledger.count("answers of two moments")

    def _state(self) -> str:
        fault = self._weather.fault
        return f"in its life {self._exporter.absences.lives}, {'all well' if fault is None else f'fault: {fault}'}"
