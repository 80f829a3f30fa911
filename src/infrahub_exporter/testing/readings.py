"""What a `NodeSource` is asked for over the known inventory, and the rows that it must yield, in any order."""

from msgspec import Struct

from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.model import Row
from infrahub_exporter.testing.nodes import (
    ADRIFT,
    ALPS,
    BLUE,
    COMMA,
    CORE1,
    CORE2,
    EDGE,
    ET1,
    ET2,
    FANS,
    LO0,
    LOST,
    LYON,
    RED,
    ZURICH,
)

__all__ = ["READINGS", "Reading"]


class Reading(Struct, frozen=True):
    """A selection, as a user writes it, and its rows; ids are those of `inventory.NODES`."""

    name: str
    kind: str
    include: tuple[str, ...] = ()
    filters: Filters = {}
    rows: tuple[Row, ...] = ()


def _core1(*values: object) -> Row:
    return Row("device-core1", "ContractDevice", ("core1",), values)


def _edge(*values: object) -> Row:
    return Row("device-edge", "ContractDevice", ("edge 'ünï™' 2",), values)


def _core2(*values: object) -> Row:
    return Row("device-core2", "ContractDevice", ("core2",), values)


def _lost(*values: object) -> Row:
    return Row("device-lost", "ContractDevice", ("lost",), values)


def _bare(*values: object) -> Row:
    return Row("device-bare", "ContractDevice", ("bare",), values)


def _lyon(*values: object) -> Row:
    return Row("site-lyon", "ContractSite", ("lyon",), values)


def _zurich(*values: object) -> Row:
    return Row("site-zürich", "ContractSite", ("zürich",), values)


def _adrift(*values: object) -> Row:
    return Row("site-adrift", "ContractSite", ("adrift",), values)


