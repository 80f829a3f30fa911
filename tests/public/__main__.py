"""Load the sets of a folder into the embedded Infrahub and ask: `python -m tests.public FOLDER`; prints a table."""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from graphql import GraphQLError, OperationDefinitionNode, parse, type_from_ast, validate
from msgspec import Struct

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from infrahub_exporter.domain.errors import ConfigError
from tests.public.asking import ask, made_up, questions
from tests.public.comparing import NODES, filled, names_of
from tests.public.sets import Set, find, load

NOT_RUN = """
########################################################################
##  NOT RUN: public. There are no schema files in
##  {folder}
##  so nothing was loaded and nothing asked.
########################################################################
"""
_COLUMNS = ("set", "kinds", "objects", "documents", "answered", "alike", "faults")
_ALIKE = (
    "Int cannot represent non 32-bit signed integer value",  # the number of addresses of a large prefix
    "(<class 'datetime.datetime'>) is not supported",  # a filter over a DateTime
    "(list) contains unsupported item",
)
"""What a real Infrahub says to the same documents, which `make e2e-infrahub` holds."""


class Result(Struct, frozen=True):
    """What came of a set; `alike` are the documents that a real Infrahub refuses with the same words."""

    name: str
    kinds: int
    objects: int
    documents: int
    answered: int
    alike: int
    faults: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """Write a row of the table."""
        numbers = (self.kinds, self.objects, self.documents, self.answered, self.alike, len(self.faults))
        return (self.name, *map(str, numbers))


def main(folder: Path) -> int:
    """Try each set; return 1 where anything was refused or did not answer."""
    sets = [each for each in find(folder) if each.schema] if folder.is_dir() else []
    if not sets:
        print(NOT_RUN.format(folder=folder), file=sys.stderr)
        return 0
    results = [_try(each) for each in sets]
    print("\n".join(_table([_COLUMNS, *(each.cells() for each in results)])))
    for each in results:
        for fault in each.faults:
            print(fault.replace(f"{folder}/", ""))
    return 1 if any(each.faults for each in results) else 0


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _try(found: Set) -> Result:
    try:
        loaded = load(found)
    except ConfigError as exc:
        return Result(found.name, 0, 0, 0, 0, 0, tuple(str(exc).splitlines()))
    types = loaded.infrahub.types
    names = names_of(ask(loaded.infrahub, NODES))
    wrong: dict[str, str | None] = {}
    for each in questions(loaded.infrahub):
        wrong[f"{found.name}: {each.name}"] = _error(ask(loaded.infrahub, each.document, filled(each.variables, names)))
    for path in found.queries:
        wrong[str(path)] = _run(loaded.infrahub, path)
    refused = {name: error for name, error in wrong.items() if error is not None}
    faults = [f"{name}: {error}" for name, error in refused.items() if not any(each in error for each in _ALIKE)]
    return Result(
        found.name,
        kinds=len(types.query_type.fields) if types.query_type else 0,
        objects=_nodes(loaded.infrahub) - _nodes(EmbeddedInfrahub.load((), ())),
        documents=len(wrong),
        answered=len(wrong) - len(refused),
        alike=len(refused) - len(faults),
        faults=(*loaded.faults, *faults),
    )


def _nodes(infrahub: EmbeddedInfrahub) -> int:
    counted = ask(infrahub, "{ CoreNode { count } CoreGroup { count } }")["data"]
    return sum(page["count"] for page in counted.values())


def _run(infrahub: EmbeddedInfrahub, path: Path) -> str | None:
    """Run a query file with made-up variables where it wants some; say what is wrong with it."""
    text = path.read_text(encoding="utf-8")
    try:
        document = parse(text)
    except GraphQLError as exc:
        return exc.message
    wrong = validate(infrahub.types, document)
    if wrong:
        return wrong[0].message
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    variables: dict[str, Any] = {}
    for each in operations[0].variable_definitions:
        if each.default_value is None:
            variables[each.variable.name.value] = made_up(type_from_ast(infrahub.types, each.type))
    return _error(ask(infrahub, text, variables))


def _error(answer: dict[str, Any]) -> str | None:
    errors = answer.get("errors")
    return str(errors[0]["message"]) if errors else None


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
