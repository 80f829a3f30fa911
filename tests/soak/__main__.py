"""`make soak`: random faults, changes, reloads and kills, and every answer held against the truth."""

import random
import secrets
import signal
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from types import FrameType

import click

from tests.e2e.children import DEMO
from tests.faults.line import Line
from tests.soak.changes import Changes
from tests.soak.client import Client
from tests.soak.exporter import Soaked
from tests.soak.ledger import Ledger
from tests.soak.report import MOST_GROWN, grown, progress, table
from tests.soak.soak import Soak
from tests.soak.truth import Truth
from tests.soak.weather import Weather

TELL_SECONDS = 10.0


@click.command(help=__doc__)
@click.option("--minutes", type=click.FloatRange(min=0.1), default=3.0, show_default=True, help="How long.")
@click.option("--seed", type=int, default=None, help="Repeats the steps of an earlier run.")
def main(minutes: float, seed: int | None) -> None:
    """Run it, and end with 1 where anything was lost, wrong or left over."""
    seed = secrets.randbelow(1_000_000) if seed is None else seed
    click.echo(f"seed {seed}: {minutes:g} minutes; Ctrl-C ends it early")
    chance, others = (random.Random(seed + number) for number in range(2))  # noqa: S311 - repeatable, not secret
    enough = threading.Event()
    ledger = Ledger()

    def end(_number: int, _frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        enough.set()

    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        line = stack.enter_context(Line(DEMO / "schema.yml", DEMO / "objects.yml").serving())
        truth, weather = Truth(line), Weather(line, chance, others, ledger)
        exporter = Soaked(directory, line.address, ledger)
        stack.callback(exporter.end)
        signal.signal(signal.SIGINT, end)
        soak = Soak(exporter, truth, weather, ledger, Changes(line, truth, chance), chance=chance)
        soak.warm_up()
        client = Client(exporter, truth, weather, ledger)
        client.start()
        stack.callback(client.stop)
        done = threading.Event()
        stack.callback(done.set)

        def tell() -> None:
            while not done.wait(TELL_SECONDS):
                click.echo(progress(ledger, weather.fault, exporter.lives))

        threading.Thread(target=tell, daemon=True).start()
        soak.run(minutes * 60, enough)
        soak.settle()
        new = directory / "new"
        new.mkdir()
        soak.compare(new)
        client.stop()
        done.set()
        exporter.stop()
        for name in exporter.left_behind():
            ledger.wrong(f"left behind: {name}")
        growth = grown(exporter.lives)
        if growth is not None and growth > MOST_GROWN:
            ledger.wrong(f"memory has grown to {growth:.3f} times what it was, {MOST_GROWN:g} are expected at most")
    click.echo(f"\n{table(ledger, exporter.lives, seed)}")
    for wrong in ledger.wrongs:
        click.echo(f"WRONG {wrong}", err=True)
    raise SystemExit(0 if ledger.is_clean else 1)


if __name__ == "__main__":
    main()
