"""What an exporter serves, taken apart."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec
from msgspec import Struct

from tests.faults.watched import DEVICES, RACKS, Own
from tests.soak.truth import SITES, Entry, Items, one_group

_FAMILIES = {f"infrahub_{entry[1].lower()}_info": entry for entry in (DEVICES, RACKS, SITES)}
_OWN = re.compile(r"(\w+)(?:\{(.*)\})? (\S+)")
_VALUE = re.compile(r'="([^"]*)"')
_INVENTORY = re.compile(r'(infrahub_[a-z]+_info)\{id="([^"]*)",')
_IDENTIFIER = "__meta_infrahub_id"


class UnreadableError(Exception):
    """What was served is not what it has to be."""


class Page(Struct, frozen=True):
    """A scrape: the inventory's series by entry and node, the exporter's own metrics, and what it costs."""

    series: Mapping[Entry, Items]
    own: Own
    memory_bytes: float
    files: float


def read_metrics(text: str) -> Page:
    """Take a scrape apart. Raises UnreadableError."""
    series: dict[Entry, dict[str, str]] = {entry: {} for entry in _FAMILIES.values()}
    own: dict[tuple[str, frozenset[str]], float] = {}
    if not text.endswith("\n"):
        raise UnreadableError(f"the page does not end with a line: {text[-100:]!r}")
    for line in text[:-1].split("\n"):  # nothing else ends a line
        if line.startswith("#"):
            continue
        if found := _INVENTORY.match(line):
            items = series[_FAMILIES[found[1]]]
            if found[2] in items:
                raise UnreadableError(f"two series of one node: {items[found[2]]} and {line}")
            items[found[2]] = line
        elif sample := _OWN.fullmatch(line):
            own[sample[1], frozenset(_VALUE.findall(sample[2] or ""))] = float(sample[3])
        else:
            raise UnreadableError(f"no sample: {line!r}")
    nothing: frozenset[str] = frozenset()
    memory, files = (own.get((f"process_{name}", nothing), 0.0) for name in ("resident_memory_bytes", "open_fds"))
    return Page(series, Own(own), memory, files)


def read_list(body: bytes) -> Items:
    """Take a list of targets apart, by node. Raises UnreadableError."""
    try:
        groups = msgspec.json.decode(body, type=list[dict[str, Any]])
        items = {each["labels"][_IDENTIFIER]: one_group(each["targets"], each["labels"]) for each in groups}
    except (msgspec.DecodeError, LookupError) as error:
        raise UnreadableError(f"no list of targets: {body[:100]!r}") from error
    if len(items) != len(groups):
        raise UnreadableError("two groups of one node")
    return items
