"""How counts read."""

import pytest

from infrahub_exporter.domain.counts import counted, noun


@pytest.mark.parametrize(
    ("count", "said"), [(0, "0 nodes"), (1, "1 node"), (2, "2 nodes"), (1001, "1001 nodes")], ids=str
)
def test_one_is_one_and_all_others_are_many(count: int, said: str) -> None:
    assert counted(count, "node") == said


def test_a_plural_of_its_own_is_said_with_it() -> None:
    assert [counted(count, "entry", "entries") for count in (1, 2)] == ["1 entry", "2 entries"]
    assert [noun(count, "is", "are") for count in (1, 2)] == ["is", "are"]
