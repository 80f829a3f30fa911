"""An Infrahub that can fail, and exporters that read it."""

from collections.abc import Callable, Iterator

import pytest

from tests.e2e.children import DEMO
from tests.faults.line import Line
from tests.faults.watched import Watched, config

StartWatched = Callable[..., Watched]


@pytest.fixture(scope="module")
def line() -> Iterator[Line]:
    with Line(DEMO / "schema.yml", DEMO / "objects.yml").serving() as line:
        yield line


@pytest.fixture(scope="module")
def start(line: Line, tmp_path_factory: pytest.TempPathFactory) -> Iterator[StartWatched]:
    """Start exporters, with changes to their configuration; they are ended after the module's last test."""
    started: list[Watched] = []

    def start(**changes: object) -> Watched:
        started.append(Watched(tmp_path_factory.mktemp("exporter"), config(line.address, **changes)))
        return started[-1]

    yield start
    for each in started:
        each.end()
