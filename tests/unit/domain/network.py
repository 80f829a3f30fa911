"""The kinds of a small network, as Infrahub's schema describes them."""

from collections.abc import Mapping

from infrahub_exporter.domain.model import AttributeSchema, KindSchema, RelationshipSchema


def kind(
    name: str,
    attributes: Mapping[str, str],
    *,
    one: Mapping[str, str] | None = None,
    many: Mapping[str, str] | None = None,
) -> KindSchema:
    """Describe a kind by its attributes' kinds and its relationships' peers."""
    return KindSchema(
        kind=name,
        attributes={each: AttributeSchema(each, attribute) for each, attribute in attributes.items()},
        relationships={
            **{each: RelationshipSchema(each, peer, many=False) for each, peer in (one or {}).items()},
            **{each: RelationshipSchema(each, peer, many=True) for each, peer in (many or {}).items()},
        },
    )


DEVICE = kind(
    "InfraDevice",
    {
        "name": "Text",
        "status": "Dropdown",
        "height": "Number",
        "asn": "NumberPool",
        "bandwidth": "Bandwidth",
        "monitored": "Boolean",
        "spare": "Checkbox",
        "aliases": "List",
        "facts": "JSON",
        "anything": "Any",
        "installed_at": "DateTime",
        "loopback": "IPHost",
        "block": "IPNetwork",
        "gateway": "IPAddress",
        "mac": "MacAddress",
        "secret": "Password",
        "login": "HashedPassword",
    },
    one={"site": "LocationSite", "address": "IpamIPAddress"},
    many={"tags": "BuiltinTag", "interfaces": "InfraInterface"},
)
SITE = kind("LocationSite", {"name": "Text", "opened": "DateTime"}, one={"region": "LocationRegion"})
REGION = kind("LocationRegion", {"name": "Text"}, one={"parent": "LocationRegion"})
TAG = kind("BuiltinTag", {"name": "Text", "weight": "Number", "pin": "Password"})
INTERFACE = kind("InfraInterface", {"name": "Text"}, many={"addresses": "IpamIPAddress"})
ADDRESS = kind("IpamIPAddress", {"address": "IPHost"})
KINDS = {each.kind: each for each in (DEVICE, SITE, REGION, TAG, INTERFACE, ADDRESS)}
