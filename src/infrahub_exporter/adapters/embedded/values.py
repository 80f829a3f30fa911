"""Attribute values: what each kind of attribute takes, how it is kept, and what can be asked of it."""

import base64
import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from urllib.parse import urlsplit

import msgspec

from infrahub_exporter.adapters.embedded.instants import parse_moment
from infrahub_exporter.adapters.embedded.kinds import Attribute, Choice
from infrahub_exporter.adapters.embedded.numbers import excluded
from infrahub_exporter.domain.model import JSON


class InvalidValueError(ValueError):
    """A value that its attribute does not take; the message is Infrahub's."""


_INDEXED = frozenset({"ID", "Text", "Email", "Password", "URL", "File", "Color"})
_LONGEST, _INDEX_BYTES = 4096, 3
"""How long a text may be that a real Infrahub puts into an index, in bytes with those that the index adds."""
_NUMBERS = frozenset({"Number", "NumberPool", "Bandwidth"})
_BOOLEANS = frozenset({"Boolean", "Checkbox"})
_MACS = tuple(
    re.compile(separator.join([f"([0-9A-Fa-f]{{{length}}})"] * groups))
    for length, groups, separators in (("1,2", 6, ":-"), ("1,4", 3, ":-."), ("5,6", 2, ":-"), ("11,12", 1, ":"))
    for separator in map(re.escape, separators)
)
"""The forms of a MAC address, each with its groups, of which leading zeros may be left out."""
_MAC_DIGITS = 12
_INT64 = 2**63


def normalize(attribute: Attribute, value: JSON) -> JSON:
    """Check a value against its attribute and bring it into the form that Infrahub keeps. Null stays null.

    Raises:
        InvalidValueError: with the message of Infrahub.
    """
    if value is None:
        return None
    checked = _by_kind(attribute, value)
    if attribute.kind in _INDEXED and len(str(checked).encode()) + _INDEX_BYTES >= _LONGEST:
        raise InvalidValueError(f"Text attribute length should be less than {_LONGEST} characters.")
    _check_limits(attribute, checked)
    return checked


def _by_kind(attribute: Attribute, value: JSON) -> JSON:
    kind = attribute.kind
    fits: bool
    if kind in _NUMBERS:
        fits = isinstance(value, int) and not isinstance(value, bool) and -_INT64 <= value < _INT64
    elif kind in _BOOLEANS:
        fits = isinstance(value, bool)
    elif kind == "List":
        fits = isinstance(value, list)
    elif kind == "JSON":
        fits = isinstance(value, dict | list)
    elif kind == "Any":
        fits = not isinstance(value, dict)
    else:
        fits = isinstance(value, str)
    if not fits:
        raise InvalidValueError(_misfit(kind, value))
    unsaid = kind == "DateTime" and attribute.optional and value == ""
    if kind in _FORMS and not unsaid:
        try:
            return _FORMS[kind](str(value))
        except ValueError as exc:
            raise InvalidValueError(f"{value} is not a valid {kind}") from exc
    if kind == "Dropdown" and attribute.choice(value) is None:
        names = ", ".join(sorted(each.name for each in attribute.choices or ()))
        raise InvalidValueError(f"{value} must be one of {names!r}")
    return value


def _misfit(kind: str, value: JSON) -> str:
    """Say that a value is of the wrong type; a text in place of JSON is taken for JSON that does not parse."""
    if isinstance(value, str) and kind == "List":
        return f"{value} is not a valid JSON list"
    if isinstance(value, str) and kind == "JSON":
        return f"{value} is not valid JSON"
    return f"{value} is not a valid {kind}"


def _check_limits(attribute: Attribute, value: JSON) -> None:
    limits = attribute.parameters
    if limits.regex:
        for each in value if isinstance(value, list) else (value,):
            if not re.match(limits.regex, str(each)):
                raise InvalidValueError(f"{each} must conform with the regex: {limits.regex!r}")
    if limits.min_length and isinstance(value, str) and len(value) < limits.min_length:
        raise InvalidValueError(f"{value} must have a minimum length of {limits.min_length!r}")
    if limits.max_length and isinstance(value, str) and len(value) > limits.max_length:
        raise InvalidValueError(f"{value} must have a maximum length of {limits.max_length!r}")
    if isinstance(value, int) and not isinstance(value, bool):
        if limits.min_value is not None and value < limits.min_value:
            raise InvalidValueError(f"{value} is lower than the minimum allowed value {limits.min_value!r}")
        if limits.max_value is not None and value > limits.max_value:
            raise InvalidValueError(f"{value} is higher than the maximum allowed value {limits.max_value!r}")
        part = excluded(attribute, value)
        if part is not None:
            what = f"an the excluded range {part}" if "-" in part else "the excluded values"
            raise InvalidValueError(f"{value} is in {what}")


def _bare_mac(text: str) -> str:
    match = next((found for form in _MACS if (found := form.fullmatch(text))), None)
    if match is None:
        raise ValueError(text)
    length = _MAC_DIGITS // len(match.groups())
    return "".join(each.zfill(length) for each in match.groups()).upper()


