"""Instants as Infrahub gives them: a DateTime is the text that somebody wrote, with an offset, `Z` or none of them."""

import datetime as dt
import re
import zoneinfo

import msgspec

_FORM = re.compile(
    r"(?P<year>\d{4})(?P<dash>-?)(?P<month>\d\d)(?P=dash)(?P<day>\d\d)"
    r"(?:[Tt ](?P<hour>\d\d)"
    r"(?:(?P<colon>:?)(?P<minute>\d\d)(?:(?P=colon)(?P<second>\d\d)(?:[.,](?P<fraction>\d{1,9}))?)?)?"
    r"(?P<zone>[Zz]|(?P<sign>[+-])(?P<hours>\d\d)(?::?(?P<minutes>\d\d))?)?(?:\[(?P<place>[A-Za-z][\w+/-]*)\])?)?",
    re.ASCII,
)
"""What Infrahub takes for a DateTime: ISO 8601, its basic form too, of which the least that is there is a day.

A place in brackets (RFC 9557) says the offset only where there is none before it.
"""


def parse(text: str) -> dt.datetime | None:
    """Read a day, or a day and a time; the zone is left open where the text has none.

    None for anything else, and where nobody knows the place that has the zone.
    """
    match = _FORM.fullmatch(text)
    if match is None:
        return None
    microsecond = int((match["fraction"] or "0").ljust(6, "0")[:6])
    hour, minute, second = (int(match[each] or 0) for each in ("hour", "minute", "second"))
    try:
        day = dt.date(int(match["year"]), int(match["month"]), int(match["day"]))
        return dt.datetime.combine(day, dt.time(hour, minute, second, microsecond, _zone(match)))
    except (ValueError, LookupError, OSError):
        return None


def _zone(match: re.Match[str]) -> dt.tzinfo | None:
    """Return the zone. Raises LookupError, ValueError or OSError for a place without one."""
    if match["zone"] is None:
        return None if match["place"] is None else zoneinfo.ZoneInfo(match["place"])
    if match["sign"] is None:
        return dt.timezone.utc
    offset = dt.timedelta(hours=int(match["hours"]), minutes=int(match["minutes"] or 0))
    return dt.timezone(-offset if match["sign"] == "-" else offset)


def seconds(value: object) -> float | None:
    """Read unix seconds of whatever Infrahub takes for a DateTime; without an offset it is UTC.

    None for what is no instant.
    """
    if not isinstance(value, str):
        return None
    at: dt.datetime | None
    try:
        at = msgspec.convert(value, dt.datetime)
    except msgspec.ValidationError:
        at = parse(value)
    if at is None:
        return None
    return (at if at.tzinfo is not None else at.replace(tzinfo=dt.timezone.utc)).timestamp()
