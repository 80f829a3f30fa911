"""Basic and bearer authentication in front of all routes but some."""

import hashlib
import hmac
import logging
import math
import secrets
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping, Sequence
from http import HTTPStatus

import anyio
import anyio.to_thread
import bcrypt
import msgspec
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send
from msgspec import Struct

from infrahub_exporter.adapters.http.negotiation import wants_html
from infrahub_exporter.domain.access.credentials import Credentials, Guesses, Passed, origin, presented
from infrahub_exporter.domain.access.insistence import Insistence, Shown
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.ports import Clock

logger = logging.getLogger("infrahub_exporter")

STATUS_PATH = "/"
HEALTH_PATHS = (STATUS_PATH, "/-/healthy", "/-/ready")
"""What is open to everyone: probes have no credentials."""
_MOST_VERIFIED = 1024
_LONGEST_PASSWORD = 72
"""What bcrypt looks at. A longer password is refused: one that merely begins alike would pass, too."""
_LOG_SECONDS = 60.0
_POLICY_VIOLATION = 1008
_RANDOM = secrets.SystemRandom()


class Refused(Struct, frozen=True):
    """Nobody has these credentials; or it was not looked at, and is not for so many seconds."""

    wait_seconds: float = 0.0


class Authenticator:
    """Check credentials against users with bcrypt hashes and against tokens.

    A password costs bcrypt's tenths of a second once for each origin, in a worker thread and one at a time; what was
    right is known again by a keyed hash. Wrong ones are limited by origin, passwords in all as well. What is known
    passes even then, and so does a token: nobody's guesses stop a scrape. Of what was refused without a look some is
    looked up afterwards, see `reconsider`; `random` draws the lots.
    """

    def __init__(
        self,
        *,
        users: Mapping[str, str],
        tokens: Collection[str],
        clock: Clock,
        random: Callable[[], float] = _RANDOM.random,
    ) -> None:
        self._users = {name: hash_.encode() for name, hash_ in users.items()}
        self._dearest = max(map(_cost, self._users.values()), default=0)
        self._tokens = tuple(hashlib.sha256(token.encode()).digest() for token in tokens)
        self._clock = clock
        self._random = random
        self._key = secrets.token_bytes(32)
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._checking: dict[bytes, anyio.Event] = {}
        look_seconds = max(map(_look_seconds, self._users.values()), default=0.0)
        self._guesses = Guesses(look_seconds=look_seconds)
        self._insistence = Insistence(self._users, random=random, look_seconds=look_seconds)
        self._turn, self._late_turn = anyio.Lock(), anyio.Lock()
        self._refused = 0
        self._said_at = -math.inf

    def replaced(self, *, users: Mapping[str, str], tokens: Collection[str]) -> "Authenticator":
        """Return one for other users and tokens, which still knows whom it let in of those that stay as they are."""
        other = Authenticator(users=users, tokens=tokens, clock=self._clock, random=self._random)
        stay = {f"basic {name}" for name, hash_ in self._users.items() if other._users.get(name) == hash_}
        other._key = self._key
        other._known = OrderedDict((key, name) for key, name in self._known.items() if name in stay)
        return other

    @property
    def challenges(self) -> tuple[bytes, ...]:
        """Return the values of `WWW-Authenticate`, one for each scheme that can succeed."""
        basic = (b'Basic realm="infrahub-exporter", charset="UTF-8"',) if self._users else ()
        return (*basic, b'Bearer realm="infrahub-exporter"') if self._tokens else basic

    async def check(self, credentials: Credentials, host: str | None) -> Passed | Refused:
        """Tell whether credentials from a host's address are right."""
        from_ = origin(host)
        if credentials.scheme == "bearer" and self._has_token(credentials):
            return Passed("bearer")
        key = self._fingerprint(credentials, from_)
        while key in self._checking:
            await self._checking[key].wait()
        principal = self._known.get(key)
        if principal is not None:
            self._known.move_to_end(key)
            return Passed(principal)
        is_looked_up = credentials.scheme == "basic"
        wait = self._guesses.take(from_, self._clock.monotonic(), is_looked_up=is_looked_up)
        if wait > 0:
            self._refuse(from_)
            return Refused(wait)
        self._checking[key] = anyio.Event()
        try:
            principal = await self._principal(credentials)
        finally:
            self._checking.pop(key).set()
        if principal is None:
            self._insistence.found_wrong(Shown(key, credentials))
            self._refuse(from_)
            return Refused()
        self._guesses.give_back(from_, is_looked_up=is_looked_up)
        self._remember(key, principal)
        return Passed(principal)

    async def reconsider(self, credentials: Credentials, host: str | None) -> None:
        """Look up one of what was refused without a look, this or another: it is known then when it comes again.

        To be called when the answer is sent, which therefore tells of nobody whether they exist.
        """
        if credentials.scheme != "basic":
            return
        shown = Shown(self._fingerprint(credentials, origin(host)), credentials)
        due = self._insistence.due(shown, self._clock.monotonic())
        if due is None:
            return
        if await self._has_password(due.credentials, self._late_turn):
            self._remember(due.key, f"basic {due.credentials.user}")
        else:
            self._insistence.found_wrong(due)

    def _fingerprint(self, credentials: Credentials, from_: str) -> bytes:
        parts = (from_.encode(), credentials.scheme.encode(), credentials.user.encode(), credentials.secret)
        framed = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
        return hmac.new(self._key, framed, hashlib.sha256).digest()

    async def _principal(self, credentials: Credentials) -> str | None:
        if credentials.scheme == "basic" and self._users:
            return f"basic {credentials.user}" if await self._has_password(credentials, self._turn) else None
        return None

    def _has_token(self, credentials: Credentials) -> bool:
        """Compare with each token; that costs nothing, and a token is too long to be guessed."""
        given = hashlib.sha256(credentials.secret).digest()
        return sum(hmac.compare_digest(given, token) for token in self._tokens) > 0

    async def _has_password(self, credentials: Credentials, turn: anyio.Lock) -> bool:
        """Look a password up. Every user costs what the dearest does, an unknown one too: time does not tell."""
        if len(credentials.secret) > _LONGEST_PASSWORD:
            return False
        hash_ = self._users.get(credentials.user)
        async with turn:
            return await anyio.to_thread.run_sync(_look_up, credentials.secret, hash_, self._dearest)

    def _remember(self, key: bytes, principal: str) -> None:
        self._known[key] = principal
        while len(self._known) > _MOST_VERIFIED:
            self._known.popitem(last=False)

    def _refuse(self, from_: str) -> None:
        """Count, and say so once in a while; neither users nor what they sent: a password may stand for a name."""
        self._refused += 1
        now = self._clock.monotonic()
        if now - self._said_at >= _LOG_SECONDS:
            requests = noun(self._refused, "request")
            logger.warning("refused %d %s with wrong credentials, the last from %s", self._refused, requests, from_)
            self._refused, self._said_at = 0, now


