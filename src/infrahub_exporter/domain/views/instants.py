"""Instants as Infrahub gives them: a DateTime is the text that somebody wrote, with an offset, `Z` or none of them."""

import datetime as dt

import msgspec


def seconds(value: object) -> float | None:
    """Read unix seconds of a date, or a date and time (RFC 3339, section 5.6); without an offset it is UTC.

    None for what is no instant.
    """
    for kind in (dt.datetime, dt.date):
        try:
            read = msgspec.convert(value, kind)
        except msgspec.ValidationError:
            continue
        at = read if isinstance(read, dt.datetime) else dt.datetime.combine(read, dt.time())
        return (at if at.tzinfo is not None else at.replace(tzinfo=dt.timezone.utc)).timestamp()
    return None
