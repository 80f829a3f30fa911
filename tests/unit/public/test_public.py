"""Inventories of others: found by what their files hold, loaded without what is refused, asked, and told in a table."""

from pathlib import Path

import pytest

import tests.public.__main__ as public
from tests.public.__main__ import main
from tests.public.asking import Question
from tests.public.comparing import comparable, names_of
from tests.public.sets import find, load

SCHEMA = """
generics:
  - {name: Place, namespace: Yard, hierarchical: true, attributes: [{name: name, kind: Text, unique: true}]}
nodes:
  - {name: Hall, namespace: Yard, inherit_from: [YardPlace]}
  - name: Crane
    namespace: Yard
    attributes: [{name: name, kind: Text, unique: true}, {name: reach, kind: Number, optional: true}]
    relationships: [{name: hall, peer: YardHall, cardinality: one}]
"""
OBJECTS = """
kind: Object
spec: {kind: YardHall, data: [{name: north}, {name: low, parent: north}]}
---
kind: Object
spec: {kind: YardCrane, data: [{name: c1, hall: north, reach: 7}, {name: c2}]}
"""
QUERY = """
query cranes($hall: String!, $few: Int = 2) {
  YardCrane(hall__name__value: $hall, limit: $few) { edges { node { ...crane } } }
}
fragment crane on YardCrane { name { value } hall { node { ...hall } } }
fragment hall on YardHall { name { value } parent { node { ... on YardHall { name { value } } } } }
"""


def write(folder: Path, files: dict[str, str]) -> Path:
    """Write files below a folder."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder


def test_a_set_is_loaded_asked_and_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = write(
        tmp_path,
        {
            "yard/schemas/yard.yml": SCHEMA,
            "yard/objects/yard.yml": OBJECTS,
            "yard/queries/cranes.gql": QUERY,
            "yard/compose.yml": "services: {}\n",
            "yard/cluster.yml": "kind: Cluster\nnodes: [{role: worker}]\n",
            "yard/collector.yml": "extensions: {health_check: {}}\n",
        },
    )

    assert main(folder) == 0
    said = capsys.readouterr()
    heads, values = (line.split() for line in said.out.splitlines())
    told = dict(zip(heads, values, strict=True))
    assert (told["set"], told["objects"], told["refused"], told["wrong"]) == ("yard", "4", "0", "0")
    assert said.err.splitlines() == [
        "yard: loading, schema files: 1, object files: 1",
        f"yard: asking, documents over its kinds: {int(told['documents']) - 1}, query files: 1",
    ]
    assert int(told["documents"]) == int(told["answered"]) > 50


def test_what_is_refused_is_told_and_left_out_and_is_the_files_own(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = write(
        tmp_path,
        {
            "yard/yard.yml": SCHEMA,
            "yard/objects.yml": OBJECTS,
            "yard/wrong.yml": "nodes: [{name: Odd, namespace: Yard, inherit_from: [YardNone]}]\n",
            "yard/bad.yml": "kind: Object\nspec: {kind: YardCrane, data: [{reach: 1}]}\n",
            "yard/odd.gql": "{ YardShip { count } }",
            "yard/half.gql": "{ YardCrane {",
        },
    )

    assert main(folder) == 0
    assert capsys.readouterr().out.splitlines()[2:] == [
        (
            "refused: yard/wrong.yml: YardOdd: inherit_from YardNone: not declared in any of these files, "
            "did you mean YardCrane?"
        ),
        "refused: yard/bad.yml: document 1: YardCrane[0]: name is mandatory for YardCrane at name",
        "refused: yard/half.gql: Syntax Error: Expected Name, found <EOF>.",
        "refused: yard/odd.gql: Cannot query field 'YardShip' on type 'Query'. Did you mean 'YardHall'?",
    ]


def test_a_document_over_its_own_kinds_that_has_no_answer_is_wrong(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = write(tmp_path, {"yard/yard.yml": SCHEMA})
    monkeypatch.setattr(public, "questions", lambda _: [Question("YardCrane: odd", "{ YardCrane { odd } }")])

    assert main(folder) == 1
    assert capsys.readouterr().out.splitlines()[2:] == [
        "wrong: yard: YardCrane: odd: Cannot query field 'odd' on type 'PaginatedYardCrane'."
    ]


def test_a_folder_without_schema_files_is_not_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(tmp_path / "nowhere") == 0
    assert main(tmp_path) == 0
    assert capsys.readouterr().err.count("NOT RUN: public") == 2


def test_parts_that_need_each_other_are_one_set(tmp_path: Path) -> None:
    folder = write(tmp_path / "yard", {"schemas/yard.yml": SCHEMA, "objects/yard.yml": OBJECTS})

    (found,) = find(folder)
    assert (found.name, len(found.schema), len(found.objects)) == ("yard", 1, 1)
    assert load(found).faults == ()


def test_answers_are_compared_by_names_without_times_and_order() -> None:
    def answer(first: str, second: str, stamp: str) -> dict[str, object]:
        nodes = [{"id": first, "at": stamp}, {"id": second, "at": None}]
        return {"edges": [{"node": each} for each in nodes]}

    one, two = (f"18ebf000-0000-0000-0000-00000000000{number}" for number in (1, 2))
    listed = {
        "data": {
            "CoreNode": {
                "edges": [
                    {"node": {"id": one, "__typename": "YardHall", "hfid": ["a"], "display_label": "A"}},
                    {"node": {"id": two, "__typename": "YardNote", "hfid": None, "display_label": "B"}},
                ]
            }
        }
    }
    names = names_of(listed)
    assert names == {one: "<YardHall ['a']>", two: "<YardNote B>"}
    made = comparable(answer(one, two, "2026-05-01T12:00:00.000000Z"), names, ordered=True)
    assert made == answer("<YardHall ['a']>", "<YardNote B>", "<time>")
    turned = comparable({"edges": list(reversed(made["edges"]))}, names, ordered=False)
    assert turned == comparable(made, names, ordered=False)


def test_a_document_that_infrahub_refuses_as_well_is_no_fault(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    schema = "nodes: [{name: Log, namespace: Yard, attributes: [{name: since, kind: DateTime}]}]\n"
    objects = "kind: Object\nspec: {kind: YardLog, data: [{since: '2026-01-02T03:04:05Z'}]}\n"
    folder = write(tmp_path, {"yard/yard.yml": schema, "yard/objects.yml": objects})

    assert main(folder) == 0
    heads, values = (line.split() for line in capsys.readouterr().out.splitlines())
    told = dict(zip(heads, values, strict=True))
    assert (told["alike"], told["refused"], told["wrong"]) == ("2", "0", "0")
    assert int(told["documents"]) == int(told["answered"]) + 2