def _cost(hash_: bytes) -> int:
    """Return the cost in `$2b$<cost>$...`."""
    return int(hash_[4:6])


def _look_seconds(hash_: bytes) -> float:
    """Estimate how long bcrypt takes: 0.25 s at a cost of 12, twice that at 13."""
    return float(2.0 ** (_cost(hash_) - 14))


def _look_up(password: bytes, hash_: bytes | None, dearest: int) -> bool:
    """Check a password and pay for it, all in all, what the dearest costs: one at 10 and again 10 and 11 make 12."""
    if hash_ is None:
        bcrypt.checkpw(password, _nobodys(dearest))
        return False
    matches = bcrypt.checkpw(password, hash_)
    for cost in range(_cost(hash_), dearest):
        bcrypt.checkpw(password, _nobodys(cost))
    return matches


def _nobodys(cost: int) -> bytes:
    """Write a hash that no password has."""
    return f"$2b${cost:02d}$".encode() + b"." * 53


def authenticated(app: ASGIApp, authenticator: Authenticator, *, open_paths: Sequence[str] = HEALTH_PATHS) -> ASGIApp:
    """Wrap an ASGI application: what asks for a path that is not open, and does not show good credentials, gets a 401.

    The paths of routes that do not exist are no exception. Who asks for `/` as HTML asks for the status page, which is
    not open: a browser has to be asked. Wrong credentials too often are a 429.
    """
    open_ = frozenset(open_paths)

    def is_open(scope: Scope) -> bool:
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return path in open_ and not (path == STATUS_PATH and wants_html(scope["headers"]))

    async def wrapped(scope: Scope, receive: Receive, send: Send) -> None:
        if str(scope["type"]) == "lifespan" or is_open(scope):
            await app(scope, receive, send)
            return
        shown = presented([value for name, value in scope["headers"] if name == b"authorization"])
        client = scope.get("client")
        verdict = Refused() if shown is None else await authenticator.check(shown, client and client[0])
        if isinstance(verdict, Passed):
            scope["auth"] = verdict
            await app(scope, receive, send)
        elif scope["type"] == ScopeType.HTTP:
            await _answer(send, verdict, authenticator, is_shown=shown is not None, is_head=scope["method"] == "HEAD")
            if shown is not None and verdict.wait_seconds > 0:
                await authenticator.reconsider(shown, client and client[0])
        else:
            await send({"type": "websocket.close", "code": _POLICY_VIOLATION, "reason": None})

    return wrapped


async def _answer(send: Send, refused: Refused, authenticator: Authenticator, *, is_shown: bool, is_head: bool) -> None:
    """Answer a problem document (RFC 9457)."""
    if refused.wait_seconds > 0:
        status, title = HTTPStatus.TOO_MANY_REQUESTS, "Too many attempts"
        detail = "wrong credentials came too often, try again later"
        headers = [(b"retry-after", str(math.ceil(refused.wait_seconds)).encode())]
    else:
        status, title = HTTPStatus.UNAUTHORIZED, "Not authenticated"
        detail = "these credentials are wrong" if is_shown else "credentials are expected"
        headers = [(b"www-authenticate", challenge) for challenge in authenticator.challenges]
    body = msgspec.json.encode({"title": title, "status": status.value, "detail": detail})
    headers += [
        (b"content-type", b"application/problem+json"),
        (b"content-length", str(len(body)).encode()),
        (b"cache-control", b"no-store"),
    ]
    await send({"type": "http.response.start", "status": status.value, "headers": headers})
    await send({"type": "http.response.body", "body": b"" if is_head else body, "more_body": False})
