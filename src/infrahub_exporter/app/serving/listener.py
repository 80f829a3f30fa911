"""TLS at the listening socket, with certificates that may change while it listens."""

import logging
import ssl
from pathlib import Path
from typing import Any

from typing_extensions import Self

from infrahub_exporter.app.configuration.files import Stamp, stamp
from infrahub_exporter.app.configuration.pem import PemFile, misfit
from infrahub_exporter.app.configuration.reading import read_file
from infrahub_exporter.domain.errors import ConfigError

logger = logging.getLogger("infrahub_exporter")


class ListenerContext(ssl.SSLContext):
    """A context for a listener whose every handshake uses the files as they are by then.

    Files that cannot be used leave what was used before, with one line in the log for each time that they changed; so
    does a certificate that is there before its key. Older connections keep what they have. TLS 1.2 and later; with
    `client_ca` only clients with a certificate of its authorities get in.
    """

    _current: ssl.SSLContext
    _files: tuple[Path, Path | None, Path | None]
    _stamp: tuple[Stamp | None, ...]

    @classmethod
    def load(cls, certificate: Path, key: Path | None = None, client_ca: Path | None = None) -> Self:
        """Read the files (PEM; the key may stand in the certificate's). Raises ConfigError."""
        context = cls(ssl.PROTOCOL_TLS_SERVER)
        context._files = (certificate, key, client_ca)
        context._stamp = context._stamped()
        try:
            context._current = _context(certificate, key, client_ca)
        except (OSError, ValueError) as error:
            raise ConfigError(context._misfit(error)) from error
        return context

    def wrap_bio(self, *arguments: Any, **options: Any) -> ssl.SSLObject:
        """Begin a handshake (asyncio and uvloop call this once for each connection)."""
        self.refresh()
        return self._current.wrap_bio(*arguments, **options)

    def refresh(self) -> None:
        """Read the files again if they have changed."""
        stamp = self._stamped()
        if stamp == self._stamp:
            return
        self._stamp = stamp
        try:
            self._current = _context(*self._files)
        except (OSError, ValueError) as error:
            said = self._misfit(error)
            logger.error("the files of web.tls have changed and cannot be used, the old ones stay: %s", said)  # noqa: TRY400 - the line says it all
        else:
            logger.info("web.tls: the files have changed and are used from now on")

    def _misfit(self, error: Exception) -> str:
        names = ("certificate", "key", "client_ca")
        certificate, key, authorities = (
            None if path is None else PemFile(f"web.tls.{name}", path)
            for name, path in zip(names, self._files, strict=True)
        )
        return misfit(error, certificate=certificate, key=key, authorities=authorities)

    def _stamped(self) -> tuple[Stamp | None, ...]:
        return tuple(None if file is None else stamp(file) for file in self._files)


def _context(certificate: Path, key: Path | None, client_ca: Path | None) -> ssl.SSLContext:
    """Make a context. It resumes no session: who resumes one shows no certificate, and the authorities may change.

    OpenSSL itself would wait for a pipe, and read a device without end.
    """
    for path in (certificate, key, client_ca):
        if path is not None:
            read_file(path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION | ssl.OP_NO_TICKET
    context.num_tickets = 0
    context.set_alpn_protocols(["http/1.1"])
    # An encrypted key is an error; without a password OpenSSL would ask the terminal for one.
    context.load_cert_chain(certificate, key, password="")
    if client_ca is not None:
        context.load_verify_locations(client_ca)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
