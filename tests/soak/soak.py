"""The soak: steps drawn by chance, one after the other, and quiet in between for what they left to settle."""

import random
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from time import monotonic, time

import httpx

from tests.faults.watched import DEVICES, LIST, RACKS, ROUTERS, Watched
from tests.soak.changes import Changes
from tests.soak.exporter import Soaked, undisturbed, until
from tests.soak.ledger import Ledger
from tests.soak.pages import read_list, read_metrics
from tests.soak.truth import ALL, SITES, Truth
from tests.soak.weather import Weather

QUIET_SECONDS = (10.0, 25.0)
SETTLE_SECONDS = 75.0
"""How long it may take until all is true again: a schema that was mended is seen within a minute."""
PAUSE_SECONDS = (0.05, 0.6)
CALM = (0.25, 0.75)
"""From which share of the time to which no process is ended, so that one of them shows how its memory grows."""
LONG_SECONDS = 3600.0
CALM_OF_LONG = (0.1, 0.97)
"""The same where it takes an hour or longer: nearly all of it is one process' life."""

_PATHS = {LIST: "/sd/devices", ROUTERS: "/sd/routers"}
_KINDS = (DEVICES, RACKS, SITES)


class Soak:
    """Takes steps until the time is over, or someone has had enough."""

    def __init__(
        self,
        exporter: Soaked,
        truth: Truth,
        weather: Weather,
        ledger: Ledger,
        changes: Changes,
        *,
        chance: random.Random,
    ) -> None:
        self._chance = chance
        self._exporter = exporter
        self._truth = truth
        self._weather = weather
        self._ledger = ledger
        self._changes = changes
        self._may_end = True
        self._steps: Mapping[Callable[[], None], float] = {
            self._change: 14,
            self._worsen: 5,
            self._reload: 1,
            self._refuse: 0.5,
            self._refresh: 0.7,
            self._release: 0.7,
            self._kill: 0.7,
            self._restart: 0.3,
        }

    def warm_up(self) -> None:
        """Let it read everything once, and keep that over a restart."""
        until(lambda: self._exporter.client.get("/-/ready").is_success, SETTLE_SECONDS)
        self.settle()
        self._exporter.stop()
        self._exporter.start()
        self.settle()

    def run(self, seconds: float, enough: threading.Event) -> None:
        """Take steps, and settle now and then."""
        began = monotonic()
        quiet_at = began + self._chance.uniform(*QUIET_SECONDS)
        calm_from, calm_to = CALM_OF_LONG if seconds >= LONG_SECONDS else CALM
        while (gone := monotonic() - began) < seconds and not enough.is_set():
            self._may_end = not calm_from <= gone / seconds < calm_to
            self._step()
            if self._weather.is_over:
                self._weather.mend()
            if monotonic() >= quiet_at:
                self.settle()
                quiet_at = monotonic() + self._chance.uniform(*QUIET_SECONDS)
            enough.wait(self._chance.uniform(*PAUSE_SECONDS))

    def settle(self) -> None:
        """End the fault that there is; what is served has to become true before long, and all has to be well."""
        self._weather.mend()
        if self._weather.refused:
            self._refresh()
        seconds = until(lambda: not self._troubles(), SETTLE_SECONDS)
        if seconds is None:
            self._ledger.wrong(f"not caught up within {SETTLE_SECONDS:g} s: {'; '.join(self._troubles()[:5])}")
            self._refresh()
            seconds = until(lambda: not self._troubles(), SETTLE_SECONDS)
            helped = "in vain" if seconds is None else f"with success after {seconds:.1f} s"
            self._ledger.wrong(f"so it was told to refresh, {helped}; it said:\n{self._exporter.output[-4000:]}")
        else:
            self._ledger.lasted("from the end of all faults to all true", seconds)
        self._ledger.count("times that all was found true")
        self._weather.clear()
        self._truth.forget()

    def compare(self, directory: Path) -> None:
        """Hold what is served against what a new exporter reads."""
        settings = {name: value for name, value in self._exporter.settings.items() if name not in {"store", "web"}}
        with undisturbed():
            fresh = Watched(directory, settings)
        try:
            if until(lambda: httpx.get(f"{fresh.url}/-/ready").is_success and fresh.is_well(), SETTLE_SECONDS) is None:
                self._ledger.wrong(f"a new exporter does not become well:\n{fresh.child.output[-2000:]}")
                return
            for path in ("/metrics", *_PATHS.values()):
                ours, new = self._exporter.client.get(path).text, httpx.get(f"{fresh.url}{path}").text
                ours, new = (_inventory(text) if path == "/metrics" else text for text in (ours, new))
                if ours != new:
                    self._ledger.wrong(f"{path} is not what a new exporter reads:\n{ours}\n---\n{new}")
        finally:
            fresh.end()

    def _step(self) -> None:
        (step,) = self._chance.choices(list(self._steps), list(self._steps.values()))
        if self._exporter.has_ended:
            self._ledger.wrong("it ended by itself")
            self._exporter.kill()
            self._exporter.start()
        try:
            step()
        except httpx.HTTPError as error:
            self._ledger.wrong(f"{step.__name__}: not answered: {error!r}")

    def _change(self) -> None:
        if self._weather.keeps_time:
            self._changes.make()
            self._ledger.count("changes of the inventory")

    def _worsen(self) -> None:
        if self._weather.is_fair:
            self._weather.turn(may_be_emptied=not self._exporter.has_sites)

    def _reload(self) -> None:
        ways = ["POST", "SIGHUP", *(["a changed file"] if self._exporter.settings.get("reload_on_change") else [])]
        with_sites = self._chance.random() < 0.5 and (self._exporter.has_sites or not self._weather.emptied)
        self._exporter.change_settings(self._chance, with_sites=with_sites)
        self._exporter.reload(self._chance.choice(ways))
        self._ledger.count("reloads")

    def _refuse(self) -> None:
        self._exporter.refuse(self._chance)
        self._ledger.count("reloads")
        self._ledger.count("bad configurations refused")

    def _refresh(self) -> None:
        answer = self._exporter.post("/-/refresh")
        if answer.status_code != httpx.codes.ACCEPTED:
            self._ledger.wrong(f"a refresh was answered {answer.status_code}: {answer.text}")

    def _release(self) -> None:
        """Release what is not held, unless that would let a loss through."""
        if self._weather.emptied:
            return
        name = self._chance.choice(["DcimDevice", "LocationRack", "devices", "routers"])
        answer = self._exporter.post(f"/-/release/{name}")
        if answer.status_code != httpx.codes.OK or answer.json() != {"released": False}:
            self._ledger.wrong(f"a release of {name} was answered {answer.status_code}: {answer.text}")

    def _kill(self) -> None:
        if self._may_end:
            self._exporter.kill()
            self._exporter.start()
            self._ledger.count("kill -9")

    def _restart(self) -> None:
        if self._may_end:
            self._exporter.stop()
            self._exporter.start()
            self._ledger.count("restarts")

    def _troubles(self) -> list[str]:
        """Say what is not true, or not well."""
        client, now = self._exporter.client, time()
        page = read_metrics(client.get("/metrics").raise_for_status().text)
        entries = [each for each in ALL if each != SITES or self._exporter.has_sites]
        wanted = {"refresh_success": 1, "held": 0, "restored": 0}
        troubles = [
            f"{name} of {entry[1]} is {page.own.get(name, *entry)}"
            for entry in entries
            for name, value in wanted.items()
            if page.own.count(name, *entry) != value
        ]
        for entry in entries:
            path = _PATHS.get(entry)
            shown = page.series[entry] if path is None else read_list(client.get(path).raise_for_status().content)
            troubles += map(str, self._truth.flaws(entry, shown, after=now, before=now))
        if SITES not in entries and page.series[SITES]:
            troubles.append("there are series of a kind that is not watched any more")
        return troubles


def _inventory(page: str) -> str:
    """Return what a page of metrics tells of the inventory."""
    names = [f"infrahub_{entry[1].lower()}_info" for entry in _KINDS]
    return "\n".join(line for line in page.split("\n") if any(name in line for name in names))
