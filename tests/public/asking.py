"""Documents over every kind of a set, in the shapes that public queries have, with values that its nodes have."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    do_types_overlap,
    get_named_type,
    is_leaf_type,
)
from msgspec import Struct

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from tests.public.comparing import NODES, names_of

NodeType = GraphQLObjectType | GraphQLInterfaceType
_IDENTITY = "id hfid display_label __typename"
_FILTERS = ("value", "values", "isnull")
_PLAIN = (str, int, bool)
_FEW = 3
_UNASKED = frozenset({"id", "description"})
_RESTRICTED = ("Core", "Lineage", "Internal", "Infrahub", "Builtin")
_OPEN = (
    *("BuiltinTag", "BuiltinIPAddress", "BuiltinIPPrefix", "BuiltinIPNamespace", "CoreStandardGroup", "CoreNumberPool"),
    *("CoreGeneratorGroup", "CoreIPAddressPool", "CoreIPPrefixPool", "CoreResourcePool", "CoreProfile"),
    *("CoreObjectTemplate", "CoreObjectComponentTemplate", "CoreGenericRepository", "CoreRepository"),
)
"""The built-in kinds of which a server without a set holds nothing, and so whose answers are those of the set."""


class Question(Struct, frozen=True):
    """A document with its variables, names in place of ids; `ordered` where the order of its edges matters."""

    name: str
    document: str
    variables: Mapping[str, Any] = {}
    ordered: bool = False


def ask(infrahub: EmbeddedInfrahub, document: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Ask an embedded Infrahub; return the body of its answer."""
    body = json.dumps({"query": document, "variables": variables or {}}).encode()
    reply = infrahub.handle("POST", "/graphql/main", {"content-type": "application/json"}, body)
    answer: dict[str, Any] = json.loads(reply.body)
    return answer


def questions(infrahub: EmbeddedInfrahub) -> Iterator[Question]:
    """Yield documents over every kind that a set declares or fills."""
    types = infrahub.types
    names = names_of(ask(infrahub, NODES))
    counted = Counter(names.values())
    root = types.query_type
    assert root is not None
    for kind, field in root.fields.items():
        node = types.get_type(kind)
        if kind not in infrahub.kinds or (kind.startswith(_RESTRICTED) and kind not in _OPEN):
            continue
        assert isinstance(node, NodeType)
        found, some = _sample(infrahub, kind, node)
        yield _whole(kind, node)
        yield _shaped(types, kind, node)
        if found:
            yield from _filtered(kind, field, found)
            yield from _paged(kind, field, node)
            variables = {"ids": [names[each] for each in some if counted[names[each]] == 1][:_FEW]}
            yield Question(f"{kind}: peers", _peers(kind, node), variables)
            yield Question(f"{kind}: two deep", _two_deep(kind, node), variables)


def _attributes(node: NodeType) -> dict[str, NodeType]:
    """Give the attributes of a kind, each with its type."""
    found = {name: get_named_type(field.type) for name, field in node.fields.items()}
    return {
        name: each
        for name, each in found.items()
        if isinstance(each, GraphQLObjectType) and {"value", "is_default"} <= each.fields.keys()
    }


def _relations(node: NodeType, *, many: bool) -> dict[str, NodeType]:
    """Give the relations of a kind, each with the type of its peers."""
    made = {}
    for name, field in node.fields.items():
        envelope = get_named_type(field.type)
        if not isinstance(envelope, GraphQLObjectType) or not envelope.name.startswith("Nested"):
            continue
        if envelope.name.startswith("NestedPaginated") is many:
            edge = get_named_type(envelope.fields["edges"].type) if many else envelope
            peer = get_named_type(edge.fields["node"].type)
            assert isinstance(peer, NodeType)
            made[name] = peer
    return made


def _values(node: NodeType) -> str:
    """Select all attributes with all of their own properties; texts that describe built-in choices are Infrahub's."""
    return " ".join(
        f"{name} {{ {' '.join(prop for prop, each in of.fields.items() if prop not in _UNASKED and _is_leaf(each))} }}"
        for name, of in _attributes(node).items()
    )


def _is_leaf(field: GraphQLField) -> bool:
    return is_leaf_type(get_named_type(field.type))


