"""The REST answers about the schema, in the shape of Infrahub's."""

import hashlib
from collections.abc import Mapping

import msgspec

from infrahub_exporter.adapters.embedded import numbers
from infrahub_exporter.adapters.embedded.kinds import NODE, RESTRICTED, Attribute, Kind, Kinds, Relationship
from infrahub_exporter.adapters.embedded.parameters import OF_KIND
from infrahub_exporter.adapters.embedded.refusals import RefusedError
from infrahub_exporter.domain.model import JSON

_UNLISTED = {"InternalIPPrefixAvailable": "BuiltinIPPrefix", "InternalIPRangeAvailable": "BuiltinIPAddress"}
"""What a server says to use `CoreNode`, describes by itself alone and never has a node of, by what it inherits from."""
_SORTS = ("nodes", "generics", "profiles", "templates")


def answer(path: str, kinds: Kinds) -> Mapping[str, JSON]:
    """Answer a request for the schema or the configuration.

    Raises:
        RefusedError: for a path that leads nowhere.
    """
    if path == "/api/schema":
        return describe_all(kinds)
    if path == "/api/schema/summary":
        return summarize(kinds)
    if path == "/api/config":
        return {"main": {"allow_anonymous_access": True}}
    if path.startswith("/api/schema/"):
        key = path.removeprefix("/api/schema/")
        unlisted = describe_unlisted(key, kinds)
        if unlisted is not None:
            return unlisted
        if key not in kinds:
            raise RefusedError(f"Unable to find the schema {key!r} in the registry", http_status=422)
        return describe(kinds[key])
    raise RefusedError(f"The requested endpoint {path} does not exist", http_status=404)


def describe(kind: Kind) -> dict[str, JSON]:
    """Describe a kind, as `GET /api/schema/<Kind>` does."""
    described = _describe(kind)
    described["hash"] = _hash(kind)
    return described


def describe_unlisted(key: str, kinds: Kinds) -> dict[str, JSON] | None:
    """Describe a kind that no list has; None where it is none of those."""
    generic = _UNLISTED.get(key)
    if generic is None:
        return None
    described = describe(kinds[generic]) | {"kind": key, "name": key.removeprefix("Internal"), "namespace": "Internal"}
    described |= {"inherit_from": [generic], "label": None, "description": None}
    del described["used_by"]
    return described


def describe_all(kinds: Kinds) -> dict[str, JSON]:
    """Describe all kinds, as `GET /api/schema` does."""
    namespaces = sorted({each.namespace for each in kinds.values()})
    return {
        "main": _main_hash(kinds),
        **{sort: [describe(each) for each in kinds.values() if _sort(each) == sort] for sort in _SORTS},
        "namespaces": [{"name": each, "user_editable": each not in RESTRICTED} for each in namespaces],
    }


def summarize(kinds: Kinds) -> dict[str, JSON]:
    """Give a hash per kind, as `GET /api/schema/summary` does."""
    return {
        "main": _main_hash(kinds),
        **{sort: {each.key: _hash(each) for each in kinds.values() if _sort(each) == sort} for sort in _SORTS},
    }


def _sort(kind: Kind) -> str:
    """Tell in which list of an answer a kind stands."""
    if kind.generic:
        return "generics"
    return {"Profile": "profiles", "Template": "templates"}.get(kind.namespace, "nodes")


def _hash(kind: Kind) -> str:
    return hashlib.blake2b(msgspec.json.encode(_describe(kind)), digest_size=16).hexdigest()


def _main_hash(kinds: Kinds) -> str:
    whole = "".join(sorted(each.key + _hash(each) for each in kinds.values()))
    return hashlib.blake2b(whole.encode(), digest_size=16).hexdigest()


