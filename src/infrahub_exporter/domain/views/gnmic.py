"""A list of targets as gnmic's HTTP loader reads it: a map from a target's name to its configuration.

Source: gnmic, "Target discovery, HTTP" and "Target configuration": `address` (several, joined by commas, are tried in
turn), `subscriptions` (without any it is all of them), and `event-tags`.
"""

from collections.abc import Iterable, Mapping

from msgspec import Struct

from infrahub_exporter.domain.asking.formats import GnmicFormat
from infrahub_exporter.domain.model import JSON, TargetGroup
from infrahub_exporter.domain.views.discovery import legal_label_name


class Target(Struct, frozen=True):
    """A target: its addresses, what it is subscribed to, and per tag the values."""

    addresses: tuple[str, ...]
    subscriptions: tuple[str, ...] = ()
    tags: Mapping[str, tuple[str, ...]] = {}


def targets(groups: Iterable[TargetGroup], form: GnmicFormat) -> dict[str, Target]:
    """Return the targets by their names. A group without the label that names it has no place there."""
    name_label = legal_label_name(form.name)
    subscribed = None if form.subscriptions is None else legal_label_name(form.subscriptions)
    tags = tuple(map(legal_label_name, form.tags))
    found: dict[str, Target] = {}
    for group in groups:
        labels = group.labels
        name = labels.get(name_label, "")
        if name:
            subscriptions = labels.get(subscribed, "") if subscribed is not None else ""
            target = Target(
                group.targets,
                tuple(dict.fromkeys(subscriptions.split(","))) if subscriptions else (),
                {tag: tuple(labels[tag].split(",")) for tag in tags if labels.get(tag)},
            )
            found[name] = _united(found[name], target) if name in found else target
    return found


def merged(parts: Iterable[Mapping[str, Target]]) -> Mapping[str, Target]:
    """Join maps to one; targets of one name are one, with the addresses, subscriptions and tags of all."""
    found: dict[str, Target] = {}
    for part in parts:
        for name, target in part.items():
            found[name] = _united(found[name], target) if name in found else target
    return found


def _united(one: Target, other: Target) -> Target:
    names = sorted({*one.tags, *other.tags})
    return Target(
        tuple(sorted({*one.addresses, *other.addresses})),
        tuple(sorted({*one.subscriptions, *other.subscriptions})),
        {name: tuple(sorted({*one.tags.get(name, ()), *other.tags.get(name, ())})) for name in names},
    )


def written(target: Target) -> JSON:
    """Write a target as gnmic's configuration has it."""
    said: dict[str, JSON] = {"address": ",".join(target.addresses)}
    if target.subscriptions:
        said["subscriptions"] = [*target.subscriptions]
    if target.tags:
        said["event-tags"] = {name: ",".join(values) for name, values in target.tags.items()}
    return said
