"""A list of targets as gnmic's HTTP loader reads it: a map from a target's name to its configuration.

Source: gnmic, "Target discovery, HTTP" and "Target configuration": `address` (several, joined by commas, are tried in
turn), `subscriptions`, and `event-tags`.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from infrahub_exporter.domain.model import JSON, TargetGroup


class GnmicFormat(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which labels name a target and its subscriptions, and which are passed on as tags."""

    name: str
    subscriptions: str | None = None
    tags: tuple[str, ...] = ()

    @property
    def labels(self) -> tuple[str, ...]:
        """All labels that it names."""
        return (self.name, *([] if self.subscriptions is None else [self.subscriptions]), *self.tags)


def targets(groups: Iterable[TargetGroup], form: GnmicFormat) -> Mapping[str, JSON]:
    """Return the map. A group without the label that names it has no place in it; of two of a name the first stays."""
    found: dict[str, JSON] = {}
    for group in groups:
        name = group.labels.get(form.name, "")
        if not name or name in found:
            continue
        target: dict[str, JSON] = {"address": ",".join(group.targets)}
        subscriptions = group.labels.get(form.subscriptions or "", "")
        if subscriptions:
            target["subscriptions"] = [*subscriptions.split(",")]
        tags: dict[str, JSON] = {tag: group.labels[tag] for tag in form.tags if group.labels.get(tag)}
        if tags:
            target["event-tags"] = tags
        found[name] = target
    return found
