"""The embedded Infrahub answers what the real one does, but for ids and times. Nothing here changes it."""

import pytest

from tests.e2e.infrahub.answers import Infrahub
from tests.e2e.infrahub.corpus import KINDS, QUESTIONS, TYPES, Ask
from tests.e2e.infrahub.shapes import OTHERS, kind_at, type_at


@pytest.mark.parametrize("ask", QUESTIONS, ids=lambda ask: ask.name)
def test_both_answer_the_same(ask: Ask, real: Infrahub, embedded: Infrahub) -> None:
    assert embedded.question(ask) == real.question(ask)


@pytest.mark.parametrize("kind", KINDS)
def test_both_describe_a_kind_alike(kind: str, real: Infrahub, embedded: Infrahub) -> None:
    described, expected = kind_at(embedded, kind), kind_at(real, kind)
    assert set(described.pop(OTHERS)) <= set(expected.pop(OTHERS))
    assert described == expected


@pytest.mark.parametrize("name", TYPES)
def test_the_embedded_infrahub_invents_no_field_and_no_argument(name: str, real: Infrahub, embedded: Infrahub) -> None:
    assert type_at(embedded, name) <= type_at(real, name)
