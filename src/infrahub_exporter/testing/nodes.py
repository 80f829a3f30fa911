"""The nodes of the known inventory, as values."""

from collections.abc import Mapping

from infrahub_exporter.domain.model import Peer

ALPS = Peer("region-alps", "ContractRegion", ("alps",))
LYON = Peer("site-lyon", "ContractSite", ("lyon",))
ZURICH = Peer("site-zürich", "ContractSite", ("zürich",))
ADRIFT = Peer("site-adrift", "ContractSite", ("adrift",))
RED = Peer("tag-red", "ContractTag", ("red",))
BLUE = Peer("tag-blue", "ContractTag", ("blue",))
COMMA = Peer("tag-comma", "ContractTag", ("a,b",))
CORE1 = Peer("device-core1", "ContractDevice", ("core1",))
EDGE = Peer("device-edge", "ContractDevice", ("edge 'ünï™' 2",))
CORE2 = Peer("device-core2", "ContractDevice", ("core2",))
LOST = Peer("device-lost", "ContractDevice", ("lost",))
ET1 = Peer("port-et1", "ContractOpticalPort", ("core1", "et1"))
ET2 = Peer("port-et2", "ContractOpticalPort", ("core1", "et2"))
LO0 = Peer("port-lo0", "ContractLogicalPort", ("edge 'ünï™' 2", "lo0"))
FANS = Peer("note-fans", "ContractNote")

_SITES: tuple[Mapping[str, object], ...] = (
    {
        "id": "site-lyon",
        "kind": "ContractSite",
        "hfid": ("lyon",),
        "display_label": "lyon",
        "name": "lyon",
        "altitude": 173,
        "network": "198.51.100.0/24",
        "region": ALPS,
        "region.name": "alps",
        "devices[]": (CORE1, CORE2),
        "devices[].ports[].name": ("et1", "et2"),
    },
    {
        "id": "site-zürich",
        "kind": "ContractSite",
        "hfid": ("zürich",),
        "display_label": "zürich",
        "name": "zürich",
        "altitude": 0,
        "network": "2001:db8::/32",
        "region": ALPS,
        "region.name": "alps",
        "devices[]": (EDGE,),
        "devices[].ports[].name": ("lo0",),
    },
    {
        "id": "site-adrift",
        "kind": "ContractSite",
        "hfid": ("adrift",),
        "display_label": "adrift",
        "name": "adrift",
        "altitude": -3,
        "devices[]": (LOST,),
    },
)

