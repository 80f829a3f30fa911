"""A text that is never printed."""

from pathlib import Path
from typing import Any

from infrahub_exporter.app.configuration.places import SettingError
from infrahub_exporter.app.configuration.reading import read_text
from infrahub_exporter.domain.errors import ConfigError


class Secret:
    """A text that shows only to who asks for it by `reveal`."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text."""
        return self._text

    @property
    def fits_a_header(self) -> bool:
        """Tell whether it is printable ASCII without spaces around it."""
        text = self._text
        return text.isascii() and text.isprintable() and text == text.strip() and text != ""

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return self._text == other._text if isinstance(other, Secret) else NotImplemented

    def __hash__(self) -> int:
        return hash((Secret, self._text))


def dec_hook(type_: type, value: Any) -> Any:
    """Make a Secret of a text, for `msgspec.convert`. Raises TypeError without the value for anything else."""
    if type_ is Secret and isinstance(value, str):
        return Secret(value)
    raise TypeError(f"expected text, got {type(value).__name__}")


def read_secret(path: Path) -> Secret:
    """Read a file that holds a secret and perhaps a newline. Raises ConfigError."""
    return _checked(path, _text(path))


def read_secrets(path: Path) -> tuple[Secret, ...]:
    """Read a file that holds a secret, or one a line. Raises ConfigError."""
    lines = [line.strip() for line in _text(path).splitlines()]
    return tuple(_checked(path, line) for line in lines if line) or (_checked(path, ""),)


def check_given(key: str, secret: Secret | None, file: Path | None) -> None:
    """Refuse a secret that is given twice, as `key` and as a file beside it, or that no header can carry."""
    if secret is not None and file is not None:
        raise SettingError((f"{key}_file",), f"expected one of {key} and {key}_file, got both")
    if secret is not None and not secret.fits_a_header:
        raise SettingError((key,), "expected printable ASCII text without spaces around it")


def revealed(secret: Secret | None, file: Path | None) -> str | None:
    """Return what a secret says, that of its file where one is named. Raises ConfigError."""
    secret = secret if file is None else read_secret(file)
    return None if secret is None else secret.reveal()


def _text(path: Path) -> str:
    try:
        return read_text(path).strip()
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it cannot be read as UTF-8 text"
        raise ConfigError(f"{_expected(path)} ({reason})") from None


def _checked(path: Path, text: str) -> Secret:
    secret = Secret(text)
    if not secret.fits_a_header:
        reason = "it holds more than printable ASCII text" if secret else "it is empty"
        raise ConfigError(f"{_expected(path)} ({reason})")
    return secret


def _expected(path: Path) -> str:
    """Name a file that is there. What leads to none may be the secret itself, written where its file belongs."""
    try:
        shown = f"got {str(path)!r}" if path.exists() else "got a path to nothing"
    except (OSError, ValueError):
        shown = "got no path"
    return f"expected a file that holds a secret, {shown}"
