"""Changes of the inventory, drawn by chance; what is there at the start is never deleted."""

import json
import random
from collections import deque
from collections.abc import Callable, Mapping
from time import monotonic

import msgspec

from tests.faults.line import Line
from tests.soak.truth import Truth

MOST_LOST = 5
"""How many may leave a list within a minute: fewer than the guard would hold."""
MOST_MADE, MOST_RACKS, MOST_OUT = 40, 20, 10

_MINUTE = 60.0
_BURST = 20
_TEXTS = (
    'quote " and backslash \\',
    "two\nlines",
    "\u2028\u0085\x0b not a line's end",
    "Zürich 🏔",
    '"} 1\ninfrahub_dcimdevice_info{id="forged"} 1',
    "<script>alert(1)</script>",
    "",
)
_NAMES = "{ DcimDevice { edges { node { name { value } } } } BuiltinTag { edges { node { name { value } } } } }"
_HEADERS = {"content-type": "application/json"}


class Changes:
    """Draws changes and makes them."""

    def __init__(self, line: Line, truth: Truth, chance: random.Random) -> None:
        self._line = line
        self._truth = truth
        self._chance = chance
        body = msgspec.json.encode({"query": _NAMES})
        answer = msgspec.json.decode(line.full.handle("POST", "/graphql/main", _HEADERS, body).body)["data"]
        self._old, self._tags = ([each["node"]["name"]["value"] for each in answer[kind]["edges"]] for kind in answer)
        self._sites = ["paris", "frankfurt", "new-york"]
        self._racks: list[str] = []
        self._made: dict[str, list[str]] = {}
        self._out: set[str] = set()
        self._lost: deque[float] = deque()
        self._numbers = iter(range(1, 1_000_000_000))
        self._ways: Mapping[Callable[[], list[str]], int] = {
            self._create: 4,
            self._delete: 3,
            self._serial: 4,
            self._many_serials: 1,
            self._switch: 3,
            self._port: 2,
            self._tag: 3,
            self._move: 2,
            self._rename: 2,
            self._rename_site: 1,
            self._rename_tag: 1,
            self._facility: 1,
            self._height: 1,
            self._create_rack: 1,
            self._delete_rack: 1,
        }

    def make(self) -> None:
        """Make one change."""
        mutations: list[str] = []
        while not mutations:
            (way,) = self._chance.choices(list(self._ways), list(self._ways.values()))
            mutations = way()
        with self._truth.changing():
            self._line.change(*mutations)

    def _create(self) -> list[str]:
        if len(self._made) >= MOST_MADE:
            return []
        number = next(self._numbers)
        name, role = f"soak-{number}", self._chance.choice(["edge", "spine", "leaf", "access"])
        addresses = [f"10.99.{number // 250 % 250}.{number % 250}/24", f"2001:db8:99::{number % 0xFFFF:x}/128"]
        self._made[name] = addresses
        device = (
            f"name: {_value(name)}, role: {_value(role)}, serial: {_value(self._text())}, "
            f"site: {_by(self._chance.choice(self._sites))}, tags: [{self._some_tags()}], "
            f"primary_address: {_by(addresses[0])}, loopback_address: {_by(addresses[1])}"
        )
        return [
            *(f"IpamIPAddressCreate(data: {{address: {_value(each)}}}) {{ ok }}" for each in addresses),
            f"DcimDeviceCreate(data: {{{device}}}) {{ ok }}",
        ]

    def _delete(self) -> list[str]:
        if not self._made or not self._may_lose():
            return []
        name = self._chance.choice(list(self._made))
        addresses = self._made.pop(name)
        self._out.discard(name)
        kinds = ["DcimDevice", "IpamIPAddress", "IpamIPAddress"]
        return [_delete(kind, each) for kind, each in zip(kinds, [name, *addresses], strict=True)]

    def _serial(self) -> list[str]:
        return [_update("DcimDevice", self._device(), f"serial: {_value(self._text())}")]

    def _many_serials(self) -> list[str]:
        names = self._chance.sample([*self._old, *self._made], _BURST)
        return [_update("DcimDevice", each, f"serial: {_value(self._text())}") for each in names]

    def _switch(self) -> list[str]:
        name = self._device()
        if name in self._out:
            self._out.discard(name)
            return [_update("DcimDevice", name, f"status: {_value('active')}")]
        if len(self._out) >= MOST_OUT or not self._may_lose():
            return []
        self._out.add(name)
        return [_update("DcimDevice", name, f"status: {_value('retired')}")]

    def _port(self) -> list[str]:
        return [_update("DcimDevice", self._device(), f"exporter_port: {{value: {self._chance.randint(9100, 9999)}}}")]

    def _tag(self) -> list[str]:
        return [_update("DcimDevice", self._device(), f"tags: [{self._some_tags()}]")]

    def _move(self) -> list[str]:
        return [_update("DcimDevice", self._device(), f"site: {_by(self._chance.choice(self._sites))}")]

    def _rename(self) -> list[str]:
        name = self._chance.choice(self._old)
        new = f"{name.partition(' ')[0]} {next(self._numbers)}"
        self._old[self._old.index(name)] = new
        if name in self._out:
            self._out.symmetric_difference_update([name, new])
        return [_update("DcimDevice", name, f"name: {_value(new)}")]

    def _rename_site(self) -> list[str]:
        return self._renamed("LocationSite", self._sites)

    def _rename_tag(self) -> list[str]:
        return self._renamed("BuiltinTag", self._tags)

    def _renamed(self, kind: str, names: list[str]) -> list[str]:
        name = self._chance.choice(names)
        new = f"{name.partition(' ')[0]} {next(self._numbers)}"
        names[names.index(name)] = new
        return [_update(kind, name, f"name: {_value(new)}")]

    def _facility(self) -> list[str]:
        return [_update("LocationSite", self._chance.choice(self._sites), f"facility: {_value(self._text())}")]

    def _height(self) -> list[str]:
        rack = self._chance.choice([f"{site}-r{number}" for site in ("par1", "fra1", "nyc1") for number in range(1, 7)])
        return [_update("LocationRack", rack, f"height: {{value: {self._chance.randint(10, 60)}}}")]

    def _create_rack(self) -> list[str]:
        if len(self._racks) >= MOST_RACKS:
            return []
        name = f"soak-r{next(self._numbers)}"
        self._racks.append(name)
        parent = _by(self._chance.choice(self._sites))
        return [f"LocationRackCreate(data: {{name: {_value(name)}, parent: {parent}}}) {{ ok }}"]

    def _delete_rack(self) -> list[str]:
        if not self._racks or not self._may_lose():
            return []
        return [_delete("LocationRack", self._racks.pop(self._chance.randrange(len(self._racks))))]

    def _device(self) -> str:
        name: str = self._chance.choice([*self._old, *self._made])
        return name

    def _some_tags(self) -> str:
        return ", ".join(map(_by, self._chance.sample(self._tags, self._chance.randint(0, 3))))

    def _text(self) -> str:
        return f"{self._chance.choice(_TEXTS)}{next(self._numbers)}"

    def _may_lose(self) -> bool:
        now = monotonic()
        while self._lost and self._lost[0] < now - _MINUTE:
            self._lost.popleft()
        if len(self._lost) >= MOST_LOST:
            return False
        self._lost.append(now)
        return True


def _value(text: str) -> str:
    return f"{{value: {json.dumps(text)}}}"


def _by(name: str) -> str:
    return f"{{hfid: [{json.dumps(name)}]}}"


def _update(kind: str, name: str, values: str) -> str:
    return f"{kind}Update(data: {{hfid: [{json.dumps(name)}], {values}}}) {{ ok }}"


def _delete(kind: str, name: str) -> str:
    return f"{kind}Delete(data: {{hfid: [{json.dumps(name)}]}}) {{ ok }}"
