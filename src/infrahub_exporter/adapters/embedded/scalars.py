"""The scalars of Infrahub's GraphQL beside the standard ones."""

from datetime import datetime, timezone
from typing import Any

from graphql import (
    BooleanValueNode,
    FloatValueNode,
    GraphQLError,
    GraphQLScalarType,
    IntValueNode,
    ListValueNode,
    ObjectValueNode,
    StringValueNode,
    Undefined,
    ValueNode,
    VariableNode,
    print_ast,
)

from infrahub_exporter.adapters.embedded.instants import parse_moment

_INT32 = 2**31


def _to_number(value: Any) -> Any:
    """Take what Infrahub takes as a whole number: numbers, truth values and texts of digits."""
    if isinstance(value, str | int | float):
        try:
            return int(value)
        except ValueError:
            try:
                return int(float(value))
            except ValueError:
                return Undefined
    return Undefined


def _parse_number(node: ValueNode, _variables: dict[str, Any] | None = None) -> Any:
    return int(node.value) if isinstance(node, IntValueNode) else Undefined


def _parse_moment(value: Any) -> datetime:
    """Parse a time; one without a zone is UTC where it is compared."""
    if not isinstance(value, str):
        raise GraphQLError(f"DateTime cannot represent non-string value: {value!r}")
    try:
        return parse_moment(value)
    except ValueError as exc:
        raise GraphQLError(f"DateTime cannot represent value: {value!r}") from exc


def _parse_moment_literal(node: ValueNode, _variables: dict[str, Any] | None = None) -> datetime:
    if not isinstance(node, StringValueNode):
        raise GraphQLError(f"DateTime cannot represent non-string value: {print_ast(node)}")
    return _parse_moment(node.value)


def _parse_anything(node: ValueNode, variables: dict[str, Any] | None = None) -> Any:
    if isinstance(node, StringValueNode | BooleanValueNode):
        return node.value
    if isinstance(node, IntValueNode):
        number = int(node.value)
        return number if -_INT32 <= number < _INT32 else None
    if isinstance(node, FloatValueNode):
        return float(node.value)
    return _parse_nested(node, variables)


def _parse_nested(node: ValueNode, variables: dict[str, Any] | None) -> Any:
    if isinstance(node, ListValueNode):
        return [_parse_anything(each, variables) for each in node.values]
    if isinstance(node, ObjectValueNode):
        return {each.name.value: _parse_anything(each.value, variables) for each in node.fields}
    if isinstance(node, VariableNode) and variables is not None:
        return variables.get(node.name.value)
    return None


def _same(value: Any) -> Any:
    return value


BIG_INT = GraphQLScalarType(
    "BigInt", serialize=_same, parse_value=_to_number, parse_literal=_parse_number,
    description="A whole number beyond 32 bits.",
)  # fmt: skip
DATE_TIME = GraphQLScalarType(
    "DateTime", serialize=_same, parse_value=_parse_moment, parse_literal=_parse_moment_literal,
    description="A time in ISO 8601.",
)  # fmt: skip
GENERIC = GraphQLScalarType(
    "GenericScalar", serialize=_same, parse_value=_same, parse_literal=_parse_anything,
    description="Any JSON value.",
)  # fmt: skip


def in_utc(moment: datetime) -> datetime:
    """Give a time its zone where it has none."""
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
