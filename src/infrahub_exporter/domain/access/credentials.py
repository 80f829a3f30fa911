"""Who asks: the credentials of a request, and how often wrong ones may be tried."""

import base64
import binascii
import ipaddress
from collections.abc import Sequence
from typing import Literal

from msgspec import Struct

Scheme = Literal["basic", "bearer", "unknown"]

_LONGEST_BYTES = 4096
_MOST_ORIGINS = 4096
_LONGEST_HOST = 64
_IPV6_NETWORK_BITS = 64
"""What one customer has of IPv6: its last 64 bits cost nothing to change."""
_MOST_LOOKS = 50
_LOOKS_SECONDS = 10.0
_LOOK_EVERY_SECONDS = 0.5
_LOOK_SHARE = 5


class Credentials(Struct, frozen=True):
    """What a request shows: `secret` is a password or a token; of what cannot be read, `scheme` is `unknown`."""

    scheme: Scheme
    user: str = ""
    secret: bytes = b""

    def __repr__(self) -> str:
        return f"Credentials(scheme={self.scheme!r}, ***)"


class Passed(Struct, frozen=True):
    """Who asks is who they say, such as `basic prometheus`. A request that passed has it as its scope's `auth`."""

    principal: str


UNREADABLE = Credentials("unknown")


def presented(headers: Sequence[bytes]) -> Credentials | None:
    """Read the values of all `Authorization` headers of a request (RFC 7617, RFC 6750); None where there is none.

    Two of them, like one that cannot be read, are credentials that nobody has.
    """
    if not headers:
        return None
    if len(headers) > 1 or len(headers[0]) > _LONGEST_BYTES:
        return UNREADABLE
    scheme, _, rest = headers[0].partition(b" ")
    rest = rest.strip(b" ")
    if scheme.lower() == b"bearer":
        return Credentials("bearer", secret=rest) if rest else UNREADABLE
    return _basic(rest) if scheme.lower() == b"basic" else UNREADABLE


def _basic(encoded: bytes) -> Credentials:
    try:
        user, colon, password = base64.b64decode(encoded, validate=True).partition(b":")
        name = user.decode()
    except (binascii.Error, ValueError):
        return UNREADABLE
    return Credentials("basic", name, password) if colon else UNREADABLE


def origin(host: str | None) -> str:
    """Return what counts as one origin of guesses: an IPv4 address, or the /64 of an IPv6 one.

    What is neither, as a proxy may say, is cut: origins are remembered.
    """
    text = (host or "")[:_LONGEST_HOST]
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return text
    if isinstance(address, ipaddress.IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ipaddress.ip_network((int(address), _IPV6_NETWORK_BITS), strict=False))


class Allowance:
    """How many more there may be: `burst` at once, then one every `seconds` (the generic cell rate algorithm)."""

    __slots__ = ("_burst", "_free_at", "_seconds")

    def __init__(self, *, burst: int, seconds: float) -> None:
        self._burst = burst
        self._seconds = seconds
        self._free_at = 0.0

    def take(self, now: float) -> float:
        """Take one and return 0, or take none and return the seconds until there is one; `now` is monotonic."""
        free_at = max(self._free_at, now)
        wait = free_at + self._seconds - now - self._burst * self._seconds
        if wait > 0:
            return wait
        self._free_at = free_at + self._seconds
        return 0.0

    def give_back(self) -> None:
        """Return one that was taken."""
        self._free_at -= self._seconds

    def is_full(self, now: float) -> bool:
        """Tell whether nothing is taken."""
        return self._free_at <= now


class Guesses:
    """How many wrong credentials are tried: by origin, and passwords in all, because looking one up costs time.

    A guess is taken before it is checked, so that many at once count, and given back when it was right. Memory is
    bounded: the oldest origin is forgotten. `look_seconds` is how long it takes to look a password up: that takes a
    fifth of the time at most, and no more than 10 s wait to be looked up.
    """

    def __init__(self, *, burst: int = 10, seconds: float = 6.0, look_seconds: float = 0.0) -> None:
        self._burst = burst
        self._seconds = seconds
        looks = _MOST_LOOKS if look_seconds * _MOST_LOOKS <= _LOOKS_SECONDS else int(_LOOKS_SECONDS / look_seconds)
        self._looks = Allowance(burst=max(1, looks), seconds=max(_LOOK_EVERY_SECONDS, look_seconds * _LOOK_SHARE))
        self._origins: dict[str, Allowance] = {}

    def __len__(self) -> int:
        return len(self._origins)

    def take(self, origin_: str, now: float, *, is_looked_up: bool = True) -> float:
        """Take a guess and return 0, or return the seconds until another one is allowed."""
        own = self._origins.pop(origin_, None) or Allowance(burst=self._burst, seconds=self._seconds)
        wait = own.take(now)
        if wait == 0.0 and is_looked_up:
            wait = self._looks.take(now)
            if wait > 0.0:
                own.give_back()
        if not own.is_full(now):
            self._remember(origin_, own, now)
        return wait

    def give_back(self, origin_: str, *, is_looked_up: bool = True) -> None:
        """Return a guess that was right."""
        if is_looked_up:
            self._looks.give_back()
        own = self._origins.get(origin_)
        if own is not None:
            own.give_back()

    def _remember(self, origin_: str, own: Allowance, now: float) -> None:
        """Keep an origin as the newest; let go of those that have nothing taken, and of the oldest of too many."""
        while self._origins:
            oldest = next(iter(self._origins))
            if len(self._origins) < _MOST_ORIGINS and not self._origins[oldest].is_full(now):
                break
            del self._origins[oldest]
        self._origins[origin_] = own
