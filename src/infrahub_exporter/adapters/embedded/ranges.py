"""Ranges in object files: `eth[1-3]` stands for three."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

_RANGE = re.compile(r"\[([A-Za-z0-9,\-]+)\]")


def expand(data: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Expand the objects whose texts hold ranges; the ranges of one object have to be equally long.

    Raises:
        ValueError: where they are not.
    """
    for each in data:
        texts = {key: expand_text(value) for key, value in each.items() if isinstance(value, str)}
        expanded = {key: value for key, value in texts.items() if value != [each[key]]}
        if not expanded:
            yield each
            continue
        lengths = {len(value) for value in expanded.values()}
        if len(lengths) > 1:
            sizes = ", ".join(f"{key} {len(value)}" for key, value in expanded.items())
            raise ValueError(f"ranges of different lengths ({sizes}), expected equally many")
        for index in range(lengths.pop()):
            yield {**each, **{key: value[index] for key, value in expanded.items()}}


def expand_text(text: str) -> list[str]:
    """Expand the ranges of a text: `[1-3]`, `[a-c]`, `[1,3,7-9]`, several of them in every combination."""
    parts: list[list[str]] = []
    at = 0
    for match in _RANGE.finditer(text):
        parts.append([text[at : match.start()]])
        parts.append([item for piece in match.group(1).split(",") for item in _expand_piece(piece)])
        at = match.end()
    parts.append([text[at:]])
    return ["".join(each) for each in product(*parts)]


def _expand_piece(piece: str) -> list[str]:
    first, dash, last = piece.partition("-")
    if dash and first.isdigit() and last.isdigit():
        return [str(each) for each in range(int(first), int(last) + 1)]
    if dash and len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(each) for each in range(ord(first), ord(last) + 1)]
    return [piece]