_DEVICES: tuple[Mapping[str, object], ...] = (
    {
        "id": "device-core1",
        "kind": "ContractDevice",
        "hfid": ("core1",),
        "display_label": "the device core1",
        "name": "core1",
        "description": 'says "hi",\nthen C:\\temp',
        "status": "active",
        "status.label": "In Service",
        "height": 2,
        "serial": 9007199254740993,
        "monitored": True,
        "mgmt": "192.0.2.1/24",
        "mgmt.ip": "192.0.2.1",
        "mgmt.prefixlen": 24,
        "aliases": ["c1", 'x"y', "a,b"],
        "facts": {"fans": 4, "psu": ["ok", None], "half": 0.5, "accent": "ü"},
        "installed": "2024-02-29T12:30:00Z",
        "site": LYON,
        "site.id": "site-lyon",
        "site.hfid": "lyon",
        "site.display_label": "lyon",
        "site.name": "lyon",
        "site.altitude": 173,
        "site.region": ALPS,
        "site.region.name": "alps",
        "tags[]": (RED, BLUE),
        "tags[].name": ("red", "blue"),
        "tags[].weight": (1, None),
        "ports[]": (ET1, ET2),
        "ports[].hfid": ("core1__et1", "core1__et2"),
        "ports[].__typename": ("ContractOpticalPort", "ContractOpticalPort"),
        "notes[]": (FANS,),
        "notes[].text": ("check the fans",),
    },
    {
        "id": "device-edge",
        "kind": "ContractDevice",
        "hfid": ("edge 'ünï™' 2",),
        "display_label": "the device edge 'ünï™' 2",
        "name": "edge 'ünï™' 2",
        "description": "",
        "status": "planned",
        "status.label": "Planned",
        "height": 0,
        "serial": -1,
        "monitored": False,
        "mgmt": "2001:db8::1/64",
        "mgmt.ip": "2001:db8::1",
        "mgmt.prefixlen": 64,
        "aliases": [],
        "facts": {},
        "installed": "2030-01-01T00:00:00+02:00",
        "site": ZURICH,
        "site.id": "site-zürich",
        "site.hfid": "zürich",
        "site.display_label": "zürich",
        "site.name": "zürich",
        "site.altitude": 0,
        "site.region": ALPS,
        "site.region.name": "alps",
        "tags[]": (COMMA,),
        "tags[].name": ("a,b",),
        "tags[].weight": (0,),
        "ports[]": (LO0,),
        "ports[].hfid": ("edge 'ünï™' 2__lo0",),
        "ports[].__typename": ("ContractLogicalPort",),
    },
    {
        "id": "device-core2",
        "kind": "ContractDevice",
        "hfid": ("core2",),
        "display_label": "the device core2",
        "name": "core2",
        "status": "active",
        "status.label": "In Service",
        "height": 2,
        "monitored": False,
        "mgmt": "192.0.2.2/32",
        "mgmt.ip": "192.0.2.2",
        "mgmt.prefixlen": 32,
        "site": LYON,
        "site.id": "site-lyon",
        "site.hfid": "lyon",
        "site.display_label": "lyon",
        "site.name": "lyon",
        "site.altitude": 173,
        "site.region": ALPS,
        "site.region.name": "alps",
        "tags[]": (RED,),
        "tags[].name": ("red",),
        "tags[].weight": (1,),
    },
    {
        "id": "device-lost",
        "kind": "ContractDevice",
        "hfid": ("lost",),
        "display_label": "the device lost",
        "name": "lost",
        "monitored": True,
        "site": ADRIFT,
        "site.id": "site-adrift",
        "site.hfid": "adrift",
        "site.display_label": "adrift",
        "site.name": "adrift",
        "site.altitude": -3,
    },
    {
        "id": "device-bare",
        "kind": "ContractDevice",
        "hfid": ("bare",),
        "display_label": "the device bare",
        "name": "bare",
        "monitored": True,
    },
)

_OTHERS: tuple[Mapping[str, object], ...] = (
    {"id": "region-alps", "kind": "ContractRegion", "hfid": ("alps",), "name": "alps"},
    {"id": "region-void", "kind": "ContractRegion", "hfid": ("void",), "name": "void"},
    {"id": "tag-red", "kind": "ContractTag", "hfid": ("red",), "name": "red", "weight": 1},
    {"id": "tag-blue", "kind": "ContractTag", "hfid": ("blue",), "name": "blue"},
    {"id": "tag-comma", "kind": "ContractTag", "hfid": ("a,b",), "name": "a,b", "weight": 0},
    {
        "id": "port-et1",
        "kind": "ContractOpticalPort",
        "generics": ("ContractPort",),
        "hfid": ("core1", "et1"),
        "name": "et1",
        "enabled": False,
        "wavelength": 1550,
        "device": CORE1,
    },
    {
        "id": "port-et2",
        "kind": "ContractOpticalPort",
        "generics": ("ContractPort",),
        "hfid": ("core1", "et2"),
        "name": "et2",
        "enabled": True,
        "device": CORE1,
    },
    {
        "id": "port-lo0",
        "kind": "ContractLogicalPort",
        "generics": ("ContractPort",),
        "hfid": ("edge 'ünï™' 2", "lo0"),
        "name": "lo0",
        "enabled": True,
        "vlan": 7,
        "device": EDGE,
    },
    {"id": "note-fans", "kind": "ContractNote", "text": "check the fans", "device": CORE1, "device.name": "core1"},
    {"id": "note-nobody", "kind": "ContractNote", "text": "nobody's note"},
)

NODES: tuple[Mapping[str, object], ...] = (
    *_SITES,
    *_DEVICES,
    *_OTHERS,
    *(
        {"id": f"{each}{number}", "kind": kind, "hfid": (f"{each}{number}",), "name": f"{each}{number}"}
        for kind, each in (("ContractUnit", "unit"), ("ContractDraft", "draft"))
        for number in range(1, 121)
    ),
)
"""The nodes as `MemorySource` takes them: what is null or empty is left out."""
