"""What Infrahub computes of a node and stores beside it: human-friendly id, display label, computed attributes."""

from infrahub_exporter.adapters.embedded.attribute_paths import parse_path
from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.refusals import InvalidInputError
from infrahub_exporter.adapters.embedded.store import NOW, Record, Version
from infrahub_exporter.adapters.embedded.templates import TemplateError, fill, is_template, template_paths
from infrahub_exporter.adapters.embedded.values import read_property
from infrahub_exporter.domain.model import JSON


def read_path(version: Version, text: str, instant: int = NOW) -> JSON:
    """Read what a path leads to, over one to-one relationship at most; null where it ends early."""
    path = parse_path(text)
    if path.relationship is not None:
        relationship = version.record.kind.relationships.get(path.relationship)
        if relationship is None:
            return None
        peer = next(iter(version.record.peers(relationship, instant)), None)
        if peer is None:
            return None
        version = peer.at(instant)
    if path.attribute == "id":
        return version.record.id
    attribute = version.record.kind.attributes.get(path.attribute)
    value = version.values.get(path.attribute)
    if attribute is None or value is None:
        return None
    return read_property(attribute, value.value, path.property)


def compute_hfid(version: Version) -> tuple[str, ...] | None:
    """Compute the human-friendly id; nulls are left out."""
    paths = version.record.kind.human_friendly_id
    if not paths:
        return None
    parts = (read_path(version, each) for each in paths)
    return tuple(str(each) for each in parts if each is not None)


def compute_display_label(version: Version) -> str:
    """Compute the display label; a kind without one shows its name and id."""
    template = version.record.kind.display_label
    if not template:
        return f"{version.record.kind.key}(ID: {version.record.id})"
    if not is_template(template):
        value = read_path(version, template)
        return "" if value is None else str(value)
    return render(version, template)


def render(version: Version, template: str) -> str:
    """Fill in a template.

    Raises:
        InvalidInputError: where a filter or an operation does not take its value.
    """
    try:
        return fill(template, {path: read_path(version, path) for path in template_paths(template)})
    except TemplateError as exc:
        raise InvalidInputError(str(exc)) from exc


def complete(version: Version) -> None:
    """Fill in what is computed of a new version."""
    version.hfid = compute_hfid(version)
    version.display_label = compute_display_label(version)


def crosses_relationships(kinds: Kinds) -> frozenset[str]:
    """Name the node kinds whose human-friendly id or label reads a peer: what goes stale when the peer changes."""
    crossing = set()
    for kind in kinds.values():
        paths = list(kind.human_friendly_id)
        paths += template_paths(kind.display_label or "")
        if not kind.generic and any(parse_path(each).relationship for each in paths):
            crossing.add(kind.key)
    return frozenset(crossing)


def stale(record: Record) -> bool:
    """Tell whether what is stored of a node is no longer what would be computed."""
    version = record.versions[-1]
    return version.hfid != compute_hfid(version) or version.display_label != compute_display_label(version)
