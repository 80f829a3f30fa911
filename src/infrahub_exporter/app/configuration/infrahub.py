"""Which Infrahub is read, and how: its address, its token, its certificates, or the files of the one inside."""

import re
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from msgspec import Meta, Struct

from infrahub_exporter.app.configuration.decoding import ExistingPath, FilesPath
from infrahub_exporter.app.configuration.places import SettingError, at
from infrahub_exporter.app.configuration.secret import Secret, check_given, revealed
from infrahub_exporter.domain.asking.specs import Seconds

Address = Annotated[
    str,
    Meta(
        pattern=r"^https?://[^\s/@?#]+(/[^\s@?#]*)?\Z", description="an http:// or https:// URL without user and query"
    ),
]
_INTERFACES = re.compile(r"/graphql(/[^/]+)?/?\Z")
"""What is put behind an address where it is asked."""
BranchName = Annotated[
    str,
    Meta(
        pattern=r"^(?!\.{1,2}\Z)[^\s\x00-\x1f\x7f\ud800-\udfff]{1,250}\Z",
        description="the name of a branch, without spaces and of 250 characters at most",
    ),
]
"""It stands in the path of a URL, where `.` and `..` lead elsewhere."""
NonEmpty = Annotated[str, Meta(pattern=r"^\S+\Z", description="text without spaces")]


def has_port_or_none(url: str) -> bool:
    """Tell whether what stands behind the host of a URL is a port, or nothing."""
    try:
        parts = urlsplit(url)
        return parts.port != 0 and bool(parts.hostname)
    except ValueError:
        return False


class TlsSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How Infrahub's certificate is checked, and which one is shown to it."""

    ca_file: ExistingPath | None = None
    client_certificate: ExistingPath | None = None
    client_key: ExistingPath | None = None
    insecure: bool = False

    def __post_init__(self) -> None:
        if self.client_key is not None and self.client_certificate is None:
            raise SettingError(("client_key",), "expected client_certificate beside it, got nothing")
        if self.insecure and self.ca_file is not None:
            raise SettingError(("insecure",), "expected false with ca_file, got true")


class EmbeddedSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The files of the Infrahub inside."""

    schema: tuple[FilesPath, ...]
    objects: tuple[FilesPath, ...] = ()

    def __post_init__(self) -> None:
        if not self.schema:
            raise SettingError(("schema",), "expected at least one file, got an empty list")


class InfrahubSettings(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which Infrahub is read, and how."""

    address: Address | None = None
    token: Secret | None = None
    token_file: Path | None = None
    branch: BranchName = "main"
    page_size: Annotated[int, Meta(ge=1, le=1000)] = 1000
    parallel_pages: Annotated[int, Meta(ge=1, le=8)] = 1
    concurrency: Annotated[int, Meta(ge=1, le=16)] = 4
    timeout_seconds: Seconds = 30.0
    refresh_timeout_seconds: Seconds | None = None
    full_refresh_seconds: Seconds = 3600.0
    tls: TlsSettings | None = None
    embedded: EmbeddedSettings | None = None

    @property
    def is_anonymous(self) -> bool:
        """Tell whether no token is given."""
        return self.token is None and self.token_file is None

    def __post_init__(self) -> None:
        if (self.address is None) == (self.embedded is None):
            got = "neither" if self.address is None else "both"
            raise SettingError(("address",), f"expected one of address and embedded, got {got}")
        if self.address is not None and not has_port_or_none(self.address):
            expected = "expected a port from 1 to 65535, or none, behind the host; an IPv6 address stands in brackets"
            raise SettingError(("address",), f"{expected}, got {self.address!r}")
        if self.address is not None and (found := _INTERFACES.search(self.address)):
            expected = f"expected the address of Infrahub itself, without {found[0].rstrip('/')}"
            raise SettingError(("address",), f"{expected}, got {self.address!r}")
        check_given("token", self.token, self.token_file)
        if self.embedded is not None and self.branch != "main":
            raise SettingError(("branch",), f"expected main with an embedded Infrahub, got {self.branch!r}")


def read_token(infrahub: InfrahubSettings) -> str | None:
    """Return the token, from its file where one is named; None for an anonymous read. Raises ConfigError."""
    with at("infrahub", "token_file"):
        return revealed(infrahub.token, infrahub.token_file)
