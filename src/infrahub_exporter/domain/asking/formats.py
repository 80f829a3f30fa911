"""The other formats that a list of targets may be asked for in: `/sd/<name>?format=gnmic`."""

from collections.abc import Iterator, Sequence

from msgspec import Struct

from infrahub_exporter.domain.errors import BadParameterError

PARAMETER = "format"


class GnmicFormat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which labels name a target and its subscriptions, and which are passed on as tags."""

    name: str
    subscriptions: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def labels(self) -> Iterator[tuple[str, str]]:
        """List all labels that it names, each with its key."""
        yield "name", self.name
        if self.subscriptions is not None:
            yield "subscriptions", self.subscriptions
        yield from (("tags", tag) for tag in self.tags)


class Formats(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The formats that a list is offered in beside its own."""

    gnmic: GnmicFormat | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """Name those that there are."""
        return tuple(name for name in self.__struct_fields__ if getattr(self, name) is not None)


Asked = Sequence[tuple[str, str]]
"""The parameters of a URL."""


def take_format(asked: Asked, formats: Formats) -> tuple[str | None, Asked]:
    """Take the format out of the parameters of a URL, None where none is asked for; a list without formats takes none.

    Raises BadParameterError.
    """
    names = formats.names
    wanted = [value for name, value in asked if name == PARAMETER]
    if not names or not wanted:
        return None, asked
    if len(wanted) > 1 or wanted[0] not in names:
        got = " and ".join(map(repr, wanted))
        raise BadParameterError(f"{PARAMETER}: expected one of {', '.join(names)}, got {got}")
    return wanted[0], [(name, value) for name, value in asked if name != PARAMETER]
