"""Which form of a body a client wants."""

import re
from collections.abc import Iterable
from functools import lru_cache

_CODING = re.compile(
    r"[ \t]*([!#$%&'*+.^_`|~0-9A-Za-z-]+)[ \t]*(?:;[ \t]*[qQ]=(0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?)[ \t]*)?"
)
"""An element of Accept-Encoding with its weight (RFC 9110, 12.5.3)."""


def wants_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether the headers of a request (ASGI: names in lower case) ask for gzip."""
    return accepts_gzip(b",".join(value for name, value in headers if name == b"accept-encoding"))


@lru_cache(128)
def accepts_gzip(header: bytes) -> bool:
    """Tell whether an Accept-Encoding allows gzip and does not prefer the plain form (TX-09).

    A weight of 0 counts as no, `*` as what is not named; a header that is broken anywhere allows nothing.
    """
    weights: dict[str, float] = {}
    for element in header.decode("latin-1").split(","):
        if not element.strip(" \t"):
            continue
        match = _CODING.fullmatch(element)
        if match is None:
            return False
        coding, weight = match[1].lower(), float(match[2] or 1)
        weights[coding] = min(weight, weights.get(coding, 1.0))
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)
