"""How many fields, choices and kinds a kind of Infrahub's schema may have."""

from collections.abc import Mapping
from typing import Any

import msgspec
import pytest

from infrahub_exporter.adapters.infrahub.describing import Described
from infrahub_exporter.adapters.infrahub.large_answers import LargeAnswers
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.ports import Reply

pytestmark = pytest.mark.anyio
MOST = 10_000


def told(number: int) -> Mapping[str, Any]:
    """Describe a kind that has so many of everything."""
    names = [f"name{each}" for each in range(number)]
    return {
        "name": "Device",
        "namespace": "Infra",
        "used_by": names,
        "inherit_from": names,
        "attributes": [{"name": each, "kind": "Text"} for each in names],
        "relationships": [{"name": each, "peer": "InfraSite"} for each in names],
    }


def described(tree: Mapping[str, Any]) -> Described:
    async def get(path: str) -> Reply:
        assert path.startswith("/api/schema")
        return Reply(200, {}, msgspec.json.encode(tree))

    return Described(get, LargeAnswers())


async def test_a_kind_that_has_as_many_as_is_allowed_is_told() -> None:
    schema = await described(told(MOST)).kind("InfraDevice")
    assert (schema.kind, len(schema.used_by), len(schema.attributes)) == ("InfraDevice", MOST, MOST)


@pytest.mark.parametrize("field", ["used_by", "inherit_from", "attributes", "relationships"])
async def test_one_more_does_not_fit(field: str) -> None:
    tree = {**told(1), field: told(MOST + 1)[field]}
    with pytest.raises(DerivationError) as refused:
        await described(tree).kind("InfraDevice")
    place = f"Expected `array` of length <= {MOST} - at `$.{field}`"
    assert str(refused.value) == f"the answer does not fit the question: {place}"


async def test_nor_does_one_kind_more() -> None:
    kinds = [{"name": f"Kind{each}", "namespace": "Infra"} for each in range(MOST + 1)]
    with pytest.raises(DerivationError, match=rf"of length <= {MOST} - at `\$\.nodes`$"):
        await described({"nodes": kinds}).kinds(["A", "B", "C", "D"])
