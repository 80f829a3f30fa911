"""The inventory in memory keeps the contracts of its ports."""

from collections.abc import Awaitable, Callable

import pytest

from infrahub_exporter import MemorySource
from infrahub_exporter.testing import NodeSourceContract, QueryRunnerContract, SchemaSourceContract, inventory


@pytest.fixture
def memory() -> MemorySource:
    return MemorySource(
        inventory.NODES,
        schema=inventory.KINDS.values(),
        answers={**inventory.ANSWERS, **inventory.FILLED},
        page_size=inventory.PAGE_SIZE,
    )


class TestMemoryNodeSource(NodeSourceContract):
    @pytest.fixture
    def source(self, memory: MemorySource) -> MemorySource:
        return memory

    @pytest.fixture
    def change(self, memory: MemorySource) -> Callable[[], Awaitable[None]]:
        async def change() -> None:
            memory.nodes = [node for node in memory.nodes if node.get("name") != inventory.REMOVED_DRAFT]
            added = inventory.ADDED_DRAFT
            memory.nodes.append({"id": added, "kind": "ContractDraft", "hfid": (added,), "name": added})

        return change


class TestMemoryQueryRunner(QueryRunnerContract):
    @pytest.fixture
    def runner(self, memory: MemorySource) -> MemorySource:
        return memory


class TestMemorySchemaSource(SchemaSourceContract):
    @pytest.fixture
    def schema(self, memory: MemorySource) -> MemorySource:
        return memory


@pytest.mark.anyio
async def test_another_schema_has_another_fingerprint(memory: MemorySource) -> None:
    before = await memory.fingerprint()
    del memory.schema["ContractScratch"]
    assert await memory.fingerprint() != before