def _whole(kind: str, node: NodeType) -> Question:
    """Ask for all values that the nodes of a kind have, and for their peers by name."""
    one = " ".join(f"{name} {{ node {{ {_IDENTITY} }} }}" for name in _relations(node, many=False))
    inner = f"{_IDENTITY} {_values(node)} {one}"
    document = f"{{ {kind} {{ count edges {{ node_metadata {{ created_at updated_at }} node {{ {inner} }} }} }} }}"
    return Question(f"{kind}: everything", document)


def _shaped(types: GraphQLSchema, kind: str, node: NodeType) -> Question:
    """Ask as people write: variables with defaults, aliases, fragments in fragments, and more of some kinds."""
    attributes = list(_attributes(node))
    one, many = (_nameable(types, _relations(node, many=many)) for many in (False, True))
    values = " ".join(f"a{place}: {name} {{ value }}" for place, name in enumerate(attributes[:_FEW]))
    peers = " ".join(f"{name} {{ node {{ ...named }} }}" for name in one)
    lists = " ".join(f"{name} {{ edges {{ node {{ ...named }} }} }}" for name in many)
    named = " fragment named on CoreNode { display_label hfid }" if one or many else ""
    more = ""
    if isinstance(node, GraphQLInterfaceType):
        for each in sorted(types.get_possible_types(node), key=lambda each: each.name)[:_FEW]:
            own = [name for name in _attributes(each) if name not in attributes]
            inner = " ".join(f"{name} {{ value }}" for name in own)
            more += f" ... on {each.name} {{ __typename {inner} }}"
    return Question(
        f"{kind}: fragments",
        f"query shaped($limit: Int = 500, $whole: Boolean! = true) {{ everything: {kind}(limit: $limit) {{ edges {{ "
        f"node {{ ...{kind}Part{more} }} }} }} }} "
        f"fragment {kind}Part on {kind} {{ id ...{kind}Names {peers} {lists} }} "
        f"fragment {kind}Names on {kind} {{ hfid {values or 'display_label'} display_label @include(if: $whole) }}"
        f"{named}",
    )


def _nameable(types: GraphQLSchema, relations: Mapping[str, NodeType]) -> list[str]:
    """Name the first relations whose peers may be a `CoreNode` to GraphQL, which groups are not."""
    every = types.get_type("CoreNode")
    assert isinstance(every, GraphQLInterfaceType)
    return [name for name, peer in relations.items() if do_types_overlap(types, peer, every)][:_FEW]


def _sample(infrahub: EmbeddedInfrahub, kind: str, node: NodeType) -> tuple[dict[str, Any], list[str]]:
    """Give a value of each attribute that some node has, and of those of its peers (`site__name`), and some ids."""
    one = " ".join(f"{name} {{ node {{ {_bare(peer)} }} }}" for name, peer in _relations(node, many=False).items())
    many = " ".join(
        f"{name} {{ edges {{ node {{ {_bare(peer)} }} }} }}" for name, peer in _relations(node, many=True).items()
    )
    answer = ask(infrahub, f"{{ {kind} {{ edges {{ node {{ {_bare(node)} {one} {many} }} }} }} }}")
    found: dict[str, Any] = {}
    nodes = [edge["node"] for edge in answer["data"][kind]["edges"]]
    for each in nodes:
        _learn(found, each, "")
    return found, [each["id"] for each in nodes]


def _bare(node: NodeType) -> str:
    return " ".join(["id", *(f"{name} {{ value }}" for name in _attributes(node))])


def _learn(found: dict[str, Any], node: Mapping[str, Any], prefix: str) -> None:
    for name, value in node.items():
        if not isinstance(value, dict):
            continue
        for each in (value, *value.get("edges", ())):
            if isinstance(each.get("node"), dict) and not prefix:
                _learn(found, each["node"], f"{name}__")
        if isinstance(value.get("value"), _PLAIN):
            found.setdefault(f"{prefix}{name}", value["value"])


