"""The constraints that an attribute may have, by its kind, and what of them Infrahub refuses."""

from collections.abc import Iterator, Mapping
from itertools import combinations

from infrahub_exporter.adapters.embedded.declarations import AttributeDeclaration, Parameters

_TEXT = ("regex", "min_length", "max_length")
OF_KIND: Mapping[str, tuple[str, ...]] = {
    "Text": _TEXT,
    "TextArea": _TEXT,
    "List": ("regex",),
    "Number": ("min_value", "max_value", "excluded_values"),
    "NumberPool": ("start_range", "end_range", "number_pool_id"),
}
_READ_ONLY = frozenset({"id", "state"})
"""What an export of a schema has and Infrahub ignores."""
_LIMITS = (("min_length", "max_length"), ("min_value", "max_value"), ("start_range", "end_range"))


def wrong(declared: AttributeDeclaration) -> str | None:
    """Say what of an attribute's constraints cannot be."""
    said = declared.parameters or Parameters()
    known = OF_KIND.get(declared.kind, ())
    for name in said.__struct_fields__:
        if getattr(said, name) is not None and name not in _READ_ONLY and name not in known:
            allowed = f"one of {', '.join(known)}" if known else "none"
            return f"parameters: {name} of kind {declared.kind}, expected {allowed}"
    for low, high in _LIMITS:
        least, most = (getattr(declared, name, None) or getattr(said, name) for name in (low, high))
        if least is not None and most is not None and least > most:
            return f"{low} {least}, expected at most {high}, {most}"
    return _wrong_ranges(list(_ranges(said.excluded_values or "")))


def _ranges(text: str) -> Iterator[tuple[int, int]]:
    """Yield the ranges of `100,150-200`; a number by itself is none."""
    for part in text.split(","):
        first, dash, last = part.partition("-")
        if dash:
            yield int(first), int(last)


def _wrong_ranges(ranges: list[tuple[int, int]]) -> str | None:
    for first, last in ranges:
        if first > last:
            return f"excluded_values: {first}-{last}, expected the lower number first"
    for one, other in combinations(ranges, 2):
        if one[0] <= other[1] and other[0] <= one[1]:
            return (
                f"excluded_values: {one[0]}-{one[1]} and {other[0]}-{other[1]}, expected ranges without common numbers"
            )
    return None
