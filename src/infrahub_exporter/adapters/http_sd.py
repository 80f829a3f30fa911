"""Target groups as the body of Prometheus HTTP service discovery."""

from collections.abc import Sequence

import msgspec

from infrahub_exporter.domain.model import TargetGroup


def render(groups: Sequence[TargetGroup]) -> bytes:
    """Write the list: UTF-8 JSON, `[]` where there are no targets (SD-04); each distinct group once (SD-20)."""
    distinct: dict[object, TargetGroup] = {}
    for group in groups:
        distinct.setdefault((group.targets, frozenset(group.labels.items())), group)
    return msgspec.json.encode(list(distinct.values()))
