"""The known inventory: the same nodes as files for an Infrahub and as values for every other source.

`SCHEMA_FILE` and `OBJECTS_FILE` are what `infrahubctl schema load` and `infrahubctl object load` take, and the embedded
Infrahub. `KINDS`, `NODES`, `ANSWERS` and `FILLED` say it in Python, and are what `MemorySource` takes. An Infrahub
gives nodes ids of its own; where an id stands here, the suites translate.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema
from infrahub_exporter.testing.answers import ANSWERS, FILLED
from infrahub_exporter.testing.nodes import NODES

__all__ = [
    "ADDED_DRAFT",
    "ANSWERS",
    "FILLED",
    "KEYS",
    "KINDS",
    "NODES",
    "OBJECTS_FILE",
    "PAGE_SIZE",
    "REMOVED_DRAFT",
    "SCHEMA_FILE",
]

_DATA = Path(__file__).parent / "data"
SCHEMA_FILE = _DATA / "schema.yml"
OBJECTS_FILE = _DATA / "objects.yml"

PAGE_SIZE = 50
"""The page size of a source under test, where it has one: some kinds have more nodes than that."""

REMOVED_DRAFT = "draft1"
"""The `ContractDraft` that the fixture `change` removes."""

ADDED_DRAFT = "draft121"
"""The `ContractDraft` that the fixture `change` adds."""


def _kind(
    kind: str,
    attributes: Mapping[str, str | AttributeSchema],
    relationships: Sequence[RelationshipSchema] = (),
    hfid: tuple[str, ...] = (),
    used_by: tuple[str, ...] = (),
) -> KindSchema:
    """Describe a kind whose attributes are an AttributeSchema or the kind of a plain one, with `!` where mandatory."""
    described = {
        name: AttributeSchema(name, each.rstrip("!"), optional=not each.endswith("!"))
        if isinstance(each, str)
        else each
        for name, each in attributes.items()
    }
    return KindSchema(kind, described, {each.name: each for each in relationships}, hfid, used_by=used_by)


def _attribute(name: str, kind: str) -> AttributeSchema:
    return AttributeSchema(name, kind.rstrip("!"), optional=not kind.endswith("!"))


_BY_NAME = ("name__value",)
_BY_DEVICE = ("device__name__value", "name__value")
_PORT = {"name": "Text!", "enabled": "Boolean"}
_OF_DEVICE = RelationshipSchema("device", "ContractDevice", many=False)

KINDS: Mapping[str, KindSchema] = {
    each.kind: each
    for each in (
        _kind("ContractRegion", {"name": "Text!"}, (), _BY_NAME),
        _kind(
            "ContractSite",
            {"name": "Text!", "altitude": "Number", "network": "IPNetwork"},
            (
                RelationshipSchema("region", "ContractRegion", many=False),
                RelationshipSchema("devices", "ContractDevice", many=True),
            ),
            _BY_NAME,
        ),
        _kind("ContractTag", {"name": "Text!", "weight": "Number"}, (), _BY_NAME),
        _kind(
            "ContractDevice",
            {
                "name": "Text!",
                "description": "TextArea",
                "status": AttributeSchema("status", "Dropdown", choices=("active", "planned")),
                "height": "Number",
                "serial": "Number",
                "monitored": "Boolean",
                "mgmt": "IPHost",
                "aliases": "List",
                "facts": "JSON",
                "installed": "DateTime",
                "login": "Password",
            },
            (
                RelationshipSchema("site", "ContractSite", many=False),
                RelationshipSchema("tags", "ContractTag", many=True),
                RelationshipSchema("ports", "ContractPort", many=True),
                RelationshipSchema("notes", "ContractNote", many=True),
            ),
            _BY_NAME,
        ),
        _kind("ContractPort", _PORT, (_OF_DEVICE,), _BY_DEVICE, ("ContractLogicalPort", "ContractOpticalPort")),
        _kind("ContractOpticalPort", {**_PORT, "wavelength": "Number"}, (_OF_DEVICE,), _BY_DEVICE),
        _kind("ContractLogicalPort", {**_PORT, "vlan": "Number"}, (_OF_DEVICE,), _BY_DEVICE),
        _kind("ContractNote", {"text": "Text!"}, (_OF_DEVICE,)),
        _kind("ContractUnit", {"name": "Text!"}, (), _BY_NAME),
        _kind("ContractDraft", {"name": "Text!"}, (), _BY_NAME),
        _kind("ContractScratch", {"name": "Text!"}, (), _BY_NAME),
    )
}
"""The kinds by name: what is listed of one is there exactly so; an Infrahub adds relationships of its own."""

KEYS: Mapping[str, str] = {
    "ContractRegion": "name",
    "ContractSite": "name",
    "ContractTag": "name",
    "ContractDevice": "name",
    "ContractOpticalPort": "name",
    "ContractLogicalPort": "name",
    "ContractNote": "text",
    "ContractUnit": "name",
}
"""By kind, the attribute that tells its nodes apart: how the suites learn which id stands for which of ours."""
