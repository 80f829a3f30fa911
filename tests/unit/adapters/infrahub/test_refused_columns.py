"""Which columns an answer's errors refuse, by where they are in the document, or by the path in the answer."""

import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.documents import Document
from infrahub_exporter.adapters.infrahub.refused_columns import refused_columns
from infrahub_exporter.domain.asking.selection import Column, Hop, Selection
from infrahub_exporter.domain.ports import Reply

CITY, TAGS = Hop("city", many=False, peer="NetCity"), Hop("tags", many=True, peer="BuiltinTag")
NAME = Column("name", (), "name", "value")
LABEL = Column("state.label", (), "state", "label")
STATE = Column("state", (), "state", "value")
SPEED = Column("speed", (), "speed", "value", on=("NetFastPort", "NetSlowPort"))
CITY_NAME = Column("city.name", (CITY,), "name", "value")
CITY_ID = Column("city.id", (CITY,), "id")
TAG_NAMES = Column("tags[].name", (TAGS,), "name", "value")
ALL = (NAME, LABEL, STATE, SPEED, CITY_NAME, CITY_ID, TAG_NAMES)
SELECTION = Selection("NetRouter", ALL)
TEXT = Document(SELECTION).text


def refused(*errors: object, status: int = 200) -> dict[Column, str] | None:
    error = refused_columns(Reply(status, {}, msgspec.json.encode({"data": None, "errors": errors})), SELECTION)
    return None if error is None else dict(error.reasons)


def at(text: str, message: str = "no") -> dict[str, object]:
    """Make an error of what stands in the document where a text begins."""
    assert TEXT.count(text) == 1, TEXT
    return {"message": message, "locations": [{"line": 1, "column": TEXT.index(text) + 1}]}


def on(*path: str | int) -> dict[str, object]:
    return {"message": "no", "path": ["NetRouter", "edges", *path], "locations": [{"line": 1, "column": 1}]}


@pytest.mark.parametrize(
    ("error", "columns"),
    [
        (at("state {"), {LABEL, STATE}),
        (at("label"), {LABEL}),
        (at("city {"), {CITY_NAME, CITY_ID}),
        (at("tags {"), {TAG_NAMES}),
        (at("speed_OF2: speed { value } } ... on NetSlowPort"), {SPEED}),
        (at("NetFastPort {"), {SPEED}),
        (at("... on NetSlowPort {"), {SPEED}),
        (on(0, "node", "state"), {LABEL, STATE}),
        (on(17, "node", "state", "label"), {LABEL}),
        (on(17, "node", "speed_OF2", "value"), {SPEED}),
        (on(3, "node", "tags", "edges", 0, "node", "name"), {TAG_NAMES}),
        (on(3, "node", "city", "node", "name"), {CITY_NAME}),
    ],
)
def test_an_error_of_a_field_refuses_the_columns_that_need_it(error: object, columns: set[Column]) -> None:
    assert refused(error) == dict.fromkeys(columns, "Infrahub rejects the query: no")


def test_each_column_has_the_reason_of_its_own_error() -> None:
    assert refused(at("state {", "no state"), at("tags {", "no tags")) == {
        LABEL: "Infrahub rejects the query: no state",
        STATE: "Infrahub rejects the query: no state",
        TAG_NAMES: "Infrahub rejects the query: no tags",
    }


@pytest.mark.parametrize(
    "errors",
    [
        ("Branch: x not found.",),
        ({"message": "no"},),
        ({"message": "no", "locations": "here"},),
        ({"message": "no", "locations": [7, {"line": 1}]},),
        (at("limit: $limit"),),
        (on(0, "node", "hfid"),),
        (on(),),
        (at("tags {"), {"message": "something else is wrong, too"}),
        (),
    ],
)
def test_errors_of_anything_else_refuse_the_whole_document(errors: tuple[object, ...]) -> None:
    assert refused(*errors) is None


def test_another_status_than_200_is_no_answer_about_columns() -> None:
    assert refused(at("tags {"), status=403) is None
