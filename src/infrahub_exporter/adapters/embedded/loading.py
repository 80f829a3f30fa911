"""What Infrahub loads of the nodes of an answer, and what becomes of the rest."""

from collections.abc import Iterable

from infrahub_exporter.adapters.embedded import ipam
from infrahub_exporter.adapters.embedded.attribute_paths import parse_path
from infrahub_exporter.adapters.embedded.identity import read_path
from infrahub_exporter.adapters.embedded.kinds import PREFIX
from infrahub_exporter.adapters.embedded.selections import Selected
from infrahub_exporter.adapters.embedded.store import Value, Version

_OF_PREFIX = frozenset({"netmask", "hostmask", "network_address", "broadcast_address"})
_COMPUTED = _OF_PREFIX | {"utilization"}


def load(
    versions: Iterable[Version], fields: Selected, found: Selected, instant: int, *, piecemeal: bool
) -> list[Version]:
    """Give the nodes as far as they are loaded.

    `fields` is what the query selects of them, `found` what Infrahub sees of that; what it overlooks is missing.
    `piecemeal`: they are read one by one (a page within a node, a hierarchy, a peer with properties of its relation),
    then the human-friendly id is made of what is selected: without its attributes it is empty. Some attributes of a
    prefix are computed, and the masks only where the prefix itself is selected.
    """
    missing = fields.keys() - found.keys()
    hfid = piecemeal and "hfid" in fields
    computed = _COMPUTED & fields.keys()
    if not missing and not hfid and not computed:
        return list(versions)
    loaded = []
    for version in versions:
        shaped = version
        if computed and PREFIX in version.record.kind.labels:
            shaped = _compute(shaped, computed, fields, instant)
        if hfid:
            shaped = _recompute_hfid(shaped, fields)
        if missing:
            shaped = _without(shaped, missing)
        loaded.append(shaped)
    return loaded


def _compute(version: Version, computed: Iterable[str], fields: Selected, instant: int) -> Version:
    values = dict(version.values)
    for name in computed:
        if name == "utilization":
            values[name] = Value(ipam.utilization(version, instant), None, None)
        else:
            value = read_path(version, f"prefix__{name}") if "prefix" in fields else None
            values[name] = Value(value, None, None)
    return Version(version.record, version.start, values, version.hfid, version.display_label)


def _recompute_hfid(version: Version, fields: Selected) -> Version:
    """Make the human-friendly id of the attributes that are selected, and of those of peers, which are read for it."""
    paths = [parse_path(each) for each in version.record.kind.human_friendly_id]
    known = [each.relationship is not None or each.attribute in fields for each in paths]
    if all(known):
        return version
    made = zip(version.record.kind.human_friendly_id, known, strict=True)
    parts = [read_path(version, each) for each, there in made if there]
    hfid = tuple(str(each) for each in parts if each is not None)
    return Version(version.record, version.start, version.values, hfid, version.display_label)


def _without(version: Version, missing: Iterable[str]) -> Version:
    values = {name: value for name, value in version.values.items() if name not in missing}
    hfid = None if "hfid" in missing else version.hfid
    label = None if "display_label" in missing else version.display_label
    return Version(version.record, version.start, values, hfid, label)
