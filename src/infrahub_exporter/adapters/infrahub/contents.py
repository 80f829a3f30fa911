"""What is in the files of file objects: each is fetched when its checksum is a new one."""

import hashlib
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Sequence
from http import HTTPStatus
from typing import TypeAlias

import anyio.to_thread
from msgspec import structs

from infrahub_exporter.adapters.infrahub.answers import refusal
from infrahub_exporter.adapters.infrahub.file_formats import UnreadableError, parse
from infrahub_exporter.adapters.infrahub.selection_sets import File
from infrahub_exporter.domain.asking.paths import Steps
from infrahub_exporter.domain.asking.values import inside
from infrahub_exporter.domain.errors import DerivationError, SourceUnavailableError
from infrahub_exporter.domain.model import BadContent, Row
from infrahub_exporter.domain.ports import Reply
from infrahub_exporter.domain.publishing.limits import Limits

logger = logging.getLogger("infrahub_exporter.infrahub")

Fetch: TypeAlias = Callable[[str, str], Awaitable[Reply]]
"""Get the file of a node by its id, at an instant."""
_MOST_KNOWN = 1_000_000
"""How much of what was found is remembered: single values, or 64 characters of text; what was needed last stays."""
_TEXT_CHARACTERS = 64
_FEW_BYTES = 4096
"""What is larger is read beside the event loop."""
_NOBODY = frozenset({HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN})


class Contents:
    """What paths found in files, by the files' checksums; the files themselves are not kept.

    A file that is too large, is not there, or is neither JSON nor YAML is a `BadContent`; the log tells why, once.
    What is not there may come yet.
    """

    def __init__(self, fetch: Fetch, *, limits: Limits) -> None:
        self._fetch = fetch
        self._limits = limits
        self._known: OrderedDict[tuple[str, Steps], object] = OrderedDict()
        self._weights: dict[tuple[str, Steps], int] = {}
        self._weight = 0
        self._lost: dict[str, str] = {}

    async def fill(self, rows: Sequence[Row], places: Collection[int], *, at: str) -> list[Row]:
        """Put what is in files in the place of each `File` of rows.

        Raises SourceUnavailableError where Infrahub cannot answer, SourceRejectedError where it allows no files.
        """
        return [structs.replace(row, values=await self._filled(row.values, places, at)) for row in rows]

    async def _filled(self, values: Sequence[object], places: Collection[int], at: str) -> tuple[object, ...]:
        named = [each for place in places for each in _several(values[place]) if isinstance(each, File)]
        known = {
            (each.checksum, each.steps): self._known[each.checksum, each.steps] for each in named if self._has(each)
        }
        for file in named:
            if (file.checksum, file.steps) not in known:
                alike = {each.steps for each in named if each.checksum == file.checksum}
                known |= await self._read(file, alike, at)
        return tuple([_put(value, known) if place in places else value for place, value in enumerate(values)])

    def _has(self, file: File) -> bool:
        key = file.checksum, file.steps
        if key in self._known:
            self._known.move_to_end(key)
        return key in self._known

    async def _read(self, file: File, paths: Collection[Steps], at: str) -> dict[tuple[str, Steps], object]:
        """Fetch a file and find what is at some paths."""
        found: dict[tuple[str, Steps], object]
        try:
            body = await self._body(file, at)
            found, weighs = await _beside(body, file.checksum, paths)
        except _LostError as error:
            if self._lost.get(file.id) != str(error):
                logger.warning("the file of %s is left out until it can be had: %s", file.id, error)
            self._lost[file.id] = str(error)
            return {(file.checksum, steps): BadContent(may_pass=True) for steps in paths}
        except UnreadableError as error:
            logger.warning("the file of %s is left out: %s", file.id, error)
            found, weighs = {(file.checksum, steps): BadContent() for steps in paths}, 1
        self._lost.pop(file.id, None)
        for key, value in found.items():
            self._weight += weighs - self._weights.get(key, 0)
            self._known[key], self._weights[key] = value, weighs
        while self._weight > _MOST_KNOWN:
            self._weight -= self._weights.pop(self._known.popitem(last=False)[0])
        return found

    async def _body(self, file: File, at: str) -> bytes:
        """Fetch a file. Raises UnreadableError where this one alone cannot be read, SourceError as `fill`."""
        most = self._limits.max_response_bytes
        if isinstance(file.size, int) and file.size > most:
            raise UnreadableError(f"it has {file.size} bytes, limits.max_response_bytes allows {most}")
        try:
            reply = await self._fetch(file.id, at)
            self._limits.check_answer(reply.body)
        except DerivationError as error:
            raise UnreadableError(str(error)) from error
        refused = refusal(reply)
        if isinstance(refused, SourceUnavailableError) or (refused is not None and reply.status in _NOBODY):
            raise refused
        if refused is not None:
            raise _LostError(str(refused))
        return reply.body


class _LostError(UnreadableError):
    """The file could not be had: another try may end better."""


async def _beside(body: bytes, checksum: str, paths: Collection[Steps]) -> tuple[dict[tuple[str, Steps], object], int]:
    def read() -> tuple[dict[tuple[str, Steps], object], int]:
        if hashlib.sha1(body, usedforsecurity=False).hexdigest() != checksum:
            raise _LostError("it is not what its checksum says")
        content = parse(body)
        found = {(checksum, steps): inside(content, steps) if steps else content for steps in paths}
        return found, max(map(weight, found.values()), default=0)

    return read() if len(body) <= _FEW_BYTES else await anyio.to_thread.run_sync(read)


def weight(value: object) -> int:
    """Tell how much a value is, with all that is in it."""
    size, waiting = 0, [value]
    while waiting:
        each = waiting.pop()
        size += 1
        if isinstance(each, str):
            size += len(each) // _TEXT_CHARACTERS
        elif isinstance(each, dict):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return size


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, tuple) else (value,)


def _put(value: object, known: dict[tuple[str, Steps], object]) -> object:
    if isinstance(value, File):
        return known[value.checksum, value.steps]
    if not isinstance(value, tuple):
        return value
    filled: list[object] = []
    for each in value:
        filled += _several(_put(each, known))
    return tuple(filled)
