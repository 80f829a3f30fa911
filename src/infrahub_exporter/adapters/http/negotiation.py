"""Which form of a body a client wants: one reading of Accept and Accept-Encoding (RFC 9110, 12.4.2 and 12.5)."""

import re
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import count

from msgspec import Struct

from infrahub_exporter.domain.publishing.formats import Format

_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
_PARAMETER = rf'[ \t]*;[ \t]*({_WORD})=({_WORD}|"(?:[^"\\]|\\.)*")'
_PARAMETERS = re.compile(_PARAMETER)
_CHOICE = re.compile(rf"[ \t]*(?:({_WORD}(?:/{_WORD})?)((?:{_PARAMETER})*)[ \t]*)?(?:,|\Z)")
_TAG = re.compile(r'"[!#-~\x80-\xff]*"')
_WEIGHT = re.compile(r"0(?:\.[0-9]{0,3})?|1(?:\.0{0,3})?")

_VERSIONS: Mapping[Format, frozenset[str]] = {
    Format.TEXT: frozenset({"0.0.4", "1.0.0"}),
    Format.OPENMETRICS: frozenset({"1.0.0"}),
}
"""The versions that a format answers: text 1.0.0 differs from 0.0.4 only where names are not in the legacy charset."""


class Choice(Struct, frozen=True):
    """An element of such a header: its name in lower case, what its parameters say, its weight."""

    name: str
    parameters: Mapping[str, str]
    weight: float


def said(headers: Iterable[tuple[bytes, bytes]], name: bytes) -> bytes:
    """Join what the headers of a request (ASGI: names in lower case) say under a name to one list."""
    return b",".join(value for each, value in headers if each == name)


@lru_cache(256)
def read_choices(header: bytes) -> tuple[Choice, ...] | None:
    """Read a list of choices in its order; None where it is broken anywhere."""
    try:
        return tuple(_elements(header.decode("latin-1")))
    except ValueError:
        return None


def _elements(text: str) -> Iterator[Choice]:
    """Yield the elements that are not empty. Raises ValueError."""
    position = 0
    while position < len(text):
        match = _CHOICE.match(text, position)
        if match is None:
            raise ValueError("no list of choices")
        position = match.end()
        if match[1] is not None:
            yield _choice(match[1].lower(), match[2])


def _choice(name: str, written: str) -> Choice:
    """Make a choice of its parts. Raises ValueError."""
    parameters: dict[str, str] = {}
    for each, value in _PARAMETERS.findall(written):
        if (key := each.lower()) in parameters:
            raise ValueError("a parameter twice")
        parameters[key] = re.sub(r"\\(.)", r"\1", value[1:-1]) if value.startswith('"') else value
    weight = parameters.pop("q", "1")
    if _WEIGHT.fullmatch(weight) is None:
        raise ValueError("no weight")
    return Choice(name, parameters, float(weight))


def wants_gzip(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether an Accept-Encoding allows gzip and does not prefer the plain form (TX-09).

    A weight of 0 counts as no, `*` as what is not named; a header that is broken anywhere allows nothing.
    """
    chosen = read_choices(said(headers, b"accept-encoding")) or ()
    weights: dict[str, float] = {}
    for each in chosen:
        if each.parameters or "/" in each.name:
            return False
        weights[each.name] = min(each.weight, weights.get(each.name, 1.0))
    gzip = weights.get("gzip", weights.get("x-gzip", weights.get("*", 0.0)))
    return gzip > 0 and gzip >= weights.get("identity", 0.0)


def wants_html(headers: Iterable[tuple[bytes, bytes]]) -> bool:
    """Tell whether an Accept asks for HTML rather than for plain text.

    Only who names `text/html` does: `*/*` is curl's and Prometheus's. A header that is broken anywhere asks for
    nothing.
    """
    chosen = read_choices(said(headers, b"accept")) or ()
    weights: dict[str, float] = {}
    for each in chosen:
        weights[each.name] = max(each.weight, weights.get(each.name, 0.0))
    html, plain = weights.get("text/html", 0.0), weights.get("text/plain")
    return html > plain if plain is not None else html > 0 and html >= weights.get("text/*", weights.get("*/*", 0.0))


class Negotiated(Struct, frozen=True):
    """A format, and what the answer's Content-Type says, without the charset of text."""

    format: Format
    media_type: str


def negotiate(headers: Iterable[tuple[bytes, bytes]]) -> Negotiated:
    """Choose the format that an Accept weighs most; of equal ones the first that it names (NG-01).

    Where it names none that there is, or is broken, that is the text format 0.0.4 (TX-01). The versions are ours,
    whatever the client's are (NG-02). An escaping that was asked for is answered with `underscores`, which leaves names
    of the legacy charset as they are, and all names here are; `dots` would not (NG-03).
    """
    return _negotiated(said(headers, b"accept"))


@lru_cache(256)
def _negotiated(accept: bytes) -> Negotiated:
    chosen = read_choices(accept) or ()
    weighed = [(match, format_) for format_ in Format if (match := _matched(format_, chosen)) is not None]
    weighed = [each for each in weighed if each[0][1].weight > 0]
    if not weighed:
        return Negotiated(Format.TEXT, Format.TEXT.value)
    (_, choice), format_ = max(weighed, key=lambda each: (each[0][1].weight, -each[0][0]))
    if format_ is Format.TEXT:
        return Negotiated(format_, format_.value)
    escaping = "; escaping=underscores" if "escaping" in choice.parameters else ""
    return Negotiated(format_, f"{format_.value}; charset=utf-8{escaping}")


def _matched(format_: Format, chosen: Iterable[Choice]) -> tuple[int, Choice] | None:
    """Find what says most exactly how much a format is wanted, with its position; of several the most willing."""
    ranked = [
        (rank, choice.weight, -position, choice)
        for position, choice in zip(count(), chosen, strict=False)
        if (rank := _rank(format_, choice)) is not None
    ]
    if not ranked:
        return None
    _, _, position, choice = max(ranked, key=lambda each: each[:3])
    return -position, choice


def _rank(format_: Format, choice: Choice) -> int | None:
    """Tell how exactly a choice names a format, None where it does not."""
    media_type = format_.value.partition(";")[0]
    if choice.name != media_type:
        ranges = {"*/*": 0, f"{media_type.partition('/')[0]}/*": 1}
        return ranges.get(choice.name)
    version = choice.parameters.get("version")
    if version is None:
        return 2
    return 3 if version in _VERSIONS[format_] else None


def is_unchanged(headers: Iterable[tuple[bytes, bytes]], etag: str) -> bool:
    """Tell whether a client has a body with this tag already: If-None-Match, compared weakly (RFC 9110, 13.1.2).

    `*` is any body where it stands alone; in a list it is nothing, and inside a foreign tag a letter like others.
    """
    header = said(headers, b"if-none-match").decode("latin-1").strip(" \t")
    return header == "*" or etag.removeprefix("W/") in _TAG.findall(header)
