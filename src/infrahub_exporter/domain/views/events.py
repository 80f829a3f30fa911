"""Infrahub's events, counted by name page by page from where the last look ended."""

import datetime as dt
from collections import Counter
from collections.abc import Mapping

from msgspec import Struct

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.views.collecting import Answer, Collection, Question, by, gauge, nodes_of
from infrahub_exporter.domain.views.instants import seconds

PAGE = 50
"""The most events that Infrahub gives at once."""
PAGES = 20
"""How many pages of them are read in a round; the next one goes on where they end."""
OVERLAP_SECONDS = 10.0
"""How much later than others an event may come to be seen, and is not missed."""
_SAME_SECONDS = 0.001
"""How exactly an instant is told."""
_NEWEST = "query infrahub_exporter { InfrahubEvent(limit: 1, order: DESC) { edges { node { id occurred_at } } } }"
_SINCE = (
    "query infrahub_exporter($since: DateTime!, $offset: Int!) { InfrahubEvent(since: $since, offset: $offset, "
    f"limit: {PAGE}, order: ASC) {{ edges {{ node {{ id event occurred_at }} }} }} }}"
)


class Seen(Struct, frozen=True):
    """The events that were seen: from when to look on (unix seconds), those since then by id, and what all were."""

    since: float
    recent: Mapping[str, float]
    counted: Mapping[str, int] = {}
    last: Mapping[str, float] = {}


class Memory:
    """What a collector remembers of its last good look."""

    seen: Seen | None = None


def events(memory: Memory) -> Collection:
    """Count events by name since the first look, and tell when each was last; what is older is not looked at."""
    seen = memory.seen or _begun((yield Question(_NEWEST)))
    recent, counted, last = dict(seen.recent), Counter(seen.counted), dict(seen.last)
    until, is_all, page = seen.since, False, 0
    while page < PAGES and not is_all:
        answer = yield Question(_SINCE, {"since": _written(seen.since), "offset": page * PAGE})
        nodes = list(nodes_of(answer, "InfrahubEvent"))
        for node in nodes:
            identifier, name, at = str(node.get("id")), str(node.get("event")), _instant(node)
            until = max(until, at)
            if identifier not in recent:
                recent[identifier] = at
                counted[name] += 1
                last[name] = max(at, last.get(name, at))
        page, is_all = page + 1, len(nodes) < PAGE
    since = max(seen.since, until - (OVERLAP_SECONDS if is_all else _SAME_SECONDS))
    recent = {identifier: at for identifier, at in recent.items() if at >= since - _SAME_SECONDS}
    memory.seen = Seen(since, recent, dict(counted), last)
    return (
        by(
            "infrahub_events",
            "Events since the exporter began to look, by name.",
            "event",
            dict(sorted(counted.items())),
        ),
        gauge(
            "infrahub_event_last_timestamp_seconds",
            "When an event was last, by name; those before the exporter began to look are left out.",
            ("event",),
            [((name,), at) for name, at in sorted(last.items())],
        ),
    )


def _begun(answer: Answer) -> Seen:
    """Begin at the newest event that there is."""
    newest = {str(node.get("id")): _instant(node) for node in nodes_of(answer, "InfrahubEvent")}
    return Seen(max(newest.values(), default=0.0), newest)


def _instant(node: Mapping[str, JSON]) -> float:
    at = seconds(node.get("occurred_at"))
    if at is None:
        raise DerivationError("expected an instant in an event's occurred_at")
    return at


def _written(at: float) -> str:
    return dt.datetime.fromtimestamp(at, dt.timezone.utc).isoformat()
