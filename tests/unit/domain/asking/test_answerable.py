"""What a document asks for, and the paths that its answers can contain."""

import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.domain.asking.answerable import on_relations, unasked

DEVICES = outline("""
query {
  DcimDevice {
    count
    edges {
      node {
        __typename
        id
        display_label
        port: exporter_port { value }
        status { value label source { display_label } }
        role { label }
        facts { value }
        site { node { id name { value } region { node { name { value } } } } properties { updated_at } }
        node { node { name { value } } }
        ... on DcimSwitch { vendor { value } }
        ...addresses
      }
    }
  }
}
fragment addresses on DcimDevice {
  interfaces { count edges { node { id name { value } cable { node { ends { edges { node { id } } } } } } } }
  groups { edges { node_metadata { updated_at } } }
}
""")
BARE = outline("query { DcimDevice { edges { node_metadata { updated_at } } } InfrahubInfo { version } }")


@pytest.mark.parametrize(
    "path",
    [
        "port",
        "port.value",
        "display_label",
        "display_label.anything",
        "status",
        "status.label",
        "status.source.display_label",
        "status.of.json",
        "facts.a.b[].c",
        "facts.value.a",
        "role.label",
        "role",
        "vendor",
        "site",
        "site.name",
        "site.node.name.value",
        "site.properties.updated_at",
        "site.node.region.node.name",
        "node.name",
        "edges.site.node.name",
        "interfaces[].name",
        "interfaces.edges[].node.name.value",
        "interfaces[name=lo0].id",
        "interfaces.edges[name~lo.*].node.id",
        "interfaces[].cable.ends[other].id",
        "interfaces.count",
        "groups[].name",
    ],
)
def test_what_is_asked_for_may_be_in_the_answer(path: str) -> None:
    assert unasked(DEVICES, None, [path]) == {}


@pytest.mark.parametrize(
    ("path", "near"),
    [
        ("prot", ", did you mean 'port'?"),
        ("exporter_port", ""),
        ("role.lable", ", did you mean 'label'?"),
        ("site.nmae", ", did you mean 'name'?"),
        ("site.node.nmae.value", ", did you mean 'name'?"),
        ("site[DcimSite].name", ""),
        ("interfaces[enabled=true].name", ", did you mean 'cable'?"),
        ("interfaces[].cable.ends[other].name", ""),
        ("edges", ""),
    ],
)
def test_what_is_not_asked_for_is_in_no_answer(path: str, near: str) -> None:
    assert unasked(DEVICES, None, [path, "port"]) == {path: near}


@pytest.mark.parametrize(
    ("rows", "path"),
    [
        ("DcimDevice[].interfaces[]", "name"),
        ("DcimDevice[].interfaces[]", "^port"),
        ("DcimDevice[].interfaces[]", "^^DcimDevice.count"),
        ("DcimDevice.edges[].node.interfaces[].node", "^site.name"),
        ("DcimDevice[].facts.list[]", "anything"),
        ("DcimDevice[].facts.list[]", "^port"),
        ("DcimDevice[].site[name=paris]", "name"),
    ],
)
def test_rows_may_lead_to_what_is_asked_for_there(rows: str, path: str) -> None:
    assert unasked(DEVICES, rows, [path]) == {}


@pytest.mark.parametrize(
    ("rows", "path", "found"),
    [
        ("DcimDevice[].interfaces[]", "port", {"port": ""}),
        ("DcimDevice[].interfaces[]", "^name", {"^name": ""}),
        ("DcimDevice[].interfaces[]", "^^^name", {"^^^name": ""}),
        ("DcimDevise[]", "name", {"DcimDevise[]": ", did you mean 'DcimDevice'?"}),
        ("DcimDevice[].interfacs[]", "name", {"DcimDevice[].interfacs[]": ", did you mean 'interfaces'?"}),
    ],
)
def test_rows_and_what_is_not_asked_for_from_there(rows: str, path: str, found: dict[str, str]) -> None:
    assert unasked(DEVICES, rows, [path]) == found


def test_nothing_is_told_of_nodes_that_are_not_asked_for() -> None:
    assert unasked(BARE, None, ["name"]) == {}


def test_the_instants_of_a_node_stand_beside_it() -> None:
    dated = outline(
        "{ DcimDevice { edges { node { id tags { edges { node { id } node_metadata { created_at } } } } "
        "node_metadata { updated_at } } } }"
    )
    paths = ["node_metadata.updated_at", "tags[].node_metadata.created_at", "node_metadata.created_at"]
    assert unasked(dated, None, paths) == {"node_metadata.created_at": ", did you mean 'updated_at'?"}


@pytest.mark.parametrize(
    ("rows", "path", "ends_there"),
    [
        (None, "site", True),
        (None, "site.region", True),
        (None, "site.node", True),
        (None, "interfaces[]", True),
        (None, "interfaces[].cable.ends[other]", True),
        (None, "site.name", False),
        (None, "status.source", False),
        (None, "interfaces.count", False),
        (None, "facts.a.b", False),
        (None, "nmae", False),
        ("DcimDevice[].interfaces[]", "^site", True),
        ("DcimDevice[].interfaces[]", "^site.name", False),
        ("DcimDevice[].interfaces[]", "^^^site", False),
        ("DcimDevise[]", "site", False),
    ],
)
def test_whether_a_path_ends_on_a_relation(rows: str | None, path: str, *, ends_there: bool) -> None:
    assert on_relations(DEVICES, rows, [path]) == (frozenset({path}) if ends_there else frozenset())


def test_a_path_of_any_root_field_will_do() -> None:
    both = outline("{ A { edges { node { name { value } } } } B { edges { node { title { value } } } } }")
    assert unasked(both, None, ["name", "title", "size"]) == {"size": ""}


def test_where_no_root_field_has_nodes_nothing_is_told_of_paths() -> None:
    assert unasked(outline("{ InfrahubInfo { version } }"), None, ["version"]) == {}


def test_where_a_document_asks_for_all_that_a_node_has_every_path_may_lead_on() -> None:
    found = outline("query { DcimDevice { edges { node @expand { name { value } site { node { id } } } } } }")
    there = ["serial", "name.is_default", "status.value", "site", "site.id"]
    assert unasked(found, None, there) == {}
    assert unasked(found, "DcimDevice[DcimDevice]", ["serial"]) == {}
    assert unasked(found, None, ["site.nmae"]) == {"site.nmae": ""}
