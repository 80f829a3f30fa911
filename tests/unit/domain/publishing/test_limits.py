"""How much is taken at most, and what is said past that."""

from collections.abc import Callable

import msgspec
import pytest

from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import Sample, TargetGroup
from infrahub_exporter.domain.publishing.limits import Limits
from infrahub_exporter.domain.views.discovery import Decision

LIMITS = Limits(max_nodes=10, max_series=20, max_label_length=5)
NAMES = ("id", "hfid", "site")


def found(*targets: str, identifier: str | None = "n1", **labels: str) -> Decision:
    return Decision("InfraDevice", identifier, TargetGroup(targets, labels))


def test_what_fits_passes() -> None:
    LIMITS.check_nodes(0)
    LIMITS.check_nodes(10)
    LIMITS.check_series(20)
    LIMITS.check_series(8, others=12)
    LIMITS.check_samples(NAMES, [Sample("n1", ("12345", "", "ümläu")), Sample("n2", ("2", "2", "2"))])
    LIMITS.check_decisions([found("12345", site="12345"), Decision("InfraDevice", "n2", reason="no_target")])


@pytest.mark.parametrize(
    ("check", "message"),
    [
        (lambda: LIMITS.check_nodes(11), "there are 11 nodes or more, limits.max_nodes allows 10"),
        (lambda: LIMITS.check_series(21), "there are 21 series, limits.max_series allows 20"),
        (
            lambda: LIMITS.check_series(9, others=12),
            "there are 9 series beside 12 of other kinds, limits.max_series allows 20",
        ),
        (
            lambda: LIMITS.check_samples(NAMES, [Sample("n1", ("1", "1", "open sesame"))]),
            "label 'site' of node n1 has 11 characters, limits.max_label_length allows 5",
        ),
        (
            lambda: LIMITS.check_samples(("id",), [Sample("n" * 90, ("n" * 90,))]),
            f"label 'id' of node {'n' * 64}... has 90 characters, limits.max_label_length allows 5",
        ),
        (
            lambda: LIMITS.check_decisions([found("1"), found("1", site="open sesame")]),
            "label 'site' of node n1 has 11 characters, limits.max_label_length allows 5",
        ),
        (
            lambda: LIMITS.check_decisions([found("1", site="open sesame", identifier=None)]),
            "label 'site' has 11 characters, limits.max_label_length allows 5",
        ),
        (
            lambda: LIMITS.check_decisions([found("1", "123456")]),
            "a target of node n1 has 6 characters, limits.max_label_length allows 5",
        ),
    ],
)
def test_what_does_not_fit_is_said_without_its_text(check: Callable[[], None], message: str) -> None:
    with pytest.raises(DerivationError) as caught:
        check()
    assert str(caught.value) == message


@pytest.mark.parametrize(
    "name", ["max_nodes", "max_series", "max_label_length", "max_response_bytes", "max_parameter_sets"]
)
def test_a_limit_of_nothing_is_refused(name: str) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({name: 0}, Limits)
    assert msgspec.convert({name: 1}, Limits) == Limits(**{name: 1})


def test_an_answer_with_more_values_than_are_allowed_is_refused_before_it_is_decoded() -> None:
    limits = Limits(max_response_values=10)
    limits.check_answer(b'{"a":[1,2,3]}')
    limits.check_answer(b"x" * 1000)
    with pytest.raises(DerivationError) as raised:
        limits.check_answer(b"[" + b"[]," * 9 + b"[]]")
    assert str(raised.value) == (
        "Infrahub's answer has more values than limits.max_response_values allows (10), some 20"
    )


def test_an_object_counts_twice() -> None:
    limits = Limits(max_response_values=10)
    limits.check_answer(b'{"a": {"b": {}}, "c": [{}]}')
    with pytest.raises(DerivationError, match=r"some 12$"):
        limits.check_answer(b'{"a": {"b": {}}, "c": [{}, []]}')


def test_the_bytes_of_a_whole_read_are_limited() -> None:
    limits = Limits(max_read_bytes=1000)
    limits.check_read(1000)
    with pytest.raises(DerivationError) as raised:
        limits.check_read(1001)
    assert str(raised.value) == "a whole read has 1001 bytes or more, limits.max_read_bytes allows 1000"


def test_an_id_that_is_none_is_refused_by_its_length() -> None:
    Limits().check_identities([])
    Limits().check_identities(["x" * 256])
    with pytest.raises(DerivationError) as raised:
        Limits().check_identities(["a", "x" * 257])
    assert str(raised.value) == "Infrahub's answer has an id of 257 characters"
