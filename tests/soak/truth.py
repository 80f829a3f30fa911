"""What the inventory is and has been, and what that makes of what is served: written down without the product."""

import math
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from time import time
from typing import Any

import msgspec
from msgspec import Struct

from tests.faults.line import Line
from tests.faults.watched import DEVICES, LIST, RACKS, ROUTERS

Entry = tuple[str, str]
Items = Mapping[str, str]
State = Mapping[Entry, Items]

SITES: Entry = ("kind", "LocationSite")
ALL = (DEVICES, RACKS, SITES, LIST, ROUTERS)
KEPT_SECONDS = 900.0
"""How long it is remembered what has been."""

_HEADERS = {"content-type": "application/json"}
_DOCUMENT = """{
  DcimDevice { edges { node {
    id hfid name { value } status { value } serial { value } role { value } monitored { value } exporter_port { value }
    site { node { name { value } } } tags { edges { node { hfid } } }
    primary_address { node { address { ip } } } loopback_address { node { address { ip version } } }
  } } }
  LocationRack { edges { node { id hfid name { value } height { value } } } }
  LocationSite { edges { node { id hfid name { value } facility { value } } } }
}"""


class Wrong(Enum):
    """What can be wrong with what is served of a node."""

    LOST = "lost"
    LEFT = "left over"
    OLD = "older than said"
    OTHER = "never true"


class Flaw(Struct, frozen=True):
    """A node of which something else is served than what was true."""

    what: Wrong
    entry: Entry
    identifier: str
    shown: str | None
    true: str | None
    age: float | None
    """How long ago that was true; None where it never was."""

    def __str__(self) -> str:
        age = "never true" if self.age is None else f"last true {self.age:.1f} s before"
        return f"{self.what.value}: {self.entry[1]}: shows {self.shown} ({age}), true is {self.true}"


class _Version(Struct):
    """What was true of a node (None: it did not exist), at most from `since` to `until`, in unix seconds."""

    item: str | None
    since: float
    until: float = math.inf


class Truth:
    """The inventory of an Infrahub, and its past. Safe to use from any thread."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._lock = threading.RLock()
        self._versions: dict[Entry, dict[str, list[_Version]]] = {entry: {} for entry in ALL}
        self._record(-math.inf)

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Change the inventory within this."""
        with self._lock:
            began = time()
            try:
                yield
            finally:
                self._record(began)

    def now(self, entry: Entry) -> Items:
        """Return what is true of an entry."""
        with self._lock:
            found = self._versions[entry].items()
            return {each: versions[-1].item for each, versions in found if versions[-1].item is not None}

    def flaws(self, entry: Entry, shown: Items, *, after: float, before: float) -> list[Flaw]:
        """Hold what is served against what was true at any time from `after` to `before`, node by node."""
        with self._lock:
            known = self._versions[entry]
            flaws = []
            for each in {*known, *shown}:
                versions = known.get(each, [])
                what = _wrong(shown.get(each), versions, after, before)
                if what is not None:
                    item, true = shown.get(each), versions[-1].item if versions else None
                    age = min((before - one.until for one in versions if one.item == item), default=None)
                    flaws.append(Flaw(what, entry, each, item, true, age))
            return flaws

    def were_all_at_once(self, entry: Entry, shown: Items, *, after: float, before: float) -> bool:
        """Tell whether there was a moment from `after` to `before` at which all that is served was true."""
        with self._lock:
            times = [
                [each for each in versions if each.item == shown.get(identifier)]
                for identifier, versions in self._versions[entry].items()
            ]
        moments = {after, before, *(max(each.since, after) for versions in times for each in versions)}
        return any(
            all(any(each.since <= moment <= each.until for each in versions) for versions in times)
            for moment in moments
            if moment <= before
        )

    def forget(self) -> None:
        """Forget what has not been true for long."""
        with self._lock:
            oldest = time() - KEPT_SECONDS
            for entry, nodes in self._versions.items():
                young = {each: [one for one in versions if one.until > oldest] for each, versions in nodes.items()}
                self._versions[entry] = {
                    each: versions for each, versions in young.items() if len(versions) > 1 or versions[-1].item
                }

    def _record(self, began: float) -> None:
        state = read(self._line)
        ended = time()
        for entry, nodes in self._versions.items():
            for each in {*nodes, *state[entry]}:
                item = state[entry].get(each)
                versions = nodes.setdefault(each, [_Version(None, -math.inf)])
                if versions[-1].item != item:
                    versions[-1].until = ended
                    versions.append(_Version(item, began))


