import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.access.credentials import UNREADABLE, Allowance, Credentials, Guesses, origin, presented

ANN = base64.b64encode(b"ann:open:sesame")


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (b"Basic " + ANN, Credentials("basic", "ann", b"open:sesame")),
        (b"bASIC  " + ANN + b" ", Credentials("basic", "ann", b"open:sesame")),
        (b"Basic " + base64.b64encode("zoë:ü".encode()), Credentials("basic", "zoë", "ü".encode())),
        (b"Basic " + base64.b64encode(b":"), Credentials("basic", "", b"")),
        (b"Bearer abc", Credentials("bearer", "", b"abc")),
        (b"bearer  abc=", Credentials("bearer", "", b"abc=")),
        (b"", UNREADABLE),
        (b"Basic", UNREADABLE),
        (b"Basic " + base64.b64encode(b"no colon"), UNREADABLE),
        (b"Basic " + base64.b64encode(b"\xff:x"), UNREADABLE),
        (b"Basic ****", UNREADABLE),
        (b"Basic YQ", UNREADABLE),
        (b"Bearer ", UNREADABLE),
        (b"Digest username=ann", UNREADABLE),
        (b"Bearer " + b"a" * 5000, UNREADABLE),
    ],
)
def test_a_header_is_read(header: bytes, expected: Credentials) -> None:
    assert presented([header]) == expected


def test_without_a_header_nothing_is_shown_and_two_are_not_readable() -> None:
    assert presented([]) is None
    assert presented([b"Bearer a", b"Bearer a"]) == UNREADABLE


@given(st.lists(st.binary(max_size=40) | st.binary(max_size=30).map(lambda tail: b"Basic " + tail), max_size=2))
def test_any_header_is_read_or_not_readable(headers: list[bytes]) -> None:
    shown = presented(headers)
    assert (shown is None) == (not headers)


@given(st.text(st.characters(exclude_characters=":", codec="utf-8")), st.binary())
def test_what_a_client_encodes_is_what_is_read(user: str, password: bytes) -> None:
    header = b"Basic " + base64.b64encode(user.encode() + b":" + password)
    if len(header) <= 4096:
        assert presented([header]) == Credentials("basic", user, password)


def test_credentials_print_neither_name_nor_secret() -> None:
    assert repr(Credentials("basic", "ann", b"sesame")) == "Credentials(scheme='basic', ***)"
    assert str(Credentials("bearer", "", b"sesame")) == "Credentials(scheme='bearer', ***)"


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::9", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("testclient", "testclient"),
        ("x" * 1000, "x" * 64),
        ("fe80::1%eth0", "fe80::/64"),
        (None, ""),
    ],
)
def test_an_origin_is_an_ipv4_address_or_a_network_of_ipv6(host: str | None, expected: str) -> None:
    assert origin(host) == expected


def test_an_allowance_is_a_burst_and_then_one_after_the_other() -> None:
    allowance = Allowance(burst=2, seconds=10)
    assert allowance.is_full(100)
    assert [allowance.take(100) for _ in range(3)] == [0, 0, 10]
    assert allowance.take(104) == 6
    assert [allowance.take(110), allowance.take(110)] == [0, 10]
    assert not allowance.is_full(129)
    assert allowance.is_full(130)
    assert [allowance.take(1000) for _ in range(3)] == [0, 0, 10]


def test_what_is_given_back_can_be_taken_again() -> None:
    allowance = Allowance(burst=1, seconds=10)
    assert [allowance.take(0), allowance.take(0)] == [0, 10]
    allowance.give_back()
    assert allowance.take(0) == 0


def test_guesses_are_limited_by_origin() -> None:
    guesses = Guesses(burst=2, seconds=10)
    assert [guesses.take("a", 0) for _ in range(3)] == [0, 0, 10]
    assert guesses.take("b", 0) == 0
    assert guesses.take("a", 10) == 0


def test_passwords_are_limited_in_all_and_tokens_are_not() -> None:
    guesses = Guesses(burst=2, seconds=10, look_seconds=4.0)
    assert [guesses.take(each, 0) for each in "abc"] == [0, 0, 20]
    assert [guesses.take("d", 0, is_looked_up=False) for _ in range(3)] == [0, 0, 10]
    assert [guesses.take("c", 20), guesses.take("c", 20)] == [0, 20]
    assert (guesses.take("new", 20), len(guesses)) == (20, 1), "one that is not looked up costs its origin nothing"


@pytest.mark.parametrize(
    ("look_seconds", "at_once", "then"), [(0, 50, 0.5), (0.25, 40, 1.25), (2, 5, 10), (60, 1, 300)]
)
def test_looking_passwords_up_takes_a_fifth_of_the_time(look_seconds: float, at_once: int, then: float) -> None:
    guesses = Guesses(look_seconds=look_seconds)
    waits = [guesses.take(str(number), 0) for number in range(at_once + 1)]
    assert waits == [0.0] * at_once + [then]


def test_a_right_guess_costs_nothing() -> None:
    guesses = Guesses(burst=1, seconds=10, look_seconds=60)
    for _ in range(5):
        assert guesses.take("a", 0) == 0
        guesses.give_back("a")
    guesses.give_back("unknown")


def test_the_memory_of_guesses_is_bounded() -> None:
    guesses = Guesses(burst=1, seconds=10)
    for number in range(5000):
        guesses.take(str(number), 0, is_looked_up=False)
    assert len(guesses) == 4096
    assert guesses.take("4999", 0) == 10
    guesses.take("new", 100)
    assert len(guesses) == 1
