"""How the status page writes: texts that nobody else can make HTML of, numbers, durations, moments."""

import math
from collections.abc import Iterable, Mapping
from datetime import datetime, timezone
from html import escape

_LONGEST = 1000
"""How much of one text is shown."""
_UNITS = (("d", 86400), ("h", 3600), ("min", 60), ("s", 1))


def text(value: str) -> str:
    """Return a text as HTML, for elements and quoted attributes; what cannot be seen is made visible."""
    shown = value if len(value) <= _LONGEST else f"{value[:_LONGEST]}..."
    if not shown.isprintable():
        shown = "".join(each if each.isprintable() else " " if each.isspace() else "\ufffd" for each in shown)
    return escape(shown)


def counted(counts: Mapping[str, int]) -> str:
    """Say how often there is what."""
    return ", ".join(f"{text(name)} {number(count)}" for name, count in counts.items())


def number(value: int) -> str:
    """Write a number so that its size is seen."""
    return f"{value:,}"


def lasting(seconds: float) -> str:
    """Say how long something takes, in the two largest units."""
    if seconds < _UNITS[-2][1] or not math.isfinite(seconds):
        return f"{seconds:.{3 if seconds < 1 else 1}f}".rstrip("0").rstrip(".") + " s"
    rest = round(seconds)
    largest = next(index for index, (_, size) in enumerate(_UNITS) if rest >= size)
    (unit, size), (lesser, part) = _UNITS[largest : largest + 2]
    whole, rest = divmod(rest, size)
    return f"{whole} {unit} {rest // part} {lesser}" if rest >= part else f"{whole} {unit}"


def ago(at: float | None, now: float) -> str:
    """Say how long ago a moment (unix seconds) was."""
    if at is None:
        return "never"
    return moment(at, f"{lasting(max(0.0, (now - at) // 1))} ago")


def moment(at: float, words: str = "") -> str:
    """Return a moment (unix seconds) as an element: its words, and what it is exactly."""
    try:
        iso = f"{datetime.fromtimestamp(at, timezone.utc):%Y-%m-%dT%H:%M:%SZ}"
    except (OverflowError, ValueError, OSError):  # no year of our calendar
        return "at no time"
    return f'<time datetime="{iso}" title="{iso}">{words or iso}</time>'


def listed(items: Iterable[str]) -> str:
    """Return a list of pieces of HTML, nothing where there are none."""
    inside = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{inside}</ul>" if inside else ""
