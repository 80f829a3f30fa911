"""Environment variables that win over the file: `INFRAHUB_SIDECAR_EXPORTERS__OTLP__ENABLED` and its like."""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from msgspec import Struct, inspect

from infrahub_exporter.app.configuration.document import parse_document
from infrahub_exporter.app.configuration.places import Place
from infrahub_exporter.app.configuration.wording import strip_optional
from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.errors import ConfigError

PREFIX = "INFRAHUB_SIDECAR_"
_INJECTED = re.compile(r"(?!.*__).*_(SERVICE_.*|PORT|PORT_.*)")
"""What Kubernetes sets for each service in the namespace (`<SERVICE>_SERVICE_HOST`, `<SERVICE>_PORT_80_TCP_ADDR`)."""
_EXCLUSIVE = (
    ("infrahub", "address", "embedded"),
    ("infrahub", "token", "token_file"),
    ("webhook", "key", "key_file"),
)
"""The keys of a section of which one may be given."""

Tree = dict[object, object]


class Overrides(Struct, frozen=True):
    """A tree in which the environment has been put, and the variable that each place comes from."""

    tree: Tree
    variables: Mapping[Place, str]

    def variable(self, place: Place) -> tuple[str, Place] | None:
        """Name the variable that a place comes from, and the rest of the place in that variable's value."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.variables:
                return self.variables[place[:length]], place[length:]
        return None


def variable_name(place: Place) -> str:
    """Name the variable of a place."""
    return PREFIX + "__".join(str(step).upper() for step in place)


def places(type_: type[Struct]) -> Iterator[tuple[Place, Any]]:
    """List the places that a variable can name, with their types: every key outside of lists."""
    for field in msgspec.structs.fields(type_):
        inner, _ = strip_optional(field.type)
        yield (field.name,), inner
        if _is_section(inner):
            for place, below in places(inner):
                yield (field.name, *place), below


def override(
    tree: Mapping[object, object], type_: type[Struct], env: Mapping[str, str], warn: Callable[[str], None]
) -> Overrides:
    """Put the environment's values over a tree; `warn` hears of variables that name nothing.

    Raises ConfigError that names the variable whose text is not YAML.
    """
    known = {variable_name(place): (place, inner) for place, inner in places(type_)}
    given: list[tuple[Place, str, object]] = []
    for name, text in sorted(env.items()):
        if not name.upper().startswith(PREFIX):
            continue
        if name.upper() in known:
            place, inner = known[name.upper()]
            given.append((place, name, _value(name, text, inner)))
        elif not _INJECTED.fullmatch(name.upper()):
            warn(f"{name}: not a setting{_hint(name.upper(), tuple(known))}")
    sections = frozenset(place for place, inner in known.values() if _is_section(inner))
    overlay = _Overlay(_copied(tree), sections, {})
    for place, name, value in sorted(given, key=lambda each: len(each[0])):
        overlay.put(place, value, name)
    return Overrides(overlay.tree, overlay.variables)


def drop_excluded(overrides: Overrides) -> None:
    """Take out what the file says where the environment says the other of two that exclude each other."""
    for section, *pair in _EXCLUSIVE:
        tree = overrides.tree.get(section)
        for wins, loses in (pair, pair[::-1]):
            said = (section, wins) in overrides.variables and (section, loses) not in overrides.variables
            if said and isinstance(tree, dict) and tree[wins] not in (None, ""):
                tree.pop(loses, None)


def _hint(name: str, known: tuple[str, ...]) -> str:
    container = max((each for each in known if name.startswith(f"{each}__")), key=len, default=None)
    nested = container is not None and not any(each.startswith(f"{container}__") for each in known)
    return f", {container} takes the whole as YAML or JSON" if nested else suggestion(name, known)


def _value(name: str, text: str, inner: Any) -> object:
    """Read a variable's text: texts are taken as they are, all else is YAML."""
    plain = inspect.type_info(inner)
    plain = plain.type if isinstance(plain, inspect.Metadata) else plain
    if isinstance(plain, inspect.StrType | inspect.LiteralType | inspect.CustomType):
        return text
    try:
        return parse_document(text)
    except ConfigError as error:
        raise ConfigError(f"{name}: {error}") from None


def _copied(tree: Mapping[object, object]) -> Tree:
    return {key: _copied(value) if isinstance(value, Mapping) else value for key, value in tree.items()}


def _is_section(inner: Any) -> bool:
    return isinstance(inner, type) and issubclass(inner, Struct)


class _Overlay(Struct):
    """A tree that values are laid over, and where each came from."""

    tree: Tree
    sections: frozenset[Place]
    variables: dict[Place, str]

    def put(self, place: Place, value: object, variable: str) -> None:
        """Set a value. A section given as text is laid over the file's section, key by key."""
        inside = self._section(place[:-1])
        if inside is None:
            return
        if isinstance(value, dict) and place in self.sections and isinstance(inside.get(place[-1]), dict):
            for key, item in value.items():
                self.put((*place, str(key)), item, variable)
            return
        inside[place[-1]] = value
        self.variables[place] = variable

    def _section(self, place: Place) -> Tree | None:
        """Find a section, made where it is missing; None where something else stands in its place."""
        inside = self.tree
        for step in place:
            if inside.get(step) is None:
                inside[step] = {}
            below = inside[step]
            if not isinstance(below, dict):
                return None
            inside = below
        return inside