READINGS: tuple[Reading, ...] = (
    Reading(
        "nodes without columns",
        "ContractRegion",
        rows=(
            Row("region-alps", "ContractRegion", ("alps",), ()),
            Row("region-void", "ContractRegion", ("void",), ()),
        ),
    ),
    Reading(
        "texts and choices",
        "ContractDevice",
        ("name", "description", "status"),
        rows=(
            _core1("core1", 'says "hi",\nthen C:\\temp', "active"),
            _edge("edge 'ünï™' 2", "", "planned"),
            _core2("core2", None, "active"),
            _lost("lost", None, None),
            _bare("bare", None, None),
        ),
    ),
    Reading(
        "numbers and booleans",
        "ContractDevice",
        ("height", "serial", "monitored"),
        rows=(
            _core1(2, 9007199254740993, True),
            _edge(0, -1, False),
            _core2(2, None, False),
            _lost(None, None, True),
            _bare(None, None, True),
        ),
    ),
    Reading(
        "lists, mappings and times",
        "ContractDevice",
        ("aliases", "facts", "installed"),
        rows=(
            _core1(
                ["c1", 'x"y', "a,b"],
                {"fans": 4, "psu": ["ok", None], "half": 0.5, "accent": "ü"},
                "2024-02-29T12:30:00Z",
            ),
            _edge([], {}, "2030-01-01T00:00:00+02:00"),
            _core2(None, None, None),
            _lost(None, None, None),
            _bare(None, None, None),
        ),
    ),
    Reading(
        "subfields of attributes",
        "ContractDevice",
        ("mgmt", "mgmt.ip", "mgmt.prefixlen"),
        rows=(
            _core1("192.0.2.1/24", "192.0.2.1", 24),
            _edge("2001:db8::1/64", "2001:db8::1", 64),
            _core2("192.0.2.2/32", "192.0.2.2", 32),
            _lost(None, None, None),
            _bare(None, None, None),
        ),
    ),
    Reading(
        "a node's own fields",
        "ContractSite",
        ("id", "hfid", "display_label", "__typename"),
        rows=(
            _lyon("site-lyon", "lyon", "lyon", "ContractSite"),
            _zurich("site-zürich", "zürich", "zürich", "ContractSite"),
            _adrift("site-adrift", "adrift", "adrift", "ContractSite"),
        ),
    ),
    Reading(
        "peers over one hop and two",
        "ContractDevice",
        ("site", "site.name", "site.altitude", "site.region", "site.region.name"),
        rows=(
            _core1(LYON, "lyon", 173, ALPS, "alps"),
            _edge(ZURICH, "zürich", 0, ALPS, "alps"),
            _core2(LYON, "lyon", 173, ALPS, "alps"),
            _lost(ADRIFT, "adrift", -3, None, None),
            _bare(None, None, None, None, None),
        ),
    ),
    Reading(
        "own fields of a peer",
        "ContractDevice",
        ("site.id", "site.hfid", "site.display_label"),
        rows=(
            _core1("site-lyon", "lyon", "lyon"),
            _edge("site-zürich", "zürich", "zürich"),
            _core2("site-lyon", "lyon", "lyon"),
            _lost("site-adrift", "adrift", "adrift"),
            _bare(None, None, None),
        ),
    ),
    Reading(
        "many peers",
        "ContractDevice",
        ("tags[]", "tags[].name", "tags[].weight"),
        rows=(
            _core1((RED, BLUE), ("red", "blue"), (1, None)),
            _edge((COMMA,), ("a,b",), (0,)),
            _core2((RED,), ("red",), (1,)),
            _lost((), (), ()),
            _bare((), (), ()),
        ),
    ),
    Reading(
        "many peers of several kinds",
        "ContractDevice",
        ("ports[]", "ports[].hfid", "ports[].__typename"),
        rows=(
            _core1((ET1, ET2), ("core1__et1", "core1__et2"), ("ContractOpticalPort", "ContractOpticalPort")),
            _edge((LO0,), ("edge 'ünï™' 2__lo0",), ("ContractLogicalPort",)),
            _core2((), (), ()),
            _lost((), (), ()),
            _bare((), (), ()),
        ),
    ),
    Reading(
        "peers without a human-friendly id",
        "ContractDevice",
        ("notes[]", "notes[].text"),
        rows=(
            _core1((FANS,), ("check the fans",)),
            _edge((), ()),
            _core2((), ()),
            _lost((), ()),
            _bare((), ()),
        ),
    ),
    Reading(
        "many peers of many peers",
        "ContractSite",
        ("devices[]", "devices[].ports[].name"),
        rows=(
            _lyon((CORE1, CORE2), ("et1", "et2")),
            _zurich((EDGE,), ("lo0",)),
            _adrift((LOST,), ()),
        ),
    ),
    Reading(
        "a generic",
        "ContractPort",
        ("name", "enabled", "device"),
        rows=(
            Row("port-et1", "ContractOpticalPort", ("core1", "et1"), ("et1", False, CORE1)),
            Row("port-et2", "ContractOpticalPort", ("core1", "et2"), ("et2", True, CORE1)),
            Row("port-lo0", "ContractLogicalPort", ("edge 'ünï™' 2", "lo0"), ("lo0", True, EDGE)),
        ),
    ),
    Reading(
        "what some kinds of a generic have",
        "ContractPort",
        ("name", "wavelength"),
        rows=(
            Row("port-et1", "ContractOpticalPort", ("core1", "et1"), ("et1", 1550)),
            Row("port-et2", "ContractOpticalPort", ("core1", "et2"), ("et2", None)),
            Row("port-lo0", "ContractLogicalPort", ("edge 'ünï™' 2", "lo0"), ("lo0", None)),
        ),
    ),
    Reading(
        "a kind of a generic",
        "ContractOpticalPort",
        ("name", "wavelength"),
        rows=(
            Row("port-et1", "ContractOpticalPort", ("core1", "et1"), ("et1", 1550)),
            Row("port-et2", "ContractOpticalPort", ("core1", "et2"), ("et2", None)),
        ),
    ),
    Reading(
        "a kind without a human-friendly id",
        "ContractNote",
        ("text", "device.name"),
        rows=(
            Row("note-fans", "ContractNote", None, ("check the fans", "core1")),
            Row("note-nobody", "ContractNote", None, ("nobody's note", None)),
        ),
    ),
    Reading(
        "more nodes than a page holds",
        "ContractUnit",
        ("name",),
        rows=tuple(
            Row(f"unit{number}", "ContractUnit", (f"unit{number}",), (f"unit{number}",)) for number in range(1, 121)
        ),
    ),
    Reading("filter: a text", "ContractDevice", ("name",), {"name__value": "core2"}, (_core2("core2"),)),
    Reading(
        "filter: a text with quotes and more",
        "ContractDevice",
        ("height",),
        {"name__value": "edge 'ünï™' 2"},
        (_edge(0),),
    ),
    Reading(
        "filter: one of several texts",
        "ContractDevice",
        ("name",),
        {"name__values": ["bare", "core1", "nowhere"]},
        (_core1("core1"), _bare("bare")),
    ),
    Reading("filter: a choice", "ContractDevice", (), {"status__value": "planned"}, (_edge(),)),
    Reading("filter: the number zero", "ContractSite", ("name",), {"altitude__value": 0}, (_zurich("zürich"),)),
    Reading("filter: a large number", "ContractDevice", (), {"serial__value": 9007199254740993}, (_core1(),)),
    Reading("filter: false", "ContractDevice", (), {"monitored__value": False}, (_edge(), _core2())),
    Reading("filter: an address", "ContractDevice", (), {"mgmt__value": "2001:db8::1/64"}, (_edge(),)),
    Reading("filter: ids", "ContractDevice", ("name",), {"ids": ["device-lost"]}, (_lost("lost"),)),
    Reading("filter: a peer's text", "ContractDevice", (), {"site__name__value": "lyon"}, (_core1(), _core2())),
    Reading("filter: a text of one of many peers", "ContractDevice", (), {"tags__name__value": "blue"}, (_core1(),)),
    Reading(
        "filter: several at once",
        "ContractDevice",
        ("name",),
        {"site__name__value": "lyon", "monitored__value": False},
        (_core2("core2"),),
    ),
    Reading("filter: what no node has", "ContractDevice", ("name",), {"name__value": "nowhere"}, ()),
)
"""A selection per way of asking."""
