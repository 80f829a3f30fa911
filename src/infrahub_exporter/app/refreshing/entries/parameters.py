"""The lists of one discovery, one for each set of parameters that is asked for."""

from collections.abc import Callable, Iterable, Mapping
from urllib.parse import urlencode

import msgspec

from infrahub_exporter.app.refreshing.entries.discoveries import DiscoveryEntry, QueryDiscovery
from infrahub_exporter.app.refreshing.entries.handover import KeptSet
from infrahub_exporter.domain.asking.specs import DiscoverySpec
from infrahub_exporter.domain.counts import counted, noun
from infrahub_exporter.domain.errors import SourceUnavailableError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.saved import fingerprint
from infrahub_exporter.domain.texts import text

_UNUSED_INTERVALS = 5
_UNUSED_SECONDS = 300.0
"""A list that nobody asked for in so many intervals, and so many seconds, is not used any more."""


def _told(value: JSON) -> JSON:
    """Write booleans as a URL has them, alone or in a list."""
    if isinstance(value, list):
        return [_told(each) for each in value]
    return text(value) if isinstance(value, bool) else value


class ParameterSets:
    """Hold a list per set of parameters, `most` at once. Past that the oldest unused one has to make room."""

    def __init__(
        self, spec: DiscoverySpec, *, make: Callable[[DiscoverySpec], QueryDiscovery], clock: Clock, most: int
    ) -> None:
        self._spec = spec
        self._make = make
        self._clock = clock
        self._most = most
        self._asked: dict[QueryDiscovery, float] = {}

    @property
    def entries(self) -> tuple[QueryDiscovery, ...]:
        """Return the lists, those that were asked for longest ago first."""
        return tuple(self._asked)

    def find(self, values: Mapping[str, JSON]) -> QueryDiscovery:
        """Return the list of some parameters, a new one where there is none yet.

        Raises SourceUnavailableError where too many others are in use.
        """
        name = f"{self._spec.name}?{urlencode({key: _told(value) for key, value in values.items()}, doseq=True)}"
        entry = next((each for each in self._asked if each.spec.name == name), None)
        if entry is None:
            self._make_room()
            entry = self._make(self._filled(name, values))
        self._asked.pop(entry, None)
        self._asked[entry] = self._clock.monotonic()
        return entry

    def forget(self, entry: DiscoveryEntry) -> None:
        """Let go of a list, where it is one of these."""
        self._asked = {each: asked for each, asked in self._asked.items() if each is not entry}

    def kept(self) -> tuple[KeptSet, ...]:
        """Return the lists for a discovery that reads and derives the same."""
        return tuple(
            KeptSet(entry.spec.name, entry.spec.variables, asked, entry.kept()) for entry, asked in self._asked.items()
        )

    def go_on(self, kept: Iterable[KeptSet]) -> None:
        """Go on with the lists of a discovery that reads and derives the same."""
        for each in kept:
            spec = self._filled(each.name, each.variables)
            if len(self._asked) < self._most and fingerprint(spec) == each.query.fingerprint:
                entry = self._make(spec)
                entry.go_on(each.query)
                self._asked[entry] = each.asked

    def _filled(self, name: str, values: Mapping[str, JSON]) -> DiscoverySpec:
        return msgspec.structs.replace(self._spec, name=name, variables={**self._spec.variables, **values})

    def _make_room(self) -> None:
        if len(self._asked) < self._most:
            return
        entry, asked = next(iter(self._asked.items()))
        unused = max(_UNUSED_SECONDS, _UNUSED_INTERVALS * self._spec.refresh_interval_seconds)
        if self._clock.monotonic() - asked < unused:
            raise SourceUnavailableError(
                f"there {noun(self._most, 'is', 'are')} {counted(self._most, 'list')} for other parameters, "
                "limits.max_parameter_sets allows no more"
            )
        self.forget(entry)
