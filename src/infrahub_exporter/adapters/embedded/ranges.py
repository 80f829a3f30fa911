"""Ranges in object files: `eth[1-3]` stands for three."""

import re
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

_RANGE = re.compile(r"(?<!\\)\[([\w,\-]*[-,][\w,\-]*)\]")


def expand(data: Sequence[Mapping[str, Any]]) -> Iterator[Mapping[str, Any]]:
    """Expand the objects whose texts hold ranges; the ranges of one object have to be equally long.

    Raises:
        ValueError: where they are not.
    """
    for each in data:
        ranged = {key: value for key, value in each.items() if isinstance(value, str) and _RANGE.search(value)}
        if not ranged:
            yield each
            continue
        expanded = {key: expand_text(value) for key, value in ranged.items()}
        lengths = {len(value) for value in expanded.values()}
        if len(lengths) > 1:
            sizes = ", ".join(f"{key} {len(value)}" for key, value in expanded.items())
            raise ValueError(f"ranges of different lengths ({sizes}), expected equally many")
        for index in range(lengths.pop()):
            yield {**each, **{key: value[index] for key, value in expanded.items()}}


def expand_text(text: str) -> list[str]:
    r"""Expand the ranges of a text: `[1-3]`, `[3-1]`, `[a-c]`, `[1,3,7-9]`, several of them in every combination.

    A text with a range that cannot be read stays as it is; `\[` is a bracket.
    """
    parts: list[list[str]] = []
    at = 0
    for match in _RANGE.finditer(text):
        pieces = _expand_range(match.group(1))
        if pieces is None:
            return [text]
        parts += [[_bare(text[at : match.start()])], pieces]
        at = match.end()
    if not parts:
        return [text]
    parts.append([_bare(text[at:])])
    return ["".join(each) for each in product(*parts)]


def _bare(text: str) -> str:
    return text.replace("\\[", "[").replace("\\]", "]")


def _expand_range(inner: str) -> list[str] | None:
    """Expand what stands between brackets; one with an end missing stands for itself, None is no range."""
    items: list[str] = []
    for piece in inner.split(","):
        first, dash, last = piece.partition("-")
        if not piece or (dash and not (first and last)):
            return [f"[{inner}]"] if not piece else [*items, f"[{inner}]"]
        if dash:
            items += _between(first, last) or [piece]
        elif piece.isalnum():
            items.append(piece)
        else:
            return None
    return items


def _between(first: str, last: str) -> list[str]:
    if first.isdigit() and last.isdigit():
        return [str(each) for each in _steps(int(first), int(last))]
    if len(first) == len(last) == 1 and first.isalpha() and last.isalpha():
        return [chr(each) for each in _steps(ord(first), ord(last))]
    return []


def _steps(first: int, last: int) -> range:
    step = 1 if first <= last else -1
    return range(first, last + step, step)
