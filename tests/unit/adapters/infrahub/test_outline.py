"""What a user's document says of itself."""

import pytest

from infrahub_exporter.adapters.infrahub.outline import outline
from infrahub_exporter.domain.asking.outlines import EVERYTHING, Field
from infrahub_exporter.domain.asking.variables import Variable
from infrahub_exporter.domain.errors import SourceRejectedError


def test_a_document_s_fields_have_the_names_that_its_answer_has_and_its_variables_their_types() -> None:
    found = outline(
        "query A($site: String!, $roles: [String!] = null) { lab: LabProbe(site__name__value: $site) { edges { node { "
        "id ... on LabGauge { size: unit { value } } } } } } "
        "query B($limit: Int = 5) { LabProbe(limit: $limit) { count } }"
    )
    value = Field("unit", fields=(Field("value"),), on="LabGauge", key="size")
    node = Field("edges", fields=(Field("node", fields=(Field("id"), value)),))
    assert found.fields == (
        Field("LabProbe", ("site__name__value",), (node,), key="lab"),
        Field("LabProbe", ("limit",), (Field("count"),)),
    )
    assert found.variables == (
        Variable("site", "String!"),
        Variable("roles", "[String!]", has_default=True),
        Variable("limit", "Int", has_default=True),
    )


def test_a_node_that_is_expanded_asks_for_everything_that_no_written_list_excludes() -> None:
    found = outline(
        'query ($some: [String]) { LabProbe { edges @expand { a: node @expand(exclude: ["key", "pin"]) { id } '
        "b: node @expand(exclude: $some) @include(if: true) { id } } } }"
    )
    a = Field("node", (), (Field("id"), Field(EVERYTHING, ("key", "pin"))), key="a")
    b = Field("node", (), (Field("id"), Field(EVERYTHING)), key="b")
    assert found.fields == (Field("LabProbe", (), (Field("edges", (), (a, b)),)),)


def test_fragments_that_name_each_other_twice_are_not_put_in_place_for_ever() -> None:
    doubling = " ".join(f"fragment f{n} on A {{ ...f{n + 1} ...f{n + 1} }}" for n in range(20))
    document = f"{{ A {{ ...f0 }} }} {doubling} fragment f20 on A {{ id }}"
    with pytest.raises(SourceRejectedError) as raised:
        outline(document)
    assert str(raised.value) == "the query has more than 10000 fields, its fragments put in place"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ("{" + "a " * 20_000 + "}", "more than 20000 tokens"),
        ("#\n" * 140_000 + "{ a }", "the query has more than 262144 characters"),
    ],
    ids=["tokens", "characters"],
)
def test_a_document_is_parsed_within_a_bound(document: str, reason: str) -> None:
    with pytest.raises(SourceRejectedError, match=reason):
        outline(document)


def test_a_document_may_follow_a_chain_of_cables_sixty_four_levels_deep() -> None:
    def nested(levels: int) -> str:
        return "{ A " * levels + "{ id }" + " }" * levels

    (field,) = outline(nested(63)).fields
    for _ in range(62):
        (field,) = field.fields
    assert field == Field("A", fields=(Field("id"),))
    with pytest.raises(SourceRejectedError, match="the query is more than 64 levels deep"):
        outline(nested(64))


def test_a_fragment_of_another_file_is_not_there() -> None:
    with pytest.raises(SourceRejectedError, match="the query has no fragment 'Sort', expected it in the same file"):
        outline("{ A { edges { node { ...Sort } } } }")
