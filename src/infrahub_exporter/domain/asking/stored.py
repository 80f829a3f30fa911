"""A query that lies in Infrahub under a name: how its text is asked for, and how its variables are settled."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from infrahub_exporter.domain.asking.variables import Variable, check_given, find, parameter, typed
from infrahub_exporter.domain.errors import ConfigError, DerivationError
from infrahub_exporter.domain.model import JSON

KIND = "CoreGraphQLQuery"
TEXT_BY_NAME = (
    f"query infrahub_exporter($name: String!) {{ {KIND}(name__value: $name) "
    "{ edges { node { query { value } } } } }"
)
"""Ask for the text of a stored query."""


def text_of(name: str, data: Mapping[str, JSON]) -> str:
    """Read the answer to `TEXT_BY_NAME`. Raises DerivationError where there is no query of that name."""
    value: JSON = dict(data)
    for step in (KIND, "edges", 0, "node", "query", "value"):
        if isinstance(step, int):
            value = value[step] if isinstance(value, list) and value else None
        else:
            value = value.get(step) if isinstance(value, Mapping) else None
    if not isinstance(value, str):
        raise DerivationError(f"Infrahub has no stored query {name!r}")
    return value


class Given(Protocol):
    """What gives values to variables; those of parameters come from a URL."""

    @property
    def variables(self) -> Mapping[str, JSON]:
        """Return the values by name."""
        ...

    @property
    def parameters(self) -> tuple[str, ...]:
        """Name the parameters."""
        ...


def settled(spec: Given, declared: Sequence[Variable]) -> dict[str, JSON]:
    """Bring a spec's variables to the types of the document that it names.

    Raises DerivationError for one that is missing, unknown or of another type, BadParameterError for a parameter.
    """
    types = {each.name: each.type for each in declared}
    found: dict[str, JSON] = {}
    for name, value in spec.variables.items():
        if name in spec.parameters and name in types:
            found[name] = parameter(name, types[name], value if isinstance(value, list) else [value])
            continue
        try:
            found[name] = typed(find(declared, name).type, value)
        except ConfigError as error:
            raise DerivationError(f"variables.{name}: {error}") from None
    try:
        check_given(declared, found)
    except ConfigError as error:
        raise DerivationError(f"variables: {error}") from None
    return found
