"""Tables of figures, and the page that they go into."""

import importlib.metadata
import os
import platform
import statistics
import time
from collections.abc import Iterable, Sequence
from pathlib import Path

PAGE = Path(__file__).parent.parent / "docs" / "performance.md"
_PROCESS_CLOCK = 2
"""What Linux makes the clock of a process's CPU of its id with (CPUCLOCK_SCHED; clock_getcpuclockid(3))."""


def cpu_of(pid: int) -> float:
    """Seconds of CPU that a process and all its threads, ended ones too, have used, to the nanosecond."""
    return time.clock_gettime((~pid << 3) | _PROCESS_CLOCK)


def table(heads: Sequence[str], rows: Iterable[Sequence[str]], *, against: str = "") -> str:
    """Write rows as a Markdown table with the machine below, and what was measured against."""
    lines = [_line(heads), "|" + "---|" * len(heads), *map(_line, rows)]
    return "\n".join([*lines, "", f"Measured on {machine()}{against}."])


def _line(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def machine() -> str:
    """Name the machine and what was measured on it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if "model name" in line
        ),
        platform.machine(),
    )
    packages = ("infrahub-sdk", "litestar", "msgspec", "prometheus-client")
    versions = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in packages)
    return f"{os.cpu_count()} cores ({model}), CPython {platform.python_version()}, {versions}"


def spread(values: Sequence[float], digits: int = 1) -> str:
    """Write the median, and the smallest and the largest where these differ."""
    least, middle, most = (f"{take(values):.{digits}f}" for take in (min, statistics.median, max))
    return middle if least == most else f"{middle} ({least}-{most})"


def publish(section: str, text: str) -> None:
    """Put a text between the marks of a section of the page."""
    begin, end = f"<!-- {section}: begin -->", f"<!-- {section}: end -->"
    before, found, rest = PAGE.read_text().partition(begin)
    if not found:
        raise SystemExit(f"{PAGE} has no {begin}")
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{rest.partition(end)[2]}")
