"""The arguments of fields: paging, order and the filters that a kind has."""

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLList,
    GraphQLNonNull,
    GraphQLString,
)

from infrahub_exporter.adapters.embedded.attribute_types import AttributeTypes
from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Kind, Kinds
from infrahub_exporter.adapters.embedded.scalars import DATE_TIME

_PAGING = ("offset", "limit", "order")


class Arguments:
    """Makes the arguments of root and relationship fields, each kind's once."""

    def __init__(self, kinds: Kinds, attributes: AttributeTypes) -> None:
        self._kinds = kinds
        self._attributes = attributes
        self._made: dict[tuple[str, bool], dict[str, GraphQLArgument]] = {}
        direction = GraphQLEnumType("OrderDirection", {"ASC": "ASC", "DESC": "DESC"})
        stamps = {name: GraphQLInputField(direction) for name in ("created_at", "updated_at")}
        item = {
            "field": GraphQLInputField(GraphQLNonNull(GraphQLString)),
            "direction": GraphQLInputField(direction, default_value="ASC"),
        }
        self._order = GraphQLInputObjectType(
            "OrderInput",
            {
                "disable": GraphQLInputField(GraphQLBoolean),
                "node_metadata": GraphQLInputField(
                    GraphQLInputObjectType("InfrahubNodeMetadataOrder", stamps), deprecation_reason="Use `by`."
                ),
                "by": GraphQLInputField(GraphQLList(GraphQLNonNull(GraphQLInputObjectType("OrderByItem", item)))),
            },
        )

    def nested(self, kind: Kind, *, properties: bool = True) -> dict[str, GraphQLArgument]:
        """Give the arguments of a to-many relationship to a kind."""
        key = (kind.key, properties)
        if key not in self._made:
            made = self._own(kind, properties=properties, root=False)
            made["isnull"] = GraphQLArgument(GraphQLBoolean)
            self._made[key] = made
        return self._made[key]

    def root(self, kind: Kind) -> dict[str, GraphQLArgument]:
        """Give the arguments of a kind's root field: its own, and those of its peers."""
        made = self._own(kind, properties=True, root=True)
        if kind.human_friendly_id:
            made["hfid"] = GraphQLArgument(GraphQLList(GraphQLString))
        made |= self._attributes.filters("any", "Text", properties=True, isnull=False)
        made["partial_match"] = GraphQLArgument(GraphQLBoolean)
        for person in ("created_by", "updated_by"):
            made[f"node_metadata__{person}__id"] = GraphQLArgument(GraphQLID)
            made[f"node_metadata__{person}__ids"] = GraphQLArgument(GraphQLList(GraphQLID))
        for stamp in ("created_at", "updated_at"):
            for suffix in ("", "__before", "__after"):
                made[f"node_metadata__{stamp}{suffix}"] = GraphQLArgument(DATE_TIME)
        if kind.key in {ADDRESS, PREFIX}:
            made["include_available"] = GraphQLArgument(GraphQLBoolean)
            made["kinds"] = GraphQLArgument(GraphQLList(GraphQLNonNull(GraphQLString)))
        for relationship in kind.relationships.values():
            peers = self.nested(self._kinds[relationship.peer], properties=relationship.kind != "Group")
            made.update({f"{relationship.name}__{key}": each for key, each in peers.items() if key not in _PAGING})
        return made

    def _own(self, kind: Kind, *, properties: bool, root: bool) -> dict[str, GraphQLArgument]:
        made = {
            "offset": GraphQLArgument(GraphQLInt),
            "limit": GraphQLArgument(GraphQLInt),
            "order": GraphQLArgument(self._order),
            "ids": GraphQLArgument(GraphQLList(GraphQLID)),
        }
        if kind.display_label:
            made |= self._attributes.filters("display_label", "Text", properties=False, isnull=True)
        for attribute in kind.attributes.values():
            made |= self._attributes.filters(attribute.name, attribute.kind, properties=properties, isnull=root)
        return made
