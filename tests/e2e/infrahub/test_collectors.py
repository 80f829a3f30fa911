"""Each collector at the real Infrahub and at the embedded one: both answer its documents, and in the same shape."""

import pytest

from infrahub_exporter import build_exporter
from infrahub_exporter.app.configuration.settings import parse_settings
from infrahub_exporter.domain.asking.collecting import READS

pytestmark = pytest.mark.anyio
Shape = dict[str, tuple[str, ...]]


async def shape(address: str, token: str, name: str) -> tuple[str | None, Shape]:
    """Ask once; return the error, if any, and the labels of each family that came of it."""
    options = {"contents": ["BuiltinTag", "CoreStandardGroup"]} if name == "proposed_changes" else {}
    tree = {"infrahub": {"address": address, "token": token}, "collectors": {name: options}}
    async with build_exporter(parse_settings(tree), environment={}) as exporter:
        await exporter.refresh()
        (entry,) = exporter.status.entries
        found = {family.name: family.sections[0].label_names for family in exporter.snapshot.families}
        return None if entry.error is None else str(entry.error), found


@pytest.mark.parametrize("name", sorted(READS))
async def test_both_answer_a_collector_in_the_same_shape(
    name: str, real_address: str, real_token: str, embedded_address: str, embedded_token: str
) -> None:
    real = await shape(real_address, real_token, name)
    assert real[0] is None
    assert real[1], "it shows something"
    assert await shape(embedded_address, embedded_token, name) == real
