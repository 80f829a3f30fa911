from pathlib import Path

import msgspec
import pytest

from infrahub_exporter.adapters.embedded import EmbeddedInfrahub, EmbeddedTransport

pytestmark = pytest.mark.anyio
SCHEMA = 'version: "1.0"\nnodes: [{name: Thing, namespace: Test, attributes: [{name: name, kind: Text}]}]\n'


@pytest.fixture
def transport(tmp_path: Path) -> EmbeddedTransport:
    schema = tmp_path / "schema.yml"
    schema.write_text(SCHEMA)
    return EmbeddedTransport(EmbeddedInfrahub.load([schema], []))


async def test_there_is_one_branch_and_it_is_the_default(transport: EmbeddedTransport) -> None:
    document = "{ InfrahubBranch { count edges { node { name { value } status { value } is_default { value } } } } }"

    reply = await transport.graphql(document, {})

    node = {"name": {"value": "main"}, "status": {"value": "OPEN"}, "is_default": {"value": True}}
    assert msgspec.json.decode(reply.body) == {"data": {"InfrahubBranch": {"count": 1, "edges": [{"node": node}]}}}


async def test_no_branch_is_being_merged(transport: EmbeddedTransport) -> None:
    reply = await transport.graphql("{ InfrahubBranch(status__value: MERGING) { count } }", {})

    assert msgspec.json.decode(reply.body) == {"data": {"InfrahubBranch": {"count": 0}}}
