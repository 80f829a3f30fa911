"""The types of answers that are of no kind."""

from graphql import GraphQLField, GraphQLObjectType, GraphQLOutputType


def object_type(type_name: str, /, **fields: GraphQLOutputType) -> GraphQLObjectType:
    """Make a type whose fields are taken as they are."""
    return GraphQLObjectType(type_name, {key: GraphQLField(each) for key, each in fields.items()})
