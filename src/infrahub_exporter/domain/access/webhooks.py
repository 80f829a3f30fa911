"""Infrahub's webhooks: is this delivery genuine, new and of this moment, and what does it say has changed?

A delivery is a hint to look, never the truth: it comes at least once, in any order, or not at all.
"""

import base64
import hashlib
import hmac
import json
import math
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from msgspec import Struct

from infrahub_exporter.domain.access.credentials import Allowance

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Without dots, which part the signed text: no other split of it is a valid delivery."""
_TIMESTAMP = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")
_MOST_IDS = 100_000
_REREADS = 20
_REREAD_SECONDS = 0.25
"""How many bodies are read before anybody is known to have signed them: at once, and then one in so many seconds."""
_GROUPS = "infrahub.group."
_GROUP_KIND = "CoreGroup"
_SWEEPING = frozenset(
    {
        "infrahub.branch.merged",
        "infrahub.branch.migrated",
        "infrahub.branch.rebased",
        "infrahub.schema.updated",
    }
)
"""Events after which anything may be different, whatever branch they name."""


class Delivery(Struct, frozen=True):
    """A delivery as it came: the texts of the three `webhook-` headers, empty where one is missing, and the body."""

    id: str
    timestamp: str
    signature: str
    body: bytes


class Event(Struct, frozen=True):
    """What has happened in Infrahub; `branch` None is every branch, `kind` and `node_id` are None where none is named.

    `type` is a name such as `infrahub.node.updated`.
    """

    type: str
    kind: str | None = None
    node_id: str | None = None
    branch: str | None = None


class Refusal(Enum):
    """Why a delivery is not followed."""

    UNSIGNED = "a webhook-id, a webhook-timestamp and a webhook-signature are expected"
    FORGED = "the signature does not fit the key"
    STALE = "the timestamp is too far from now"
    REPLAYED = "this delivery has been here before"
    MALFORMED = "the body is no event of Infrahub"
    TOO_MANY = "too many deliveries, try again later"


class Touched(Struct, frozen=True):
    """What may be different now: the nodes of some kinds, or anything."""

    kinds: frozenset[str] = frozenset()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.kinds)


class Deliveries:
    """Check one delivery after another; none is followed twice.

    The ids of those within the time window are remembered, so many at most: what comes beyond is refused. What is older
    than an id that has been forgotten is stale, whatever any clock says by then.
    """

    def __init__(self, key: str, *, window_seconds: float = 300.0) -> None:
        self._key = key.encode()
        self._window_seconds = window_seconds
        self._seen: dict[str, float] = {}
        self._forgotten_until = -math.inf
        self._rereads = Allowance(burst=_REREADS, seconds=_REREAD_SECONDS)

    def check(self, delivery: Delivery, *, now: float, elapsed: float) -> Event | Refusal:
        """Return the event of a delivery that is genuine, new and of this moment.

        `now` is in unix seconds, `elapsed` in seconds of a clock that never goes back. What costs nothing comes first:
        anyone can send a body.
        """
        if not (_ID.fullmatch(delivery.id) and _TIMESTAMP.fullmatch(delivery.timestamp) and delivery.signature):
            return Refusal.UNSIGNED
        sent = float(delivery.timestamp)
        if abs(now - sent) > self._window_seconds or sent <= self._forgotten_until:
            return Refusal.STALE
        if not _is_signed(delivery, delivery.body, self._key):
            refusal = self._reread(delivery, elapsed)
            if refusal is not None:
                return refusal
        if delivery.id in self._seen:
            return Refusal.REPLAYED
        event = _event(_read(delivery.body))
        if event is None:
            return Refusal.MALFORMED
        return event if self._remember(delivery.id, sent, now) else Refusal.TOO_MANY

    def _reread(self, delivery: Delivery, elapsed: float) -> Refusal | None:
        """Look for a signature of the form that Infrahub signs: compact and ASCII-escaped, while it sends UTF-8.

        That takes milliseconds, so who is not genuine is not looked at as often as they like.
        """
        if self._rereads.take(elapsed) > 0.0:
            return Refusal.TOO_MANY
        tree = _read(delivery.body)
        if tree is None or not _is_signed(delivery, json.dumps(tree, separators=(",", ":")).encode(), self._key):
            return Refusal.FORGED
        self._rereads.give_back()
        return None

    def _remember(self, identifier: str, sent: float, now: float) -> bool:
        """Keep an id as long as its timestamp would still pass; tell whether there is room for it."""
        while self._seen:
            oldest, at = next(iter(self._seen.items()))
            if at >= now - self._window_seconds:
                break
            del self._seen[oldest]
            self._forgotten_until = max(self._forgotten_until, at)
        if len(self._seen) >= _MOST_IDS:
            return False
        self._seen[identifier] = sent
        return True


def sign(key: str, identifier: str, timestamp: str, body: bytes) -> str:
    """Return the header `webhook-signature`: HMAC-SHA256 over id, timestamp and body; the key is used as it is."""
    return _signature(key.encode(), identifier, timestamp, body)


def touched(events: Iterable[Event], *, branch: str) -> Touched:
    """Return what events may have changed on a branch.

    A group's members are bumped under the group's own kind, which is watched as `CoreGroup`. Events without a kind,
    logins and the like, change no node.
    """
    kinds: set[str] = set()
    everything = False
    for event in events:
        if event.type in _SWEEPING:
            everything = True
        elif event.kind is not None and event.branch in (None, branch):
            kinds.add(event.kind)
            if event.type.startswith(_GROUPS):
                kinds.add(_GROUP_KIND)
    return Touched(frozenset(kinds), everything)


def _signature(key: bytes, identifier: str, timestamp: str, body: bytes) -> str:
    mac = hmac.new(key, f"{identifier}.{timestamp}.".encode() + body, hashlib.sha256)
    return f"v1,{base64.b64encode(mac.digest()).decode()}"


def _is_signed(delivery: Delivery, body: bytes, key: bytes) -> bool:
    """Compare in constant time, and as text: base64 can be decoded from more than one."""
    expected = _signature(key, delivery.id, delivery.timestamp, body).encode()
    given = delivery.signature.encode(errors="replace").split(b" ")
    return any(hmac.compare_digest(expected, each) for each in given)


def _read(body: bytes) -> Any:
    """Read a body; None where it is no JSON, or too deep."""
    try:
        return json.loads(body.decode())
    except (ValueError, RecursionError):
        return None


def _event(tree: Any) -> Event | None:
    """Read `{"event", "branch", "data": {"kind", "node_id"}}`."""
    if not isinstance(tree, dict) or not isinstance(tree.get("event"), str):
        return None
    data = tree.get("data")
    data = data if isinstance(data, dict) else {}
    return Event(tree["event"], _text(data.get("kind")), _text(data.get("node_id")), _text(tree.get("branch")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
