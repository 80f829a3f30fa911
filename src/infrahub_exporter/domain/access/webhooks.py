"""Infrahub's webhooks: is this delivery genuine, new and of this moment, and what does it say has changed?

A delivery is a hint to look, never the truth: it comes at least once, in any order, or not at all.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Iterable
from enum import Enum
from typing import Any

from msgspec import Struct

_ID = re.compile(r"[A-Za-z0-9_-]{1,128}")
"""Without dots, which part the signed text: no other split of it is a valid delivery."""
_TIMESTAMP = re.compile(r"[0-9]{1,11}(\.[0-9]{1,9})?")
_MOST_IDS = 10_000
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


class Touched(Struct, frozen=True):
    """What may be different now: the nodes of some kinds, or anything."""

    kinds: frozenset[str] = frozenset()
    everything: bool = False

    def __bool__(self) -> bool:
        return self.everything or bool(self.kinds)


class Deliveries:
    """Check one delivery after another; the ids of those within the time window are remembered, up to a bound."""

    def __init__(self, key: str, *, window_seconds: float = 300.0) -> None:
        self._key = key.encode()
        self._window_seconds = window_seconds
        self._seen: dict[str, float] = {}

    def check(self, delivery: Delivery, *, now: float) -> Event | Refusal:
        """Return the event of a delivery that is genuine, new and of this moment (`now` in unix seconds)."""
        if not (_ID.fullmatch(delivery.id) and _TIMESTAMP.fullmatch(delivery.timestamp) and delivery.signature):
            return Refusal.UNSIGNED
        tree, dumped = _read(delivery.body)
        if not any(_is_signed(delivery, body, self._key) for body in (delivery.body, *dumped)):
            return Refusal.FORGED
        sent = float(delivery.timestamp)
        if abs(now - sent) > self._window_seconds:
            return Refusal.STALE
        if delivery.id in self._seen:
            return Refusal.REPLAYED
        event = _event(tree)
        if event is None:
            return Refusal.MALFORMED
        self._remember(delivery.id, sent, now)
        return event

    def _remember(self, identifier: str, sent: float, now: float) -> None:
        """Keep an id as long as its timestamp would still pass, and no more than the newest of many."""
        while self._seen:
            oldest, at = next(iter(self._seen.items()))
            if at >= now - self._window_seconds and len(self._seen) < _MOST_IDS:
                break
            del self._seen[oldest]
        self._seen[identifier] = sent


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


def _read(body: bytes) -> tuple[Any, tuple[bytes, ...]]:
    """Read a body; beside it, the form that Infrahub signs: compact and ASCII-escaped, while it sends UTF-8."""
    try:
        tree = json.loads(body.decode())
        return tree, (json.dumps(tree, separators=(",", ":")).encode(),)
    except (ValueError, RecursionError):
        return None, ()


def _event(tree: Any) -> Event | None:
    """Read `{"event", "branch", "data": {"kind", "node_id"}}`."""
    if not isinstance(tree, dict) or not isinstance(tree.get("event"), str):
        return None
    data = tree.get("data")
    data = data if isinstance(data, dict) else {}
    return Event(tree["event"], _text(data.get("kind")), _text(data.get("node_id")), _text(tree.get("branch")))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
