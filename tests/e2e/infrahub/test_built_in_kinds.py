"""What both say of the kinds that every Infrahub has, at `/api/schema`."""

from typing import Any

import httpx

from tests.e2e.infrahub.shapes import bare_kinds

_OWN = ("Core", "Builtin", "Lineage")


def _kinds(address: str) -> dict[str, Any]:
    described = bare_kinds(httpx.get(f"{address}/api/schema", timeout=60).json())
    return {key: each for key, each in described.items() if each["namespace"] in _OWN}


def test_the_embedded_infrahub_knows_each_built_in_kind_as_it_is(real_address: str, embedded_address: str) -> None:
    real, embedded = _kinds(real_address), _kinds(embedded_address)

    assert embedded.keys() == real.keys()
    assert [key for key in real if embedded[key] != real[key]] == []
    assert len(real) > 80
