"""The path to the rows of an entry, and paths that begin there, resolved against the schema."""

from collections.abc import Mapping

import pytest
from msgspec import structs

from infrahub_exporter.domain.asking.attributes import attributes
from infrahub_exporter.domain.asking.columns import Column, Hop
from infrahub_exporter.domain.asking.paths import Other, Step
from infrahub_exporter.domain.asking.selection import missing_kinds, select
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema
from tests.unit.domain.asking.test_resolving import CABLED, ENDS, KINDS, PLACED

FAR = structs.replace(ENDS, keep=Other())


def column(rows: str, path: str, of: str = "NetPort") -> Column:
    return select(of, [path], {}, KINDS, rows).columns[0]


def refused(rows: str, *paths: str, of: str = "NetPort") -> str:
    with pytest.raises(SourceRejectedError) as raised:
        select(of, paths, {}, KINDS, rows)
    return str(raised.value)


def test_rows_are_the_nodes_at_the_end_of_a_path() -> None:
    rows = "cable.ends[other]"
    assert select("NetPort", [], {}, KINDS, rows).rows == Column(rows, (CABLED, FAR), "id")
    assert select("NetPort", [], {}, KINDS).rows is None


def test_a_path_begins_at_the_row_or_with_each_caret_one_hop_before_it() -> None:
    rows = "cable.ends[other]"
    assert column(rows, "box.name") == Column(
        "box.name", (CABLED, FAR, Hop("box", many=False, peer="NetBox")), "name", "value", start=2
    )
    assert column(rows, "^name") == Column("^name", (CABLED,), "name", "value", start=1)
    assert column(rows, "^^name") == Column("^^name", (), "name", "value", start=0)


def test_each_way_to_the_rows_is_a_way_of_their_columns() -> None:
    found = select("NetBox", ["code"], {}, KINDS, "place.parent")
    assert found.rows is not None
    assert [way.hops[-1].on for way in found.rows.ways] == [("GeoCabinet",), ("GeoCampus",)]
    assert [(way.hops[-1].on, way.start) for way in found.columns[0].ways] == [
        (("GeoCabinet",), 2),
        (("GeoCampus",), 2),
    ]
    assert select("NetBox", ["^^name"], {}, KINDS, "place.parent").columns[0].ways == (
        Column("^^name", (), "name", "value"),
    )
    assert column("place.parent", "^code", "NetBox") == Column("^code", (PLACED,), "code", "value", start=1)


def test_elements_of_a_list_or_of_json_are_rows() -> None:
    inner = (Step(""), Step("tables", many=True), Step("columns", many=True))
    rows = "cable.facts.tables[].columns[]"
    assert select("NetPort", [], {}, KINDS, rows).rows == Column(rows, (CABLED,), "facts", "value", inner=inner)
    assert column(rows, "size.unit") == Column(
        "size.unit", (CABLED,), "facts", "value", inner=(*inner, Step("size"), Step("unit")), start=3
    )
    assert column(rows, "^name") == Column(
        "^name", (CABLED,), "facts", "value", inner=(*inner[:2], Step("name")), start=2
    )
    assert column(rows, "^^name") == Column("^^name", (CABLED,), "name", "value", start=1)
    assert column(rows, "^^^name") == Column("^^^name", (), "name", "value")


@pytest.mark.parametrize(
    ("rows", "paths", "expected"),
    [
        (
            "cable.name",
            (),
            "rows 'cable.name': expected a path that ends in [], for a row of each element",
        ),
        ("cable.facts.a", (), "rows 'cable.facts.a': expected a path that ends in [], for a row of each element"),
        (
            "cable.facts.a[].b",
            (),
            "rows 'cable.facts.a[].b': expected a path that ends in [], for a row of each element",
        ),
        ("cable.id", (), "rows 'cable.id': expected a path to nodes, or to the elements of a List or JSON"),
        ("cables", (), "'cables': NetPort has no field 'cables', did you mean 'cable'?"),
        (
            "cable.ends[other]",
            ("^^^name",),
            "'^^^name': the rows 'cable.ends[other]' are 2 hops away, no more ^ than that",
        ),
        ("cable", ("^^name",), "'^^name': the rows 'cable' are 1 hop away, no more ^ than that"),
        ("cable.ends[other]", ("nam",), "'nam': NetPort has no field 'nam', did you mean 'name'?"),
        ("cable.marks[]", ("a[b=c]",), "'a[b=c]': [...] chooses among the peers of a relation, not in JSON"),
    ],
)
def test_what_does_not_fit_is_refused_with_the_path(rows: str, paths: tuple[str, ...], expected: str) -> None:
    assert refused(rows, *paths) == expected


def test_secrets_are_refused_from_a_row_too() -> None:
    assert refused("place", "door", of="NetBox") == (
        "'door': 'door' of GeoCampus is a Password, secrets are never exported"
    )


def test_kinds_are_asked_for_until_rows_and_paths_are_known() -> None:
    known: dict[str, KindSchema] = {}
    asked = []
    while missing := missing_kinds("NetPort", ("^^box.name", "name"), (), known, "cable.ends[other]"):
        asked.append(sorted(missing))
        known |= {kind: KINDS[kind] for kind in missing}
    assert asked == [["NetPort"], ["NetCable", "NetCopper", "NetTunnel"], ["NetBox"]]
    assert missing_kinds("NetPort", ("name",), (), KINDS, "nothing") == frozenset()


def described(kind: str, *paths: str, rows: str | None = None, kinds: Mapping[str, KindSchema] = KINDS) -> object:
    return attributes(select(kind, paths, {}, kinds, rows), kinds)


def test_the_attribute_at_the_end_of_a_path_is_described() -> None:
    assert described(
        "NetPort", "name", "box", "id", "cable.facts.a", "cable.ends[].speed", "box.place.state.label"
    ) == {
        "name": AttributeSchema("name", "Text"),
        "cable.ends[].speed": AttributeSchema("speed", "Number"),
    }
    assert described("NetPort", "^name", "name", rows="cable") == {
        "^name": AttributeSchema("name", "Text"),
        "name": AttributeSchema("name", "Text"),
    }


def test_an_instant_of_a_node_or_an_attribute_is_a_date() -> None:
    assert described("NetPort", "node_metadata.created_at", "name.updated_at") == {
        "node_metadata.created_at": AttributeSchema("created_at", "DateTime"),
        "name.updated_at": AttributeSchema("updated_at", "DateTime"),
    }


def test_the_choices_of_a_generic_are_those_of_its_kinds() -> None:
    def choosing(kind: str, *choices: str) -> KindSchema:
        schema = KINDS[kind]
        state = AttributeSchema("state", "Dropdown", choices=choices)
        return structs.replace(schema, attributes={**schema.attributes, "state": state})

    kinds = {
        **KINDS,
        **{each.kind: each for each in (choosing("GeoHousing", "new"), choosing("GeoCampus", "new", "old"))},
        "GeoShelter": choosing("GeoShelter", "gone"),
    }
    assert described("NetBox", "place.state", kinds=kinds) == {
        "place.state": AttributeSchema("state", "Dropdown", choices=("new", "old", "gone"))
    }
    del kinds["GeoCampus"]
    assert attributes(select("NetBox", ["place.state"], {}, {**kinds, "GeoCampus": KINDS["GeoCampus"]}), kinds) == {
        "place.state": AttributeSchema("state", "Dropdown", choices=("new", "gone"))
    }
