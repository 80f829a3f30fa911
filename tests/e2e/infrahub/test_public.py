"""An inventory of others, loaded into a real Infrahub by its own command and into the embedded one: both say alike."""

import os
import subprocess
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from msgspec import Struct

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub
from tests.e2e.infrahub.shapes import bare_kinds
from tests.public.asking import ask, questions
from tests.public.comparing import NODES, comparable, differences, filled, names_of
from tests.public.sets import Loaded, Set, find, load

_SECONDS = 3600
_AT_ONCE = 4
"""Documents that the real Infrahub works on at once: while its database plans one, it resolves another."""
_TOLD = 30
_AWAY = "Unable to clone the repository"
"""A server of the tests reaches no repository."""
_SAY = (
    "mutation say($id: String, $text: String) { "
    "IpamNamespaceUpdate(data: {id: $id, description: {value: $text}}) { ok } }"
)
_DEFAULT = '{ IpamNamespace(name__value: "default") { edges { node { id description { value } } } } }'


class Sides(Struct, frozen=True):
    """Both Infrahubs with the same files: the embedded one, a way to ask the real one, and what that refused."""

    embedded: EmbeddedInfrahub
    found: Set
    loaded: Loaded
    ask: Callable[[str, Any], dict[str, Any]]
    refused: dict[Path, str]


def _run(arguments: list[str], address: str, token: str) -> str | None:
    """Run Infrahub's command; return what it says where it fails."""
    environment = {
        **os.environ,
        "INFRAHUB_ADDRESS": address,
        "INFRAHUB_API_TOKEN": token,
        "INFRAHUB_TIMEOUT": str(_SECONDS),
    }
    done = subprocess.run(arguments, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    return None if done.returncode == 0 else done.stdout + done.stderr


def _load(command: str, paths: list[Path], address: str, token: str) -> dict[Path, str]:
    """Load object files in one go, and where that fails each by itself; return what is said of those refused."""

    def load_some(some: list[Path]) -> str | None:
        return _run([command, "object", "load", *map(str, some)], address, token)

    if load_some(paths) is None:
        return {}
    return {path: wrong for path in paths if (wrong := load_some([path])) is not None}


def _names_a_repository(path: Path) -> bool:
    """Tell whether a file asks for what is away here, so that it goes by itself."""
    return "Repository" in path.read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def sides(real_address: str, real_token: str) -> Iterator[Sides]:
    """Load the set into both: into each the files that the other one takes."""
    folder = os.environ.get("INFRAHUB_E2E_SET")
    if not folder:
        pytest.skip("INFRAHUB_E2E_SET names no folder with a set; tests/e2e/infrahub/run gives each of PUBLIC")
    found = next(each for each in find(Path(folder).parent) if each.name == Path(folder).name)
    loaded = load(found)
    command = os.environ["INFRAHUB_E2E_CTL"]
    wrong = _run([command, "schema", "load", *map(str, loaded.schema)], real_address, real_token)
    assert wrong is None, wrong
    refused: dict[Path, str] = {}
    for _, together in groupby(loaded.objects, _names_a_repository):
        refused |= _load(command, list(together), real_address, real_token)
    taken = tuple(path for path in loaded.objects if path not in refused)
    loaded = load(Set(found.name, loaded.schema, taken))
    headers = {"X-INFRAHUB-KEY": real_token, "content-type": "application/json"}
    with httpx.Client(base_url=real_address, headers=headers, timeout=_SECONDS, trust_env=False) as client:

        def ask_real(document: str, variables: Any) -> dict[str, Any]:
            content = msgspec.json.encode({"query": document, "variables": variables})
            answer: dict[str, Any] = client.post("/graphql/main", content=content).json()
            return answer

        described = ask_real(_DEFAULT, {})["data"]["IpamNamespace"]["edges"][0]["node"]["description"]["value"]
        identity = ask(loaded.infrahub, _DEFAULT)["data"]["IpamNamespace"]["edges"][0]["node"]["id"]
        ask(loaded.infrahub, _SAY, {"id": identity, "text": described})
        yield Sides(loaded.infrahub, found, loaded, ask_real, refused)


def test_the_real_infrahub_takes_what_the_embedded_one_took(sides: Sides) -> None:
    assert {path: wrong for path, wrong in sides.refused.items() if _AWAY not in " ".join(wrong.split())} == {}


def test_both_describe_all_kinds_alike(sides: Sides, real_address: str) -> None:
    reply = sides.embedded.handle("GET", "/api/schema?branch=main", {})
    described = bare_kinds(msgspec.json.decode(reply.body))
    expected = bare_kinds(httpx.get(f"{real_address}/api/schema", timeout=_SECONDS, trust_env=False).json())

    assert described.keys() == expected.keys()
    assert [line for key in expected for line in differences(described[key], expected[key], key)] == []


def _told(answer: dict[str, Any]) -> dict[str, Any]:
    """Leave out of errors where in the document they are."""
    return {"data": answer["data"], "errors": [each["message"] for each in answer.get("errors") or ()]}


def test_both_answer_documents_over_every_kind_alike(sides: Sides) -> None:
    names = names_of(sides.ask(NODES, {}))
    embedded_names = names_of(ask(sides.embedded, NODES))
    every = list(questions(sides.embedded))
    apart: list[str] = []
    with ThreadPoolExecutor(_AT_ONCE) as beside:
        answers = beside.map(lambda each: sides.ask(each.document, filled(each.variables, names)), every)
        for each, there in zip(every, answers, strict=True):
            here = ask(sides.embedded, each.document, filled(each.variables, embedded_names))
            described = comparable(_told(here), embedded_names, ordered=each.ordered)
            expected = comparable(_told(there), names, ordered=each.ordered)
            apart += differences(described, expected, each.name)

    assert apart[:_TOLD] == []
    assert len(every) > 100


def test_the_real_infrahub_refuses_what_the_embedded_one_refused(
    sides: Sides, real_address: str, real_token: str
) -> None:
    """The last one: what is refused may leave a part of itself behind."""
    command, schema = os.environ["INFRAHUB_E2E_CTL"], [str(path) for path in sides.loaded.schema]

    def takes(*arguments: str) -> bool:
        return _run([command, *arguments], real_address, real_token) is None

    taken = [path for path in _left(sides.found.schema, sides) if takes("schema", "load", *schema, str(path))]
    taken += [path for path in _left(sides.found.objects, sides) if takes("object", "load", str(path))]
    assert taken == []


def _left(paths: Iterable[Path], sides: Sides) -> list[Path]:
    """Give the files that only the embedded Infrahub refused."""
    there = {*sides.loaded.schema, *sides.loaded.objects, *sides.refused}
    return [path for path in paths if path not in there]
