"""The table at the end, and the line now and then."""

from collections.abc import Sequence
from statistics import fmean

from tests.soak.exporter import Figures
from tests.soak.ledger import Ledger
from tests.soak.truth import Wrong

_MIB = 2.0**20
_WARM = 0.2
"""Which share of a life does not count for its growth."""
_HALF_HOUR = 1800.0
MOST_GROWN = 1.03
"""How much more memory the last half hour of a life of hours may take than its first."""


def progress(ledger: Ledger, fault: str | None, lives: Sequence[Sequence[Figures]]) -> str:
    """Write how it goes."""
    counts = ledger.counts
    memory = f"{lives[-1][-1].memory_bytes / _MIB:.0f} MiB" if lives[-1] else "?"
    return (
        f"{_time(ledger.seconds)}  {_served(ledger)} answers, {ledger.faults.total()} faults, "
        f"{counts['changes of the inventory']} changes, {counts['reloads']} reloads, "
        f"{counts['kill -9']} + {counts['restarts']} restarts, RSS {memory}, "
        f"lost {ledger.lost}, wrong {len(ledger.wrongs)}; {fault or 'all well'}"
    )


def table(ledger: Ledger, lives: Sequence[Sequence[Figures]], seed: int) -> str:
    """Write all that has happened."""
    counts = ledger.counts
    rows = [("seed", str(seed)), ("time", _time(ledger.seconds)), ("requests served", str(_served(ledger)))]
    rows += [(f"  {name}", str(counts[name])) for name in sorted(counts) if name.startswith("/")]
    rows.append(("  requests of an operator", str(counts["requests of an operator"])))
    rows += [(name, str(counts[name])) for name in ("requests while it was away", "answers held against the truth")]
    rows += [(f"  {name}", str(counts[name])) for name in ("answers of two moments", "times that all was found true")]
    rows.append(("faults injected", f"{ledger.faults.total()} of {len(ledger.faults)} sorts"))
    rows.append(("  requests that met one", str(counts["requests of the exporter that met a fault"])))
    names = ("changes of the inventory", "reloads", "bad configurations refused", "kill -9", "restarts")
    rows += [(name, str(counts[name])) for name in names]
    rows += [
        (f"{word} {what.value}", str(ledger.flaws[what, source]))
        for what in Wrong
        for source, word in (("kind", "series"), ("query", "targets"))
    ]
    rows.append(("wrong otherwise", str(counts["wrong otherwise"])))
    rows += [(f"longest {what}", f"{seconds:.2f} s") for what, seconds in sorted(ledger.longest.items())]
    rows += _figures(max(lives, key=_span))
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:<{width}}  {value}" for name, value in rows)


def growth(life: Sequence[Figures]) -> float:
    """Return by how many bytes an hour the memory grows, as the straight line through a life after its first part."""
    points = [(each.at, each.memory_bytes) for each in life if each.at >= life[0].at + _WARM * _span(life)]
    at, memory = (sum(values) / len(points) for values in zip(*points, strict=True))
    spread = sum((when - at) ** 2 for when, _ in points)
    return 3600.0 * sum((when - at) * (much - memory) for when, much in points) / spread if spread else 0.0


def _figures(life: Sequence[Figures]) -> list[tuple[str, str]]:
    if not life or not life[-1].memory_bytes:
        return [("memory growth", "not told by this platform")]
    first, last, most = life[0], life[-1], max(each.files for each in life)
    warm = next(each for each in life if each.at >= first.at + _WARM * _span(life))
    memory = " ".join(_mib(each.memory_bytes) for each in (first, warm, last))
    halves = _half_hours(life)
    compared = [] if halves is None else [f"{_mib(halves[0])} {_mib(halves[1])} ({halves[1] / halves[0]:.3f}x)"]
    return [
        ("longest life", _time(_span(life))),
        ("  memory at its start, warm, at its end", memory),
        ("  memory growth since it was warm", f"{growth(life) / _MIB:+.2f} MiB an hour"),
        *[("  mean memory of its first half hour, its last", each) for each in compared],
        ("  open files at its start, most, at its end", f"{first.files:g} {most:g} {last.files:g}"),
    ]


def grown(lives: Sequence[Sequence[Figures]]) -> float | None:
    """Compare the mean memory of the longest life's first half hour with that of its last; None where it was short."""
    halves = _half_hours(max(lives, key=_span))
    return None if halves is None else halves[1] / halves[0]


def _half_hours(life: Sequence[Figures]) -> tuple[float, float] | None:
    if _span(life) < 2 * _HALF_HOUR or not life[-1].memory_bytes:
        return None
    first = fmean(each.memory_bytes for each in life if each.at <= life[0].at + _HALF_HOUR)
    return first, fmean(each.memory_bytes for each in life if each.at >= life[-1].at - _HALF_HOUR)


def _served(ledger: Ledger) -> int:
    counts = ledger.counts
    return counts["requests of an operator"] + sum(number for name, number in counts.items() if name.startswith("/"))


def _span(life: Sequence[Figures]) -> float:
    return life[-1].at - life[0].at if life else 0.0


def _mib(size: float) -> str:
    return f"{size / _MIB:.1f} MiB"


def _time(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}"
