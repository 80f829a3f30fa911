"""`make hostile`: attacks on the real command, over loopback; each must cost bounded memory, and no answer."""

import math
import signal
import tempfile
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import partial
from pathlib import Path

import click
from msgspec import Struct

from tests.e2e import loopback
from tests.e2e.children import DEMO
from tests.faults.line import Fault, Line
from tests.faults.watched import OPERATED, Watched, config
from tests.hostile.attacks import attacks

ATTACK_SECONDS, BRIEF_SECONDS = 4.0, 0.5
MOST_MIB = 600.0
MOST_SECONDS = 1.0
START_SECONDS = 120.0
END_SECONDS = 5.0
BESIDE = 2
"""How many exporters are attacked at once where times are not judged."""


class Outcome(Struct, frozen=True):
    """What an attack came to."""

    name: str
    tries: int
    peak_mib: float
    slowest_seconds: float
    faults: tuple[str, ...]

    @property
    def row(self) -> str:
        """Write it as a row of the table."""
        verdict = ", ".join(self.faults) or "held"
        return f"| {self.name} | {self.tries} | {self.peak_mib:.0f} MiB | {self.slowest_seconds:.2f} s | {verdict} |"


class Attacked:
    """An exporter under attack."""

    def __init__(self, watched: Watched, line: Line, pid: int, *, brief: bool) -> None:
        self._seconds, self._most_seconds = (BRIEF_SECONDS, math.inf) if brief else (ATTACK_SECONDS, MOST_SECONDS)
        self._watched = watched
        self._line = line
        self._status = Path(f"/proc/{pid}")

    def suffer(self, name: str, fault: Fault) -> Outcome:
        """Attack for a while, and see what it costs; then let it get well."""
        before, asked = self._watched.shown(), self._line.asked
        (self._status / "clear_refs").write_text("5")  # the peak begins anew
        self._line.fault = fault
        slowest, ends = 0.0, time.monotonic() + self._seconds
        while time.monotonic() < ends or self._line.asked < asked + 3:
            began = time.monotonic()
            loopback.get(f"{self._watched.url}/-/healthy", timeout=30).raise_for_status()
            slowest = max(slowest, time.monotonic() - began)
            time.sleep(0.01)
        tries, kept = self._line.asked - asked, self._watched.shown() == before
        peak = self._peak_mib()
        self._line.fault = None
        faults = [] if kept else ["what was served has changed"]
        faults += [f"peak of {peak:.0f} MiB"] if peak > MOST_MIB else []
        faults += [f"health took {slowest:.2f} s"] if slowest > self._most_seconds else []
        try:
            self._watched.get_well()
        except BaseException as error:  # noqa: BLE001 - pytest's failures are no Exceptions
            faults.append(f"it did not get well: {type(error).__name__}")
        return Outcome(name, tries, peak, slowest, tuple(faults))

    def _peak_mib(self) -> float:
        status = (self._status / "status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024


class End(Struct, frozen=True):
    """How attacks on one exporter ended: whether all were held, and what SIGTERM under the first of them came to."""

    held: bool
    code: int
    seconds: float


def attack(chosen: Mapping[str, Fault], *, brief: bool) -> End:
    """Run attacks one after another, and print a row of each; where it is brief on a process each."""
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hostile-")))
        line = stack.enter_context(Line(DEMO / "schema.yml", DEMO / "objects.yml").serving())
        changes = {"infrahub": {"address": line.address, "token": "a-token", "timeout_seconds": 5}, "web": OPERATED}
        watched = Watched(directory, config(line.address, **changes))
        stack.callback(watched.end)
        watched.eventually(watched.is_well, START_SECONDS)
        outcomes: list[Outcome] = []
        for name, fault in chosen.items():
            if brief and outcomes:
                watched.stop()
                watched.start()
                watched.eventually(watched.is_well, START_SECONDS)
            outcomes.append(Attacked(watched, line, watched.child.pid, brief=brief).suffer(name, fault))
            click.echo(outcomes[-1].row)
        line.fault = next(iter(chosen.values()))
        time.sleep(1)
        began = time.monotonic()
        watched.child.send(signal.SIGTERM)
        code = watched.child.wait(30)
        return End(not any(each.faults for each in outcomes), code, time.monotonic() - began)


@click.command(help=__doc__)
@click.option("--only", default="", help="Attacks whose names hold this.")
@click.option("--brief", is_flag=True, help="A moment and a process each; times are not judged: machines may be busy.")
def main(only: str, *, brief: bool) -> None:
    """Run them all, print a table, and end with 1 where a promise was broken."""
    chosen = [(name, fault) for name, fault in attacks().items() if only in name]
    if not chosen:
        raise click.UsageError(f"no attack has {only!r} in its name")
    beside = BESIDE if brief else 1
    shares = [dict(chosen[first::beside]) for first in range(min(beside, len(chosen)))]
    click.echo("| attack | tries | peak memory | slowest `/-/healthy` | |\n|---|---|---|---|---|")
    with ThreadPoolExecutor(beside) as pool:
        ends = list(pool.map(partial(attack, brief=brief), shares))
    for end in ends:
        click.echo(f"\nSIGTERM under attack: exit code {end.code} after {end.seconds:.2f} s")
    if not all(end.held and end.code == 0 and (brief or end.seconds <= END_SECONDS) for end in ends):
        raise SystemExit(1)


if __name__ == "__main__":
    main()