def _filtered(kind: str, field: GraphQLField, found: Mapping[str, Any]) -> Iterator[Question]:
    """Ask with each filter of the kind's own attributes and those of its peers, and for what is missing."""
    for sort in _FILTERS:
        declared, fields, variables = [], [], {}
        for place, (name, value) in enumerate(found.items()):
            argument = field.args.get(f"{name}__{sort}")
            if argument is None or _swallowed(name):
                continue
            given = {"value": value, "values": [value], "isnull": False}[sort]
            declared.append(f"$v{place}: {argument.type}")
            variables[f"v{place}"] = given
            fields.append(f"f{place}: {kind}({name}__{sort}: $v{place}) {{ count edges {{ node {{ id }} }} }}")
        if fields:
            document = f"query filtered({', '.join(declared)}) {{ {' '.join(fields)} }}"
            yield Question(f"{kind}: filters by {sort}", document, variables)
    crossing = [name for name in field.args if name.count("__") == 1 and name.endswith("__isnull")]
    relations = [name for name in crossing if name.removesuffix("__isnull") not in found]
    if relations:
        fields = [
            f"{name}_{said}: {kind}({name}: {said}) {{ count edges {{ node {{ id }} }} }}"
            for name in relations
            for said in ("true", "false")
        ]
        yield Question(f"{kind}: what is missing", f"{{ {' '.join(fields)} }}")


def _swallowed(name: str) -> bool:
    """Tell whether a filter of a peer's attribute has the relationship's name twice, which no server understands."""
    relationship, _, attribute = name.partition("__")
    return attribute.endswith(relationship)


def _paged(kind: str, field: GraphQLField, node: NodeType) -> Iterator[Question]:
    """Ask for pages in an order, where the kind's identity is one attribute."""
    if "hfid" not in field.args or "name" not in _attributes(node):
        return
    for offset, limit, direction in ((0, 2, "ASC"), (1, 3, "DESC"), (500, 2, "ASC")):
        order = f'{{by: [{{field: "name__value", direction: {direction}}}]}}'
        yield Question(
            f"{kind}: page {offset} {limit}",
            f"query page($offset: Int, $limit: Int) {{ {kind}(offset: $offset, limit: $limit, order: {order}) {{ "
            "count edges { node { name { value } } } } }",
            {"offset": offset, "limit": limit},
            ordered=True,
        )


def _peers(kind: str, node: NodeType) -> str:
    """Ask some nodes for all of their relations."""
    one = " ".join(
        f"{name} {{ node {{ {_IDENTITY} }} properties {{ is_protected updated_at }} }}"
        for name in _relations(node, many=False)
    )
    many = " ".join(f"{name} {{ count edges {{ node {{ {_IDENTITY} }} }} }}" for name in _relations(node, many=True))
    return f"query some($ids: [ID]) {{ {kind}(ids: $ids) {{ edges {{ node {{ {_IDENTITY} {one} {many} }} }} }} }}"


def _two_deep(kind: str, node: NodeType) -> str:
    """Ask some nodes for what is two relations away, and for all that the nearer peers have."""
    deep = []
    for name, peer in _relations(node, many=False).items():
        further = " ".join(f"{each} {{ node {{ {_IDENTITY} }} }}" for each in list(_relations(peer, many=False))[:_FEW])
        deep.append(f"{name} {{ node {{ id {_values(peer)} {further} }} }}")
    for name, peer in list(_relations(node, many=True).items())[: 2 * _FEW]:
        further = " ".join(f"{each} {{ node {{ {_IDENTITY} }} }}" for each in list(_relations(peer, many=False))[:_FEW])
        deep.append(f"{name} {{ count edges {{ node {{ {_IDENTITY} {further} }} }} }}")
    inner = f"{_IDENTITY} {' '.join(deep)}"
    return f"query some($ids: [ID]) {{ {kind}(ids: $ids) {{ edges {{ node {{ {inner} }} }} }} }}"


def made_up(of: Any) -> Any:
    """Make up a value for a variable that a query wants."""
    if isinstance(of, GraphQLNonNull):
        return made_up(of.of_type)
    name = str(get_named_type(of))
    value: Any = {"String": "x", "ID": "x", "Int": 1, "BigInt": 1, "Boolean": True}.get(name)
    return [value] if str(of).startswith("[") and value is not None else value
