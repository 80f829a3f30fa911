"""How a target is written: `host` or `host:port`, as Prometheus takes it (SD-10), or a URL as it is."""

import ipaddress
import re

_PORTS = range(1, 65536)
_PORT = re.compile(r"[0-9]{1,5}")
_BRACKETED = re.compile(r"\[([^\[\]]*)\](?::(.*))?")
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_PLAIN = re.compile(rf"({_OCTET}(?:\.{_OCTET}){{3}})(?:/(?:3[0-2]|[12]?[0-9]))?")
"""An IPv4 address, be it with a prefix length, as most are written: the text tells it at a tenth of the cost."""
_SCOPE = re.compile(r"[A-Za-z0-9._~-]+")
_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#]\S*")
_NAME = re.compile(r"\w[\w-]*(?:\.[\w-]+)*\.?")
"""A name: no part of it is empty (RFC 1034, 3.1), and the dot of the root may end it."""
_IN_NUMBERS = re.compile(r"(.*\.)?[0-9]+\.?")
"""A name that ends in a number is an address that went wrong (URL standard, "ends in a number")."""


def port_number(text: str) -> int | None:
    """Read a port; None for what is none."""
    number = int(text) if _PORT.fullmatch(text) else 0
    return number if number in _PORTS else None


def address(host: str, port: int | None) -> str | None:
    """Write `host` or `host:port`, IPv6 in brackets, without a prefix length; None for what is no address.

    A host that brings its own port (`host:9100`, `[::1]:9100`) keeps it, but not against another `port`.
    """
    bracketed = _BRACKETED.fullmatch(host)
    if bracketed is not None:
        written, own = _ip(bracketed[1], version=6), bracketed[2]
    else:
        name, own = host.split(":") if host.count(":") == 1 else (host, None)
        written = _ip(name) or _name(name)
    if own is not None:
        number = port_number(own)
        if number is None or port not in {None, number}:
            return None
        port = number
    return written if written is None or port is None else f"{written}:{port}"


def url(text: str) -> str | None:
    """Pass a URL with a host on as it is; None for what is none."""
    return text if _URL.fullmatch(text) and text.isprintable() else None


def _ip(text: str, *, version: int | None = None) -> str | None:
    """Write an IP address that may have a prefix length and, where it is IPv6, a scope (`fe80::1%eth0`)."""
    plain = _PLAIN.fullmatch(text) if version is None else None
    if plain is not None:
        return plain[1]
    try:
        ip = ipaddress.ip_interface(text)
    except ValueError:
        return None
    if version not in {None, ip.version}:
        return None
    if isinstance(ip, ipaddress.IPv4Interface):
        return str(ip.ip)
    if ip.scope_id is None:
        return f"[{ip.ip}]"
    return f"[{ip.ip}%{ip.scope_id}]" if _SCOPE.fullmatch(ip.scope_id) else None


def _name(text: str) -> str | None:
    return text if _NAME.fullmatch(text) and not _IN_NUMBERS.fullmatch(text) else None
