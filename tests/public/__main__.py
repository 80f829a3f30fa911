"""Load the sets of a folder into the embedded Infrahub and ask: `python -m tests.public FOLDER`; prints a table."""

import sys
from collections.abc import Iterator, Mapping, Sequence
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
_COLUMNS = ("set", "kinds", "objects", "documents", "answered", "alike", "refused", "wrong")
_ALIKE = (
    "Int cannot represent non 32-bit signed integer value",  # the number of addresses of a large prefix
    "(<class 'datetime.datetime'>) is not supported",  # a filter over a DateTime
    "(list) contains unsupported item",
)
"""What a real Infrahub says to the same documents, which `make e2e-infrahub` holds."""


class Result(Struct, frozen=True):
    """What came of a set, with a line for each fault.

    `alike` are the documents that a real Infrahub refuses with the same words, `refused` what was said to files of the
    set, which is theirs to judge, and `wrong` what the embedded Infrahub cannot answer of what it offers itself.
    """

    name: str
    kinds: int
    objects: int
    documents: int
    answered: int
    alike: int
    refused: tuple[str, ...]
    wrong: tuple[str, ...]

    def cells(self) -> tuple[str, ...]:
        """Write a row of the table."""
        counts = (len(self.refused), len(self.wrong))
        numbers = (self.kinds, self.objects, self.documents, self.answered, self.alike, *counts)
        return (self.name, *map(str, numbers))


def main(folder: Path) -> int:
    """Try each set, with a line for each step; return 1 where the embedded Infrahub is wrong, whatever it refuses."""
    sets = [each for each in find(folder) if each.schema] if folder.is_dir() else []
    if not sets:
        print(NOT_RUN.format(folder=folder), file=sys.stderr)
        return 0
    results = [_try(each) for each in sets]
    print("\n".join(_table([_COLUMNS, *(each.cells() for each in results)])))
    for each in results:
        for sort, faults in (("refused", each.refused), ("wrong", each.wrong)):
            for fault in faults:
                print(f"{sort}: {fault.replace(f'{folder}/', '')}")
    return 1 if any(each.wrong for each in results) else 0


def _table(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[place]) for row in rows) for place in range(len(_COLUMNS))]
    for row in rows:
        first, *others = zip(row, widths, strict=True)
        yield "  ".join([first[0].ljust(first[1]), *(cell.rjust(width) for cell, width in others)])


def _try(found: Set) -> Result:
    _say(f"{found.name}: loading, schema files: {len(found.schema)}, object files: {len(found.objects)}")
    try:
        loaded = load(found)
    except ConfigError as exc:  # of no file that could be left out
        return Result(found.name, 0, 0, 0, 0, 0, (), tuple(str(exc).splitlines()))
    types = loaded.infrahub.types
    names = names_of(ask(loaded.infrahub, NODES))
    asked = list(questions(loaded.infrahub))
    _say(f"{found.name}: asking, documents over its kinds: {len(asked)}, query files: {len(found.queries)}")
    made = {
        f"{found.name}: {each.name}": _error(ask(loaded.infrahub, each.document, filled(each.variables, names)))
        for each in asked
    }
    theirs = {str(path): _run(loaded.infrahub, path) for path in found.queries}
    (refused, alike), (wrong, alike_too) = _split(theirs), _split(made)
    documents = len(theirs) + len(made)
    alike += alike_too
    return Result(
        found.name,
        kinds=len(types.query_type.fields) if types.query_type else 0,
        objects=_nodes(loaded.infrahub) - _nodes(EmbeddedInfrahub.load((), ())),
        documents=documents,
        answered=documents - len(refused) - len(wrong) - alike,
        alike=alike,
        refused=(*loaded.faults, *refused),
        wrong=tuple(wrong),
    )


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _split(errors: Mapping[str, str | None]) -> tuple[list[str], int]:
    """Give a line for each error that is no real Infrahub's, and the number of those that are."""
    told = {name: error for name, error in errors.items() if error is not None}
    own = [f"{name}: {error}" for name, error in told.items() if not any(each in error for each in _ALIKE)]
    return own, len(told) - len(own)


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
