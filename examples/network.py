"""An inventory that a host holds itself, and settings for it. The other examples use both."""

from infrahub_exporter import MemorySource, Settings
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.domain.model import AttributeSchema, KindSchema, Peer, RelationshipSchema

SITE = KindSchema("LocationSite", {"name": AttributeSchema("name", "Text")}, {})
DEVICE = KindSchema(
    "InfraDevice",
    {"name": AttributeSchema("name", "Text"), "address": AttributeSchema("address", "IPHost")},
    {"site": RelationshipSchema("site", "LocationSite", many=False)},
)


def network(site: str) -> MemorySource:
    """Hold the two devices of a site."""
    peer = Peer(f"{site}-id", "LocationSite", (site,))
    devices = (
        {
            "id": f"{site}-{number}",
            "kind": "InfraDevice",
            "hfid": (f"{site}-leaf{number}",),
            "name": f"{site}-leaf{number}",
            "address.ip": f"192.0.2.{number}",
            "site": peer,
            "site.name": site,
        }
        for number in (1, 2)
    )
    return MemorySource(devices, schema=(SITE, DEVICE))


def settings() -> Settings:
    """Say what becomes metrics and targets; `infrahub` is empty where a source of one's own takes its place."""
    return parse_settings(
        {
            "infrahub": {},
            "poll_interval_seconds": 30,
            "metrics": {"kind": [{"kind": "InfraDevice", "include": ["name", "site"]}]},
            "service_discovery": {
                "enabled": True,
                "queries": [
                    {
                        "name": "devices",
                        "kind": "InfraDevice",
                        "target_field": "address.ip",
                        "label_mappings": {"site": "site.name"},
                    }
                ],
            },
        }
    )
