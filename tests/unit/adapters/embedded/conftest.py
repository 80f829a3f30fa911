"""A small network in an embedded Infrahub, and a way to ask it."""

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub

HERE = Path(__file__).parent
SCHEMA = HERE / "schema.yml"
OBJECTS = HERE / "objects.yml"
LOADED = datetime(2026, 5, 1, 12, 0, 0, 250_000, tzinfo=timezone.utc)


class Hands:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = LOADED

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float = 60) -> str:
        """Move on; return the instant before, as `at` takes it."""
        before = self.now
        self.now += timedelta(seconds=seconds)
        return before.isoformat().replace("+00:00", "Z")


class Asker:
    """Asks an embedded Infrahub and unpacks its answers."""

    def __init__(self, infrahub: EmbeddedInfrahub, clock: Hands) -> None:
        self.infrahub = infrahub
        self.clock = clock

    def answer(self, document: str, variables: dict[str, Any] | None = None, at: str | None = None) -> Any:
        """Ask; return the whole answer."""
        body = msgspec.json.encode({"query": document, "variables": variables})
        target = "/graphql/main" + (f"?at={at.replace('+', '%2B')}" if at else "")
        reply = self.infrahub.handle("POST", target, {"content-type": "application/json"}, body)
        return msgspec.json.decode(reply.body)

    def __call__(self, document: str, variables: dict[str, Any] | None = None, at: str | None = None) -> Any:
        """Ask; return the data of an answer without errors."""
        answer = self.answer(document, variables, at)
        assert "errors" not in answer, answer["errors"]
        return answer["data"]

    def nodes(self, field: str, selection: str, at: str | None = None) -> list[Any]:
        """Ask for the nodes of one root field."""
        (page,) = self(f"{{ {field} {{ edges {{ node {{ {selection} }} }} }} }}", at=at).values()
        return [edge["node"] for edge in page["edges"]]

    def names(self, field: str, at: str | None = None) -> list[str]:
        """Ask for the display labels of the nodes of one root field."""
        return [node["display_label"] for node in self.nodes(field, "display_label", at)]

    def id(self, kind: str, hfid: str) -> str:
        """Find the id of a node by its human-friendly id."""
        (node,) = self.nodes(f'{kind}(hfid: ["{hfid}"])', "id")
        return str(node["id"])

    def error(self, document: str, variables: dict[str, Any] | None = None) -> Any:
        """Ask for what is refused; return the one error."""
        (error,) = self.answer(document, variables)["errors"]
        return error


@pytest.fixture
def clock() -> Hands:
    return Hands()


@pytest.fixture
def fresh(clock: Hands) -> Asker:
    """Ask an Infrahub that the test may change."""
    return Asker(EmbeddedInfrahub.load([SCHEMA], [OBJECTS], now=clock), clock)


@pytest.fixture(scope="session")
def ask() -> Asker:
    """Ask an Infrahub that no test changes."""
    clock = Hands()
    return Asker(EmbeddedInfrahub.load([SCHEMA], [OBJECTS], now=clock), clock)


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str], Path]:
    def make(name: str, text: str) -> Path:
        path = tmp_path / name
        path.write_text(text, encoding="utf-8")
        return path

    return make