def _pairs(bare: str, separator: str) -> str:
    return separator.join(bare[at : at + 2] for at in range(0, len(bare), 2))


def _hash(text: str) -> str:
    """Make something that looks like the bcrypt hash that Infrahub keeps, and like it does not give the text away."""
    if text.startswith("$2b$"):
        return text
    digest = hashlib.sha512(text.encode()).digest()
    return "$2b$12$" + base64.b64encode(digest, altchars=b"./").decode()[:53]


_AGO = re.compile(r"\d[smh]")
"""What Infrahub takes for a time ago wherever it stands in a text: `10s`, `2min`, `1hour30m`."""


def _moment(text: str) -> str:
    if _AGO.search(text) is None:
        parse_moment(text)
    return text


def _url(text: str) -> str:
    parts = urlsplit(text if "://" in text else f"http://localhost{text}")
    if not ("://" in text or text.startswith("/")) or not parts.scheme or not parts.netloc:
        raise ValueError(text)
    return text


_FORMS: Mapping[str, Callable[[str], str]] = {
    "DateTime": _moment,
    "URL": _url,
    "IPHost": lambda text: ipaddress.ip_interface(text).with_prefixlen,
    "IPNetwork": lambda text: ipaddress.ip_network(text).with_prefixlen,
    "IPAddress": lambda text: str(ipaddress.ip_address(text)),
    "MacAddress": lambda text: _pairs(_bare_mac(text), ":"),
    "HashedPassword": _hash,
}


def as_stored(value: JSON) -> JSON:
    """Give the value as Infrahub's database keeps it, which filters and orders go by: JSON as text, null as NULL."""
    if value is None:
        return "NULL"
    if isinstance(value, list | dict):
        return msgspec.json.encode(value).decode()
    return value


_NOTHING = Choice("", "", "", "")


def _of_choice(name: str) -> Callable[[Attribute, JSON], JSON]:
    def read(attribute: Attribute, value: JSON) -> JSON:
        text: str = getattr(attribute.choice(value) or _NOTHING, name)
        return text

    return read


def _of_address(name: str, make: Callable[[str], object]) -> Callable[[Attribute, JSON], JSON]:
    def read(_: Attribute, value: JSON) -> JSON:
        if not value:
            return None
        found = make(str(value))
        if name == "prefixlen":
            found = getattr(found, "network", found)
        got = getattr(found, name)
        return got if isinstance(got, int) else str(got)

    return read


def _of_mac(make: Callable[[str], str | int]) -> Callable[[Attribute, JSON], JSON]:
    return lambda _, value: make(_bare_mac(str(value))) if value else None


def _semicolons(bare: str) -> str:
    return ":".join(f"{int(bare[at : at + 2], 16):x}" for at in range(0, 12, 2))


PROPERTIES: Mapping[str, Mapping[str, Callable[[Attribute, JSON], JSON]]] = {
    "Dropdown": {name: _of_choice(name) for name in ("label", "color", "description")},
    "IPHost": {
        name: _of_address(name, ipaddress.ip_interface)
        for name in ("ip", "hostmask", "netmask", "prefixlen", "version", "with_hostmask", "with_netmask")
    },
    "IPNetwork": {
        name: _of_address(name, ipaddress.ip_network)
        for name in (
            "broadcast_address", "hostmask", "netmask", "prefixlen", "num_addresses", "version", "with_hostmask",
            "with_netmask",
        )
    },
    "IPAddress": {"version": _of_address("version", ipaddress.ip_address)},
    "MacAddress": {
        "oui": _of_mac(lambda bare: _pairs(bare[:6], "-")),
        "ei": _of_mac(lambda bare: _pairs(bare[6:], "-")),
        "version": _of_mac(lambda _: 48),
        "binary": _of_mac(lambda bare: bin(int(bare, 16))),
        "eui48": _of_mac(lambda bare: _pairs(bare, "-")),
        "eui64": _of_mac(lambda bare: _pairs(bare[:6] + "FFFE" + bare[6:], "-")),
        "bare": _of_mac(str),
        "dot_notation": _of_mac(lambda bare: ".".join(bare[at : at + 4] for at in (0, 4, 8)).lower()),
        "semicolon_notation": _of_mac(_semicolons),
        "split_notation": _of_mac(lambda bare: f"{bare[:6]}:{bare[6:]}".lower()),
    },
}  # fmt: skip
"""What can be asked of an attribute beside its value, by the attribute's kind."""


def read_property(attribute: Attribute, value: JSON, name: str) -> JSON:
    """Read a property of a value, also those that only paths use (`address__binary_address`).

    Raises:
        KeyError: for a property that the kind of attribute does not have.
    """
    if name == "value":
        return value
    if name == "binary_address" and attribute.kind in {"IPHost", "IPNetwork", "IPAddress"}:
        if not value:
            return None
        return f"{int(ipaddress.ip_interface(str(value)).ip):0128b}"
    if name == "network_address" and attribute.kind == "IPNetwork":
        return str(ipaddress.ip_network(str(value)).network_address) if value else None
    return PROPERTIES[attribute.kind][name](attribute, value)