def read(line: Line) -> State:
    """Ask an Infrahub what the entries have to show."""
    body = msgspec.json.encode({"query": _DOCUMENT})
    reply = line.full.handle("POST", "/graphql/main", _HEADERS, body)
    data = msgspec.json.decode(reply.body, type=dict[str, Any])["data"]
    devices, racks, sites = ([_flat(each["node"]) for each in data[kind]["edges"]] for kind in data)
    return {
        DEVICES: {
            each["id"]: _series("DcimDevice", each, "name", "status", "serial", "site_name", "tags") for each in devices
        },
        RACKS: {each["id"]: _series("LocationRack", each, "name", "height") for each in racks},
        SITES: {each["id"]: _series("LocationSite", each, "name", "facility") for each in sites},
        LIST: {
            each["id"]: group([f"{each['primary_address']}:{each['exporter_port']}"], each, "name", site="site_name")
            for each in devices
            if each["status"] == "active" and each["monitored"] and each["primary_address"]
        },
        ROUTERS: {
            each["id"]: group([f"[{each['loopback_address']}]:{each['exporter_port']}"], each, "name", "status")
            for each in devices
            if each["role"] in {"edge", "spine"} and each["loopback_address"]
        },
    }


def group(targets: list[str], node: Mapping[str, Any], *names: str, **renamed: str) -> str:
    """Write a target group of a device in one way, whatever the order of its labels."""
    labels = {name: node[name] for name in names} | {label: node[name] for label, name in renamed.items()}
    labels |= {"__meta_infrahub_id": node["id"], "__meta_infrahub_kind": "DcimDevice"}
    return one_group(targets, labels)


def one_group(targets: list[str], labels: Mapping[str, str]) -> str:
    """Write a target group in one way, whatever the order of its labels."""
    return f"{targets} {sorted(labels.items())}"


def _wrong(shown: str | None, versions: list[_Version], after: float, before: float) -> Wrong | None:
    true = versions[-1].item if versions else None
    if shown == true:
        return None
    if any(each.item == shown and each.since <= before and each.until >= after for each in versions):
        return None
    if shown is None:
        return Wrong.LOST
    if not any(each.item == shown for each in versions):
        return Wrong.OTHER
    return Wrong.LEFT if true is None else Wrong.OLD


def _flat(node: Mapping[str, Any]) -> dict[str, Any]:
    """Take the values out of a node: of an attribute, of the site, of addresses; the tags in their label form."""
    flat: dict[str, Any] = {}
    for name, found in node.items():
        if name == "tags":
            flat[name] = ",".join(sorted("__".join(["BuiltinTag", *each["node"]["hfid"]]) for each in found["edges"]))
        elif not isinstance(found, dict):
            flat[name] = found
        elif "value" in found:
            flat[name] = found["value"]
        elif name == "site":
            flat["site_name"] = found["node"]["name"]["value"]
        else:
            flat[name] = found["node"] and found["node"]["address"]["ip"]
    return flat


def _series(kind: str, node: Mapping[str, Any], *names: str) -> str:
    labels = {"id": node["id"], "hfid": "__".join([kind, *node["hfid"]])}
    labels |= {name: "" if node[name] is None else str(node[name]) for name in names}
    written = ",".join(f'{name}="{_escaped(text)}"' for name, text in labels.items())
    return f"infrahub_{kind.lower()}_info{{{written}}} 1"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
