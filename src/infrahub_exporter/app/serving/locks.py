"""Who is let in to the service, as the settings have it."""

from typing import TYPE_CHECKING

from litestar.types import ASGIApp
from msgspec import Struct

from infrahub_exporter.adapters.http.webhook import WEBHOOK_PATH
from infrahub_exporter.app.configuration.web import WebSettings, read_bearer_tokens, read_users
from infrahub_exporter.domain.ports import Clock

if TYPE_CHECKING:
    from infrahub_exporter.adapters.http.authentication import Authenticator


class Lock(Struct, frozen=True):
    """Who is let in, as the settings have it, and what was learnt of who asks."""

    users: dict[str, str]
    tokens: tuple[str, ...]
    authenticator: "Authenticator"

    def __repr__(self) -> str:
        return "Lock(***)"


def lock_of(web: WebSettings, former: Lock | None, clock: Clock) -> Lock | None:
    """Return who is let in, None for everyone. As long as they are the same it is still known who guessed."""
    if not web.is_authenticated:
        return None
    from infrahub_exporter.adapters.http.authentication import Authenticator  # noqa: PLC0415 - bcrypt

    users, tokens = read_users(web), read_bearer_tokens(web)
    if former is not None and (former.users, former.tokens) == (users, tokens):
        return former
    if former is not None:
        return Lock(users, tokens, former.authenticator.replaced(users=users, tokens=tokens))
    return Lock(users, tokens, Authenticator(users=users, tokens=tokens, clock=clock))


def locked(app: ASGIApp, lock: Lock) -> ASGIApp:
    """Put a lock before an application; its health and its webhook, which is signed, stay open."""
    from infrahub_exporter.adapters.http.authentication import HEALTH_PATHS, authenticated  # noqa: PLC0415 - bcrypt

    return authenticated(app, lock.authenticator, open_paths=(*HEALTH_PATHS, WEBHOOK_PATH))
