"""The embedded Infrahub changes as the real one does, but for ids and times."""

import pytest

from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import CHANGES, Ask


@pytest.mark.parametrize("ask", CHANGES, ids=lambda ask: ask.name)
def test_both_change_the_same(ask: Ask, real: Infrahub, embedded: Infrahub) -> None:
    assert embedded.change(ask) == real.change(ask)
