"""Speak to a service that runs, over HTTP, as an operator whom it lets in."""

import os
import ssl
from pathlib import Path
from typing import Any

import click
import httpx
from typing_extensions import Self

from infrahub_exporter.app.configuration.reading import read_file
from infrahub_exporter.app.configuration.secret import read_secrets
from infrahub_exporter.app.configuration.settings import Settings, load_settings
from infrahub_exporter.app.configuration.web import read_bearer_tokens
from infrahub_exporter.domain.errors import ConfigError, ExporterError

_SECONDS = 60.0
"""How long an answer may take: a reload reads files, and an embedded Infrahub's may be large."""
_NOWHERE = "Not found"
_EVERYWHERE = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104 - compared, not bound


class OperationError(ExporterError):
    """The service did not do it, or could not be asked."""

    reason = "operation"


class Operator:
    """A client of the paths below `/-/` that are an operator's. `auth` is a user and password, or a bearer token."""

    def __init__(
        self,
        url: str,
        *,
        auth: tuple[str, str] | str | None = None,
        ca_file: Path | None = None,
        certificate: Path | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        try:
            for path in (ca_file, certificate):
                if path is not None:
                    read_file(path)
            context = ssl.create_default_context(cafile=None if ca_file is None else str(ca_file))
            if certificate is not None:
                context.load_cert_chain(certificate)
        except (OSError, ssl.SSLError) as error:
            raise ConfigError(
                f"--ca-file, --certificate: expected PEM files, the latter with its key: {error}"
            ) from error
        self._client = httpx.Client(
            auth=auth if isinstance(auth, tuple) else None,
            headers={"Authorization": f"Bearer {auth}"} if isinstance(auth, str) else {},
            verify=context,
            trust_env=False,  # a proxy of the environment would get the token
            timeout=_SECONDS,
        )

    @classmethod
    def find(
        cls,
        *,
        config: Path | None,
        url: str | None = None,
        token_file: Path | None = None,
        user: str | None = None,
        ca_file: Path | None = None,
        certificate: Path | None = None,
    ) -> Self:
        """Find out where the service is and who asks: what is not said, the configuration says. Raises ConfigError."""
        settings = None if config is None else load_settings(config, os.environ, _unheard)
        if url is None:
            if settings is None:
                raise ConfigError("--url: expected where the service is, or its configuration with --config")
            url = _url(settings)
        return cls(url, auth=_auth(settings, token_file, user), ca_file=ca_file, certificate=certificate)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._client.close()

    def post(self, path: str) -> dict[str, Any]:
        """Ask the service to do something and return what it says. Raises OperationError."""
        try:
            answer = self._client.post(f"{self._url}{path}")
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise OperationError(f"{self._url} cannot be asked: {error}") from error
        try:
            said = answer.json()
        except ValueError:
            said = None
        said = said if isinstance(said, dict) else {}
        if answer.is_success:
            return said
        if answer.status_code == httpx.codes.NOT_FOUND and said.get("title", _NOWHERE) == _NOWHERE:
            raise OperationError(f"{self._url} has no {path}: web.admin.enabled is not set there")
        raise OperationError(f"{self._url} answers {answer.status_code}: {said.get('detail', answer.reason_phrase)}")


def _url(settings: Settings) -> str:
    host = _EVERYWHERE.get(settings.listen_address, settings.listen_address)
    scheme = "http" if settings.web.tls is None else "https"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{settings.listen_port}"


def _auth(settings: Settings | None, token_file: Path | None, user: str | None) -> tuple[str, str] | str | None:
    if user is not None:
        return user, click.prompt(f"Password of {user}", hide_input=True, err=True)
    if token_file is not None:
        return read_secrets(token_file)[0].reveal()
    return None if settings is None else next(iter(read_bearer_tokens(settings.web)), None)


def _unheard(_line: str) -> None:
    """Let a warning pass: the service has told it."""
