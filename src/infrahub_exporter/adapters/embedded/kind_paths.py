"""What a kind says in paths, its ids, labels, orders and constraints, has to lead somewhere."""

from collections.abc import Mapping

from infrahub_exporter.adapters.embedded.attribute_paths import AttributePath, parse_path
from infrahub_exporter.adapters.embedded.kinds import Kind
from infrahub_exporter.adapters.embedded.templates import TemplateError, template_paths
from infrahub_exporter.domain.errors import ConfigError


def check_paths(kind: Kind, kinds: Mapping[str, Kind], source: str) -> None:
    """Refuse paths that cross to nowhere, and templates that are more than paths."""
    if kind.generic and not kind.attributes:
        return
    named = [("human_friendly_id", each) for each in kind.human_friendly_id]
    named += [("order_by", each) for each in kind.order_by if not each.startswith("node_metadata__")]
    named += [("uniqueness_constraints", each) for group in kind.uniqueness_constraints for each in group]
    try:
        named += [("display_label", each) for each in template_paths(kind.display_label or "")]
        for attribute in kind.attributes.values():
            named += [(attribute.name, each) for each in template_paths(attribute.template or "")]
    except TemplateError as exc:
        raise ConfigError(f"{source}: {kind.key}: {exc}") from exc
    for key, text in named:
        if not _leads_somewhere(parse_path(text), kind, kinds):
            raise ConfigError(
                f"{source}: {kind.key}: {key}: {text}: leads nowhere, expected attribute__value or "
                "relationship__attribute__value"
            )


def _leads_somewhere(path: AttributePath, kind: Kind, kinds: Mapping[str, Kind]) -> bool:
    if path.relationship is not None:
        if path.relationship not in kind.relationships:
            return False
        kind = kinds[kind.relationships[path.relationship].peer]
    return (
        path.attribute in kind.attributes
        or path.attribute in {"id", "hfid"}
        or (path.attribute in kind.relationships and path.relationship is None and not path.property_given)
    )