def _describe(kind: Kind) -> dict[str, JSON]:
    described: dict[str, JSON] = {
        "id": None,
        "name": kind.name,
        "namespace": kind.namespace,
        "description": kind.description,
        "label": kind.label,
        "branch": kind.branch,
        "default_filter": kind.default_filter,
        "human_friendly_id": list(kind.human_friendly_id) or None,
        "display_label": kind.display_label,
        "display_labels": None if kind.display_labels is None else list(kind.display_labels),
        "include_in_menu": kind.extra.get("include_in_menu") is not False,
        "menu_placement": _text(kind.extra.get("menu_placement")),
        "icon": _text(kind.extra.get("icon")),
        "order_by": list(kind.order_by) or None,
        "uniqueness_constraints": [list(each) for each in kind.uniqueness_constraints] or None,
        "documentation": _text(kind.extra.get("documentation")),
        "state": "present",
        "attributes": [_attribute(each) for each in kind.attributes.values()],
        "relationships": [_relationship(each) for each in kind.relationships.values()],
        "kind": kind.key,
    }
    if kind.generic:
        described |= {
            "hierarchical": kind.hierarchical,
            "generate_profile": kind.generate_profile,
            "used_by": list(_users(kind)),
            "restricted_namespaces": None if kind.restricted_namespaces is None else list(kind.restricted_namespaces),
        }
    else:
        described |= {
            "inherit_from": list(kind.inherit_from),
        }
        if _sort(kind) == "nodes":
            described |= {
                "generate_profile": kind.generate_profile,
                "generate_template": kind.generate_template,
                "hierarchy": kind.hierarchy,
                "parent": kind.parent,
                "children": kind.children,
            }
    return described


def _users(kind: Kind) -> list[str]:
    return sorted((*kind.used_by, *_UNLISTED)) if kind.key == NODE else list(kind.used_by)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def _attribute(attribute: Attribute) -> dict[str, JSON]:
    choices: JSON = None
    if attribute.choices is not None:
        choices = [
            {"name": each.name, "description": each.description, "color": each.color, "label": each.label}
            for each in attribute.choices
        ]
    limits = attribute.parameters
    parameters: dict[str, JSON] = {name: getattr(limits, name) for name in OF_KIND.get(attribute.kind, ())}
    if attribute.kind == "NumberPool":
        first, last = numbers.ends(attribute)
        parameters = {"start_range": first, "end_range": last, "number_pool_id": None}
    computed: JSON = None
    if attribute.computed is not None:
        said = ("kind", "jinja2_template", "transform")
        computed = {name: made for name in said if (made := getattr(attribute.computed, name)) is not None}
    return {
        "id": None,
        "name": attribute.name,
        "kind": attribute.kind,
        "enum": list(attribute.enum) if attribute.enum else None,
        "computed_attribute": computed,
        "choices": choices,
        "regex": limits.regex,
        "max_length": limits.max_length,
        "min_length": limits.min_length,
        "label": attribute.label,
        "description": attribute.description,
        "read_only": attribute.read_only,
        "unique": attribute.unique,
        "optional": attribute.optional,
        "branch": attribute.branch,
        "order_weight": attribute.order_weight,
        "ordered": attribute.ordered,
        "default_value": attribute.default_value,
        "inherited": attribute.inherited,
        "state": "present",
        "allow_override": attribute.allow_override,
        "deprecation": attribute.deprecation,
        "display": attribute.display,
        "parameters": parameters,
    }


def _relationship(relationship: Relationship) -> dict[str, JSON]:
    return {
        "id": None,
        "name": relationship.name,
        "peer": relationship.peer,
        "kind": relationship.kind,
        "label": relationship.label,
        "description": relationship.description,
        "identifier": relationship.identifier,
        "cardinality": "many" if relationship.many else "one",
        "min_count": relationship.min_count,
        "max_count": relationship.max_count,
        "common_parent": relationship.common_parent,
        "common_relatives": None if relationship.common_relatives is None else list(relationship.common_relatives),
        "order_weight": relationship.order_weight,
        "optional": relationship.optional,
        "branch": relationship.branch,
        "inherited": relationship.inherited,
        "direction": relationship.direction,
        "hierarchical": relationship.hierarchical,
        "state": "present",
        "on_delete": "cascade" if relationship.cascade else "no-action",
        "allow_override": relationship.allow_override,
        "read_only": relationship.read_only,
        "deprecation": relationship.deprecation,
        "display": relationship.display,
    }
