"""What a kind says in paths, its ids, labels, orders and constraints, has to lead somewhere."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain, combinations

from msgspec import Struct

from infrahub_exporter.adapters.embedded.kinds import ADDRESS, PREFIX, Attribute, Kind, Relationship
from infrahub_exporter.adapters.embedded.templates import TemplateError, is_template, template_paths
from infrahub_exporter.adapters.embedded.values import PROPERTIES
from infrahub_exporter.domain.errors import ConfigError

_NOWHERE = "leads nowhere, expected attribute__value or relationship__attribute__value"
_METADATA = "node_metadata__"
_MOMENTS = frozenset({"created_at", "updated_at"})
_DIRECTIONS = frozenset({"asc", "desc"})
_ADDRESSES = frozenset({"IPHost", "IPNetwork", "IPAddress"})


class _Rule(Struct, frozen=True):
    """What a path may be: an attribute without property, one over a relationship, or a relationship alone."""

    bare: bool = False
    crossing: bool = False
    alone: bool = False
    mandatory: bool = False


class _End(Struct, frozen=True):
    """Where a path leads."""

    relationship: Relationship | None
    attribute: Attribute | None
    named: bool


_IDENTITY = _Rule(crossing=True, mandatory=True)
_CONSTRAINT = _Rule(alone=True, mandatory=True)
_ATTRIBUTE = _Rule(bare=True)
_VALUE = _Rule()
_ANYWHERE = _Rule(crossing=True)


def check_paths(kind: Kind, kinds: Mapping[str, Kind], source: str) -> None:
    """Refuse paths that cross to nowhere, and templates that are more than paths."""
    place = f"{source}: {kind.key}"
    for key, text, rule in _said(kind, place):
        wrong = _wrong(text, rule, kind, kinds)
        if wrong is None and text.partition("__")[0] == key:
            wrong = "the attribute itself, expected others"
        if wrong is not None:
            raise ConfigError(f"{place}: {key}: {text}: {wrong}")
    for text, wrong in (*_apart(kind, kinds), *_order(kind)):
        raise ConfigError(f"{place}: {text}: {wrong}")


def _said(kind: Kind, place: str) -> Iterator[tuple[str, str, _Rule]]:
    ordered = [_without_direction(each) for each in kind.order_by if not each.startswith(_METADATA)]
    named: list[tuple[str, Iterable[str], _Rule]] = [
        ("human_friendly_id", kind.human_friendly_id, _IDENTITY),
        ("uniqueness_constraints", chain.from_iterable(kind.uniqueness_constraints), _CONSTRAINT),
        ("display_labels", kind.display_labels or (), _ATTRIBUTE),
        ("order_by", ordered, _ANYWHERE),
        ("default_filter", (kind.default_filter,) if kind.default_filter else (), _ATTRIBUTE),
    ]
    try:
        label = kind.display_label or ""
        named.append(("display_label", template_paths(label), _ANYWHERE if is_template(label) else _VALUE))
        computed = [] if kind.generic else [each for each in kind.attributes.values() if each.template]
        named += [(each.name, template_paths(each.template or ""), _ANYWHERE) for each in computed]
    except TemplateError as exc:
        raise ConfigError(f"{place}: {exc}") from exc
    for key, texts, rule in named:
        for text in texts:
            yield key, text, rule


def _follow(text: str, kind: Kind, kinds: Mapping[str, Kind]) -> _End | None:
    """Find where a path leads; None where that is nowhere."""
    first, *rest = text.split("__")
    relationship = kind.relationships.get(first)
    if relationship is not None:
        if not rest:
            return _End(relationship, None, named=False)
        kind = kinds[relationship.peer]
        first, *rest = rest
    attribute = kind.attributes.get(first)
    if attribute is None or (rest and rest[0] not in _properties(attribute)):
        return None
    return _End(relationship, attribute, named=bool(rest))


def _properties(attribute: Attribute) -> Iterable[str]:
    addresses = ("binary_address",) if attribute.kind in _ADDRESSES else ()
    return ("value", *PROPERTIES.get(attribute.kind, ()), *addresses)


def _wrong(text: str, rule: _Rule, kind: Kind, kinds: Mapping[str, Kind]) -> str | None:
    end = _follow(text, kind, kinds)
    if end is None:
        return _NOWHERE
    if end.relationship is not None:
        return _wrong_across(end.relationship, rule, kind, named=end.named)
    return None if end.named or rule.bare else f"names no property, expected {text}__value"


def _wrong_across(relationship: Relationship, rule: _Rule, kind: Kind, *, named: bool) -> str | None:
    """Say what is wrong with a path that begins with a relationship."""
    wrong = None
    if not rule.crossing and not rule.alone:
        wrong = "crosses a relationship, expected attribute__value"
    elif relationship.many:
        wrong = f"{relationship.name} has many peers, expected a relationship of cardinality one"
    elif rule.mandatory and relationship.optional and not _filled_in(relationship, kind):
        wrong = f"{relationship.name} may have no peer, expected a relationship with `optional: false`"
    elif rule.alone and named:
        wrong = f"more than the relationship, expected {relationship.name} alone"
    elif rule.crossing and not named:
        wrong = _NOWHERE
    return wrong


def _filled_in(relationship: Relationship, kind: Kind) -> bool:
    """Tell whether Infrahub gives the peer where a node has none: the namespace of addresses and prefixes."""
    placed = not kind.generic and not {ADDRESS, PREFIX}.isdisjoint(kind.inherit_from)
    return placed and relationship.name == "ip_namespace"


def _apart(kind: Kind, kinds: Mapping[str, Kind]) -> Iterator[tuple[str, str]]:
    """Yield the paths of a human-friendly id that do not tell the peers apart, and those that it has twice."""
    key = "human_friendly_id"
    peers: dict[str, list[str]] = {}
    for number, text in enumerate(kind.human_friendly_id):
        if text in kind.human_friendly_id[:number]:
            yield f"{key}: {text}", "named twice, expected once"
        first, _, rest = text.partition("__")
        if first in kind.relationships:
            peers.setdefault(first, []).append(rest)
    for name, paths in peers.items():
        peer = kinds[kind.relationships[name].peer]
        if not _unique(paths, peer):
            several = ", ".join(f"{name}__{each}" for each in paths)
            yield f"{key}: {several}", f"does not tell one {peer.key} from another, expected what is unique there"


def _unique(paths: list[str], peer: Kind) -> bool:
    if any(path.startswith(each.name) for path in paths for each in peer.attributes.values() if each.unique):
        return True
    constraints = [set(each) for each in peer.uniqueness_constraints]
    return any(set(some) in constraints for size in range(1, len(paths) + 1) for some in combinations(paths, size))


def _without_direction(entry: str) -> str:
    path, _, last = entry.rpartition("__")
    return path if path and last in _DIRECTIONS else entry


def _order(kind: Kind) -> Iterator[tuple[str, str]]:
    """Yield what `order_by` has twice, and the moments that no node has."""
    wanted = [_without_direction(each) for each in kind.order_by]
    for number, each in enumerate(wanted):
        if each in wanted[:number]:
            yield f"order_by: {each}", "named twice, expected once"
        first, *rest = each.split("__")
        if each.startswith(_METADATA):
            if each.removeprefix(_METADATA) not in _MOMENTS:
                yield f"order_by: {each}", f"expected {_METADATA}created_at or {_METADATA}updated_at"
        elif len(rest) > (2 if first in kind.relationships else 1):
            yield f"order_by: {each}", "more than a path, expected nothing behind it, or __asc or __desc"
