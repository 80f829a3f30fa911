"""What the bytes of a file say, as JSON or as YAML, within bounds that no anchor leads around."""

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import msgspec
import yaml

from infrahub_exporter.adapters.infrahub.answers import UNREADABLE
from infrahub_exporter.domain.model import JSON

if TYPE_CHECKING:
    _Parser = yaml.SafeLoader
else:
    _Parser = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_MOST_VALUES = 200_000
"""How many values YAML may have, those that an alias stands for counted each time."""
_MOST_LEVELS = 100
_MERGE = "<<"
_NULLS = frozenset({"", "~", "null", "Null", "NULL"})
_BOOLEANS = {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}
_INTEGER = re.compile(r"[-+]?(0|[1-9][0-9]{0,99})")
_FLOAT = re.compile(r"[-+]?((0|[1-9][0-9]{0,99})(\.[0-9]{0,100})?|\.[0-9]{1,100})([eE][-+]?[0-9]{1,3})?")


class UnreadableError(ValueError):
    """The bytes are neither JSON nor YAML, or go beyond the bounds: says why, without a word of theirs."""


def parse(content: bytes) -> JSON:
    """Read JSON, else the one document of YAML; an empty one is null. Raises UnreadableError.

    Of YAML what is not text by its version 1.2 (dates, `12:30`, `007`) stays text; `yes`, `no`, `on` and `off` are
    booleans; keys are text as they are written.
    """
    try:
        value: JSON = msgspec.json.decode(content)
    except msgspec.DecodeError:
        return _Reading(content).document()
    except UNREADABLE:
        raise UnreadableError("it is no UTF-8, or has too many levels") from None
    _check_levels(value)
    return value


def _check_levels(value: JSON) -> None:
    waiting = [(value, 1)]
    while waiting:
        each, level = waiting.pop()
        if isinstance(each, dict | list):
            if level > _MOST_LEVELS:
                raise UnreadableError(_TOO_DEEP)
            waiting.extend((below, level + 1) for below in (each.values() if isinstance(each, dict) else each))


_TOO_DEEP = f"it has more than {_MOST_LEVELS} levels"


class _Reading:
    """The one document of a YAML text, read event by event."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._left = _MOST_VALUES
        self._anchors: dict[str, tuple[JSON, int]] = {}

    def document(self) -> JSON:
        """Return its value. Raises UnreadableError."""
        try:
            events: Iterator[Any] = iter(yaml.parse(self._content.decode("utf-8-sig"), Loader=_Parser))
            value: JSON = None
            documents = 0
            for event in events:
                if isinstance(event, yaml.DocumentStartEvent):
                    documents += 1
                elif isinstance(event, yaml.NodeEvent):
                    value = self._value(event, events, 1)
        except UnicodeDecodeError:
            raise UnreadableError("it is no UTF-8") from None
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark
            where = "" if mark is None else f" in line {mark.line + 1}, column {mark.column + 1}"
            raise UnreadableError(f"it is neither JSON nor YAML{where}") from None
        except (yaml.YAMLError, RecursionError):
            raise UnreadableError("it is neither JSON nor YAML") from None
        if documents > 1:
            raise UnreadableError(f"it has {documents} documents")
        return value

    def _value(self, event: Any, events: Iterator[Any], level: int) -> JSON:
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise UnreadableError("it has an alias of what is not there yet")
            value, size = self._anchors[event.anchor]
            self._take(size)
            return value
        before = self._left
        self._take(1)
        if event.tag is not None and not (isinstance(event, yaml.ScalarEvent) and event.tag == "!"):
            raise UnreadableError(f"it has a tag (!) in line {event.start_mark.line + 1}")
        if isinstance(event, yaml.ScalarEvent):
            value = _plain(event.value) if event.implicit[0] and event.tag is None else event.value
        elif level > _MOST_LEVELS:
            raise UnreadableError(_TOO_DEEP)
        elif isinstance(event, yaml.SequenceStartEvent):
            value = [self._value(each, events, level + 1) for each in _until(events, yaml.SequenceEndEvent)]
        else:
            value = self._mapping(events, level)
        if event.anchor is not None:
            self._anchors[event.anchor] = value, before - self._left
        return value

    def _mapping(self, events: Iterator[Any], level: int) -> dict[str, JSON]:
        own: dict[str, JSON] = {}
        merged: dict[str, JSON] = {}
        for event in _until(events, yaml.MappingEndEvent):
            line = event.start_mark.line + 1
            if not isinstance(event, yaml.ScalarEvent):
                raise UnreadableError(f"it has a key that is no text in line {line}")
            value = self._value(next(events), events, level + 1)
            if event.value == _MERGE and event.implicit[0]:
                for each in value if isinstance(value, list) else [value]:
                    if not isinstance(each, dict):
                        raise UnreadableError(f"it has no mapping after << in line {line}")
                    self._take(len(each))
                    merged = {**each, **merged}
            else:
                own[event.value] = value
        return {**merged, **own}

    def _take(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise UnreadableError(f"it has more than {_MOST_VALUES} values")


def _until(events: Iterator[Any], end: type) -> Iterator[Any]:
    while not isinstance(event := next(events), end):
        yield event


def _plain(text: str) -> JSON:
    """Read a scalar that stands without quotes."""
    if text in _NULLS:
        return None
    if text.lower() in _BOOLEANS:
        return _BOOLEANS[text.lower()]
    if _INTEGER.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
