"""The labels of a target that tell Prometheus how to scrape it, checked as Prometheus checks them.

Source: Prometheus 3, `scrape/target.go`, `PopulateLabels`: what it refuses is dropped there with a line in its log, so
it is better refused here, where its node can be named. A scheme that is neither http nor https it takes, and then
has a target that it can never scrape: that is refused as well.
"""

import re
from collections.abc import Mapping

_DURATION = re.compile(
    r"(?:([0-9]+)y)?(?:([0-9]+)w)?(?:([0-9]+)d)?(?:([0-9]+)h)?(?:([0-9]+)m)?(?:([0-9]+)s)?(?:([0-9]+)ms)?"
)
_UNITS_MS = (31_536_000_000, 604_800_000, 86_400_000, 3_600_000, 60_000, 1000, 1)
_MOST_MS = 2**63 // 1_000_000
"""A duration of Prometheus is 64 bits of nanoseconds."""
INTERVAL, TIMEOUT, SCHEME = "__scrape_interval__", "__scrape_timeout__", "__scheme__"

SPECIAL = frozenset({INTERVAL, TIMEOUT, SCHEME})
"""Those of which Prometheus does not take everything."""


def duration_ms(text: str) -> int | None:
    """Read a duration such as `1m30s` in milliseconds (prometheus/common, `ParseDuration`); None for what is none."""
    if text == "0":
        return 0
    match = _DURATION.fullmatch(text)
    if match is None or not text:
        return None
    total = sum(int(number or 0) * unit for number, unit in zip(match.groups(), _UNITS_MS, strict=True))
    return total if total <= _MOST_MS else None


def fault(labels: Mapping[str, str]) -> str | None:
    """Say what Prometheus would refuse in a target's labels, None where it takes them; an empty label is none."""
    scheme = labels.get(SCHEME, "")
    if scheme not in {"", "http", "https"}:
        return f"{SCHEME}: expected http or https, got {scheme!r}"
    lengths = {}
    for name in (INTERVAL, TIMEOUT):
        written = labels.get(name, "")
        if not written:
            continue
        lengths[name] = duration_ms(written)
        if not lengths[name]:
            return f"{name}: expected a duration such as 30s or 1m30s, got {written!r}"
    interval, timeout = lengths.get(INTERVAL), lengths.get(TIMEOUT)
    if interval is not None and timeout is not None and timeout > interval:
        return f"{TIMEOUT}: expected no more than {INTERVAL}, {labels[INTERVAL]}, got {labels[TIMEOUT]}"
    return None
