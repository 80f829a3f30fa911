"""Who may ask the service what: its TLS, its users and tokens, and what an operator may do."""

import re
from pathlib import Path

from msgspec import Struct, field

from infrahub_exporter.app.configuration.decoding import ExistingPath
from infrahub_exporter.app.configuration.places import SettingError, at
from infrahub_exporter.app.configuration.secret import Secret, read_secrets
from infrahub_exporter.domain.errors import ConfigError

_HASH = re.compile(r"\$2[aby]\$(0[4-9]|1[0-5])\$[./A-Za-z0-9]{53}")
"""What bcrypt writes. From a cost of 16 on one look would take seconds."""
_SHORTEST_TOKEN = 16


class _Section(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A mapping of the configuration file."""


class ListenerTlsSettings(_Section, frozen=True):
    """The certificate that the service shows, and whose clients get in."""

    certificate: ExistingPath
    key: ExistingPath | None = None
    client_ca: ExistingPath | None = None


class AdminSettings(_Section, frozen=True):
    """Whether an operator may act over HTTP."""

    enabled: bool = False


class WebSettings(_Section, frozen=True):
    """How the service is guarded. Nothing here, and everyone may read it."""

    tls: ListenerTlsSettings | None = None
    basic_users: dict[str, Secret] = {}
    bearer_tokens: tuple[Secret, ...] = ()
    bearer_token_file: Path | None = None
    admin: AdminSettings = field(default_factory=AdminSettings)

    @property
    def is_authenticated(self) -> bool:
        """Tell whether anyone has to say who they are."""
        return bool(self.basic_users or self.bearer_tokens) or self.bearer_token_file is not None

    def __post_init__(self) -> None:
        for index, (name, hash_) in enumerate(self.basic_users.items()):
            if name.startswith("$2"):
                raise SettingError(("basic_users", index), "expected names before bcrypt hashes, got a hash as name")
            if not name or ":" in name or not name.isprintable():
                raise SettingError(("basic_users", index), "expected a printable name without colon")
            if _HASH.fullmatch(hash_.reveal()) is None:
                expected = "expected a bcrypt hash of a cost from 4 to 15, as `htpasswd -nBC 10 name` prints it"
                raise SettingError(("basic_users", index), expected)
        for index, token in enumerate(self.bearer_tokens):
            with at("bearer_tokens", index):
                _check_token(token)
        if self.admin.enabled and not self.is_authenticated:
            expected = "expected basic_users, bearer_tokens or bearer_token_file with it, got none of them"
            raise SettingError(("admin", "enabled"), expected)


def read_users(web: WebSettings) -> dict[str, str]:
    """Return the users and their bcrypt hashes."""
    return {name: hash_.reveal() for name, hash_ in web.basic_users.items()}


def read_bearer_tokens(web: WebSettings) -> tuple[str, ...]:
    """Return all tokens, those of the file as it is now among them. Raises ConfigError."""
    tokens = list(web.bearer_tokens)
    if web.bearer_token_file is not None:
        with at("web", "bearer_token_file"):
            tokens += read_secrets(web.bearer_token_file)
            for token in tokens:
                _check_token(token)
    return tuple(token.reveal() for token in tokens)


def _check_token(token: Secret) -> None:
    if not token.fits_a_header or len(token.reveal()) < _SHORTEST_TOKEN or " " in token.reveal():
        raise ConfigError(f"expected at least {_SHORTEST_TOKEN} printable ASCII characters without spaces")
