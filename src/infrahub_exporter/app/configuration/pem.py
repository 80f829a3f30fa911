"""Which of the certificates and keys that a section names cannot be used, and why: OpenSSL alone does not say."""

from pathlib import Path

from msgspec import Struct

from infrahub_exporter.app.configuration.reading import read_file

_CERTIFICATE = b"-----BEGIN CERTIFICATE-----"
_KEY = b"PRIVATE KEY-----"
_ENCRYPTED = b"ENCRYPTED"
_OTHER_KEY = "KEY_VALUES_MISMATCH"


class PemFile(Struct, frozen=True):
    """A file of certificates or with a key, and where the configuration names it."""

    place: str
    path: Path


def misfit(
    error: Exception,
    *,
    certificate: PemFile | None = None,
    key: PemFile | None = None,
    authorities: PemFile | None = None,
) -> str:
    """Say in one line which of some files has led to an error of OpenSSL. A key may stand in the certificate's file."""
    if certificate is not None and key is None:
        key = certificate
    for file, marker, what in (
        (certificate, _CERTIFICATE, "a certificate"),
        (key, _KEY, "a private key"),
        (authorities, _CERTIFICATE, "certificates of authorities"),
    ):
        if file is None:
            continue
        expected = f"{file.place}: expected a PEM file with {what}, got {str(file.path)!r}"
        try:
            text = read_file(file.path)
        except OSError as unread:
            return f"{expected} ({unread.strerror})"
        if marker not in text:
            return f"{expected} (it has none)"
        if file is key and _ENCRYPTED in text:
            return f"{expected} (the key is encrypted)"
    if certificate is not None and key is not None and _OTHER_KEY in str(error):
        return f"{key.place}: expected the key of {str(certificate.path)!r}, got another one in {str(key.path)!r}"
    first = next(file for file in (certificate, authorities) if file is not None)
    return f"{first.place}: expected PEM files that can be read and fit together: {error}"
