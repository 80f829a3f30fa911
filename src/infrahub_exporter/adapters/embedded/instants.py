"""Times as people and Infrahub write them."""

from datetime import datetime, timezone

from infrahub_exporter.domain.views.instants import parse


def parse_moment(text: str) -> datetime:
    """Parse an ISO 8601 time; the zone is left open where the text has none.

    Raises:
        ValueError: for anything else.
    """
    found = parse(text)
    if found is None:
        raise ValueError(text)
    return found


def write_utc(moment: datetime) -> str:
    """Write a time as Infrahub's messages do: UTC, microseconds, `Z`."""
    return moment.astimezone(timezone.utc).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
