"""What nodes are named by: the attributes that their human-friendly ids and display labels are made of."""

import re
from collections.abc import Iterable, Iterator, Mapping

from infrahub_exporter.domain.model import AttributeSchema, KindSchema

_TEMPLATE_NAMES = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def names_over_relations(schema: KindSchema) -> Iterator[tuple[str, str]]:
    """Find the relations that a kind's human-friendly id or display label crosses (`device__name__value`)."""
    for name in _parts((*schema.human_friendly_id, schema.display_label)):
        relationship = schema.relationships.get(name.partition("__")[0])
        if relationship is not None and "__" in name:
            yield relationship.name, relationship.peer


def secret_of(
    name: str, schema: KindSchema, kinds: Mapping[str, KindSchema]
) -> tuple[KindSchema, AttributeSchema] | None:
    """Find a secret that a node's `hfid` or `display_label` is made of, and whose it is, as far as kinds are known."""
    for part in _parts(schema.human_friendly_id if name == "hfid" else (schema.display_label,)):
        first, _, rest = part.partition("__")
        relationship = schema.relationships.get(first)
        owner = schema if relationship is None else kinds.get(relationship.peer)
        attribute = (first if relationship is None else rest).partition("__")[0]
        found = None if owner is None else owner.attributes.get(attribute)
        if owner is not None and found is not None and found.is_secret:
            return owner, found
    return None


def _parts(templates: Iterable[str | None]) -> Iterator[str]:
    for template in templates:
        yield from _TEMPLATE_NAMES.findall(template or "")
