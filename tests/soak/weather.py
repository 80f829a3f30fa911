"""The faults of the line, by chance."""

import math
import random
from collections.abc import Mapping
from datetime import datetime, timedelta, timezone
from time import monotonic, time
from urllib.parse import parse_qs, urlsplit

from tests.faults.catalogue import CASES, MORE, UNAVAILABLE, Case, blind
from tests.faults.line import Exchange, Fault, Line, pass_on
from tests.soak.ledger import Ledger

EMPTIED, CLOCK, FLAKY = "nothing there", "clock jumps", "any fault, now and then"

_CASES: Mapping[str, Case] = {**CASES, **MORE, "nothing tells what has changed": Case(blind, UNAVAILABLE)}
_AT_ONCE = [case.fault for case in _CASES.values() if case.fault is not None]
_FLAKY = 0.3
_JUMPS = (-120, -60, -10, -2, 2, 45, 600, 3600)
_NEVER = datetime.max.replace(tzinfo=timezone.utc)
_SHORTEST, _LONGEST = 0.5, 6.0
_SLACK = 2.0


class Weather:
    """One fault at a time, or none.

    `refused` tells of a fault since `clear` after which an exporter leaves things alone for long.
    """

    def __init__(self, line: Line, chance: random.Random, others: random.Random, ledger: Ledger) -> None:
        self._line = line
        self._chance = chance
        self._others = others
        self._ledger = ledger
        self._ends = 0.0
        self._asked = 0
        self._jumps: list[tuple[float, float, float]] = []
        self._holds: list[tuple[float, float]] = []
        self._empty: list[tuple[datetime, datetime]] = []
        self.fault: str | None = None
        self.refused = False
        self.emptied = False

    @property
    def is_fair(self) -> bool:
        return self.fault is None

    @property
    def is_over(self) -> bool:
        return self.fault is not None and monotonic() >= self._ends

    @property
    def keeps_time(self) -> bool:
        """Tell whether the inventory may be changed: not while Infrahub's clock is wrong."""
        return self.fault != CLOCK

    def turn(self, *, may_be_emptied: bool) -> None:
        """Begin a fault."""
        names = [*_CASES, *[FLAKY] * 5, *[CLOCK] * 2, *([EMPTIED] * 2 if may_be_emptied else [])]
        self.fault = self._chance.choice(names)
        self._ends = monotonic() + self._chance.uniform(_SHORTEST, _LONGEST)
        self._asked = self._line.asked
        self._ledger.fault(self.fault)
        case = _CASES.get(self.fault)
        if self.fault == EMPTIED:
            self.emptied = True
            self._holds.append((time(), math.inf))
            self._empty.append((datetime.now(timezone.utc), _NEVER))
        elif self.fault == CLOCK:
            ahead = self._chance.choice(_JUMPS)
            self._empty.clear()  # it must not come back to one of these
            self._jumps.append((time(), math.inf, float(max(0, -ahead))))
            self._line.clock.ahead = timedelta(seconds=ahead)
        elif case is None:
            self._line.fault = self._through(self._any)
        elif case.fault is None:
            self._line.cut()
        else:
            self._line.fault = self._through(case.fault)
        self.refused |= case is None or case.reason != UNAVAILABLE or len(case.entries) == 1

    def mend(self) -> None:
        """End the fault."""
        if self.fault is not None:
            self._line.mend()
            self._line.fault = self._through(pass_on)
            if self.fault == EMPTIED:
                self._empty[-1] = self._empty[-1][0], datetime.now(timezone.utc)
            self._ledger.count("requests of the exporter that met a fault", self._line.asked - self._asked)
            self.fault = None

    def clear(self) -> None:
        """Note that the exporter has got over all there was."""
        self.refused = self.emptied = False
        self._jumps = [(began, min(ended, time()), behind) for began, ended, behind in self._jumps[-10:]]
        self._holds = [(began, min(ended, time())) for began, ended in self._holds[-10:]]

    def behind(self, at: float) -> float:
        """Say by how many seconds what is served may be older than the time at which it was read.

        That is how far Infrahub's clock was set back, or for how long the guard has held on to what was there before.
        """
        jumps = (behind for began, ended, behind in self._jumps if began - _SLACK <= at <= ended)
        holds = (at - began + _SLACK for began, ended in self._holds if began <= at <= ended)
        return max([0.0, *jumps, *holds])

    def _through(self, fault: Fault) -> Fault:
        """Let a fault have what Infrahub has, or had at the instant that is asked for: nothing, at times."""

        async def answer(exchange: Exchange) -> None:
            at = parse_qs(urlsplit(exchange.target).query).get("at")
            moment = datetime.now(timezone.utc) if at is None else datetime.fromisoformat(at[0].replace("Z", "+00:00"))
            if exchange.is_graphql and any(began <= moment < ended for began, ended in self._empty[-3:]):
                request = exchange.method, exchange.target, exchange.headers, exchange.body
                exchange = Exchange(self._line.empty, request, (exchange.reader, exchange.writer))
            await fault(exchange)

        return answer

    async def _any(self, exchange: Exchange) -> None:
        fault = self._others.choice(_AT_ONCE) if self._others.random() < _FLAKY else pass_on
        await fault(exchange)
