"""The real Infrahub that `run` started, and the embedded one with the same files, served by the product's command."""

import os
from collections.abc import Iterator

import pytest

from tests.e2e import loopback
from tests.e2e.children import DEMO, Child, clean_environment, eventually, free_port
from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import OBJECTS, SCHEMA

_START_SECONDS = 60.0


@pytest.fixture(scope="session")
def real_address() -> str:
    """Where the real Infrahub answers."""
    address = os.environ.get("INFRAHUB_E2E_ADDRESS")
    if not address:
        pytest.skip("INFRAHUB_E2E_ADDRESS names no Infrahub; tests/e2e/infrahub/run starts one")
    return address


@pytest.fixture(scope="session")
def real_token() -> str:
    """The administrator's token at the real Infrahub."""
    return os.environ["INFRAHUB_E2E_TOKEN"]


@pytest.fixture(scope="session")
def embedded_token() -> str:
    """The token of the embedded Infrahub."""
    return "b5a9d5d2-0c5f-4f0e-9c55-4f3c6a7f0001"


@pytest.fixture(scope="session")
def embedded_address(command: str, embedded_token: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the embedded Infrahub over HTTP, with the files that were loaded into the real one, in their order."""
    port = free_port()
    arguments = [command, "infrahub", "--port", str(port), "--token", embedded_token]
    for schema in (SCHEMA, DEMO / "schema.yml"):
        arguments += ["--schema", str(schema)]
    for objects in (OBJECTS, *sorted(DEMO.glob("objects*.yml"))):
        arguments += ["--objects", str(objects)]
    log = tmp_path_factory.mktemp("embedded") / "infrahub.log"
    child = Child("embedded", tuple(arguments), log, clean_environment())
    address = f"http://127.0.0.1:{port}"
    try:
        eventually(lambda: loopback.get(f"{address}/api/schema/summary").is_success, child, seconds=_START_SECONDS)
        yield address
    finally:
        child.end()


@pytest.fixture(scope="session")
def real(real_address: str, real_token: str) -> Infrahub:
    """The real Infrahub, its nodes known."""
    infrahub = Infrahub(real_address, real_token)
    infrahub.learn()
    return infrahub


@pytest.fixture(scope="session")
def embedded(embedded_address: str, embedded_token: str) -> Infrahub:
    """The embedded Infrahub, its nodes known."""
    infrahub = Infrahub(embedded_address, embedded_token)
    infrahub.learn()
    return infrahub
