"""Paths that lead into files: how they are resolved and planned, and what becomes of rows with a bad file."""

import pytest

from infrahub_exporter.domain.asking.columns import CONTENT
from infrahub_exporter.domain.asking.selection import select
from infrahub_exporter.domain.errors import SourceRejectedError
from infrahub_exporter.domain.model import BAD_CONTENT, AttributeSchema, BadContent, KindSchema, RelationshipSchema, Row
from infrahub_exporter.domain.replica.expanding import expander
from infrahub_exporter.domain.replica.joining import Joining
from infrahub_exporter.domain.replica.plan import plan
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.rows import Found
from tests.unit.rows import rows_of

_FILE = {"checksum": AttributeSchema("checksum", "Text"), "file_name": AttributeSchema("file_name", "Text")}
_NAME = {"name": AttributeSchema("name", "Text")}
_BOX = {
    "file": RelationshipSchema("file", "LabFile", many=False),
    "files": RelationshipSchema("files", "CoreFileObject", many=True),
    "other": RelationshipSchema("other", "LabThing", many=False),
}
_NOTE = {**_FILE, "content": AttributeSchema("content", "Text")}
KINDS = {
    "LabBox": KindSchema("LabBox", _NAME, _BOX),
    "LabFile": KindSchema("LabFile", {**_NAME, **_FILE}, {}, inherit_from=("CoreFileObject", "LabThing")),
    "LabNote": KindSchema("LabNote", _NOTE, {}, inherit_from=("CoreFileObject",)),
    "LabStone": KindSchema("LabStone", _NAME, {}, inherit_from=("LabThing",)),
    "LabThing": KindSchema("LabThing", _NAME, {}, used_by=("LabFile", "LabStone")),
    "CoreFileObject": KindSchema("CoreFileObject", _FILE, {}, used_by=("LabFile", "LabNote")),
}
BAD = BadContent()


@pytest.mark.parametrize(
    ("path", "ends"),
    [
        ("file.content.a.b[]", [("checksum", CONTENT, (), 3)]),
        ("file.content", [("checksum", CONTENT, (), 0)]),
        ("file.content[].a", [("checksum", CONTENT, (), 2)]),
        ("files[].content.a", [("checksum", CONTENT, (), 2)]),
        ("files[LabNote].content", [("checksum", CONTENT, (), 0)]),
        ("other.content.a", [("checksum", CONTENT, ("LabFile",), 2)]),
    ],
)
def test_content_is_looked_up_as_what_changes_with_the_checksum(path: str, ends: list[object]) -> None:
    (column,) = select("LabBox", [path], {}, KINDS).columns
    assert [(way.attribute, way.subfield, way.on, len(way.inner)) for way in column.ways] == ends


def test_a_field_of_the_kind_itself_comes_before_the_file() -> None:
    (column,) = select("LabNote", ["content"], {}, KINDS).columns
    assert (column.attribute, column.subfield) == ("content", "value")


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("content", "'content': LabBox has no field 'content'"),
        ("file.contnt", "'file.contnt': LabFile has no field 'contnt', did you mean 'content'?"),
        (
            "file.content[other].a",
            (
                "'file.content[other].a': 'content' of LabFile is an attribute, "
                "and [...] chooses among the peers of a relation"
            ),
        ),
        ("file[content.a=1]", "'file[content.a=1]': what stands between [ and ] cannot be in a file, use where"),
    ],
)
def test_what_no_file_can_have_is_refused(path: str, message: str) -> None:
    with pytest.raises(SourceRejectedError) as raised:
        select("LabBox", [path], {}, KINDS)
    assert str(raised.value) == message


def delta(rows: str | None, *paths: str, file: object) -> Delta:
    """Show a box with a file that says something, and one without a file."""
    planned = plan(select("LabBox", paths, {}, KINDS, rows))
    known: dict[str, object] = {"name": "f", "checksum": file, "file_name": "f.yml"}
    values = tuple(known[str(column.attribute)] for column in planned.peers["LabFile"].columns)
    peers = {"LabFile": {"f": Row("f", "LabFile", None, values)}}
    roots = {
        identifier: Row(
            identifier,
            "LabBox",
            None,
            tuple(held if column.path == "file" else identifier for column in planned.root.columns),
        )
        for identifier, held in (("full", "f"), ("empty", None))
    }
    return Delta(Joining(planned, peers), roots, whole=True)


def test_a_row_that_shows_a_bad_file_is_told_and_left_out() -> None:
    showing = delta(None, "name", "file.content", file=BAD)
    assert [rows for _, rows in showing.found()] == [
        (Found("full", "LabBox", (("full",), (BAD,)), BAD_CONTENT),),
        (Found("empty", "LabBox", (("empty",), ())),),
    ]
    assert [row.id for row in rows_of(showing)] == ["empty"]


def test_a_row_that_shows_a_good_file_stays() -> None:
    showing = delta(None, "name", "file.content", file={"a": 1})
    assert [row.values for row in rows_of(showing)] == [("full", {"a": 1}), ("empty", None)]
    for _ in range(2):  # what joins them is made once
        assert [found.fault for _, rows in showing.found() for found in rows] == [None, None]


def test_a_row_that_shows_no_file_does_not_mind_a_bad_one() -> None:
    showing = delta(None, "name", "file.file_name", file=BAD)
    assert [row.values for row in rows_of(showing)] == [("full", "f.yml"), ("empty", None)]


def test_elements_of_a_file_are_rows_and_a_bad_file_is_one_that_is_left_out() -> None:
    good = delta("file.content[]", "speed", "^name", "^^name", file=[{"speed": 1}, {}])
    assert [rows for _, rows in good.found()] == [
        (Found("f", "LabFile", ((1,), ("f",), ("full",))), Found("f", "LabFile", ((), ("f",), ("full",)))),
        (),
    ]
    bad = delta("file.content[]", "speed", "^name", "^^name", file=BAD)
    assert [rows for _, rows in bad.found()] == [(Found("f", "LabFile", ((), (), ()), BAD_CONTENT),), ()]


def test_one_bad_file_of_several_leaves_out_the_row() -> None:
    planned = plan(select("LabBox", ["files[].content.a"], {}, KINDS))
    held = {each: Row(each, "LabFile", None, (value,)) for each, value in (("f", "x"), ("g", BAD))}
    expand = expander(planned, {"CoreFileObject": held})
    assert expand(Row("one", "LabBox", None, (("f",),))) == (Found("one", "LabBox", (("x",),)),)
    assert expand(Row("two", "LabBox", None, (("f", "g"),))) == (Found("two", "LabBox", (("x", BAD),), BAD_CONTENT),)
