"""Many ids in requests of some hundreds."""

from collections.abc import Iterator, Sequence
from itertools import islice

CHUNK = 500
"""How many nodes are asked for by id in one request."""


def size() -> int:
    """Return how many nodes are asked for by id in one request."""
    return CHUNK


def chunks(wanted: Sequence[str], most: int | None = None) -> Iterator[Sequence[str]]:
    """Cut ids into chunks."""
    most = most or CHUNK
    return (wanted[start : start + most] for start in range(0, len(wanted), most))


def drained(waiting: set[str]) -> Iterator[Sequence[str]]:
    """Yield what waits in chunks; a chunk waits no longer once the next one is asked for."""
    while waiting:
        chunk = tuple(islice(waiting, CHUNK))
        yield chunk
        waiting.difference_update(chunk)
