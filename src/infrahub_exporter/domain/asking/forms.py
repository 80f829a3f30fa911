"""How a value can be written where a label, a target, a port or a number is expected.

::

    name                                        a path
    [oob.address.ip, loopback.address.ip]       the first of them that has a value
    {path: role, map: {spine: core}, default: other}
    {path: megabits, times: 1000000}
    {value: if_mib}                             a constant

What a `map` lacks is the `default`, and so is what has no value; without one nothing is there.
"""

import math
from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.errors import ConfigError
from infrahub_exporter.domain.texts import text

Constant: TypeAlias = str | bool | int | float
_LARGEST = math.nextafter(math.inf, 0.0)
"""The largest number that a sample can have; JSON has whole ones of any length."""


class Form(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A value that is more than one path. Making one raises ConfigError where its keys do not go together."""

    path: str | tuple[str, ...] | None = None
    map: dict[str, Constant] | None = None
    default: Constant | None = None
    times: float | None = None
    value: Constant | None = None

    def __post_init__(self) -> None:
        if (self.path is None) == (self.value is None):
            got = "neither" if self.path is None else "both"
            raise ConfigError(f"expected one of path and value, got {got}")
        if self.path == ():
            raise ConfigError("path: expected at least one path, got an empty list")
        beside = [key for key in ("map", "default", "times") if getattr(self, key) is not None]
        if self.value is not None and beside:
            raise ConfigError(f"{beside[0]}: expected path beside it, a constant is what it is")
        if self.map is not None and self.times is not None:
            raise ConfigError("times: expected no map beside it")


Written: TypeAlias = str | tuple[str, ...] | Form
"""What stands in a configuration."""


def paths(written: Written) -> tuple[str, ...]:
    """List the paths that a value is read from, in the order in which they are tried; none of a constant."""
    path = written.path if isinstance(written, Form) else written
    if path is None:
        return ()
    return (path,) if isinstance(path, str) else tuple(path)


def apply(written: Written, found: Sequence[tuple[object, ...]]) -> tuple[object, ...]:
    """Make the value of what each of `paths(written)` found at a row, without nulls; an empty tuple is no value.

    What `times` multiplies and is no number is nothing. An empty text is no value where there is a choice; what one
    path alone found is that, as it is.
    """
    if isinstance(written, str):
        return found[0]
    present = next((values for values in found if any(each != "" for each in values)), ())
    if not isinstance(written, Form):
        return present
    if written.value is not None:
        return (written.value,)
    if written.map is not None:
        mapped = [written.map.get(text(each), written.default) for each in present]
        present = tuple(each for each in mapped if each is not None)
    if written.times is not None:
        numbers = [number(each) for each in present]
        present = tuple(each * written.times for each in numbers if each is not None)
    if not present and written.default is not None:
        return (written.default,)
    return present


def number(value: object) -> float | int | None:
    """Read a number: one that is one, a Boolean as 0 or 1, a text that says a finite one; None for what is none."""
    if isinstance(value, bool):
        return int(value)
    if isinstance(value, int | float):
        return value if abs(value) <= _LARGEST else None
    if isinstance(value, str):
        try:
            read = float(value)
        except ValueError:
            return None
        return read if math.isfinite(read) and "_" not in value else None
    return None
