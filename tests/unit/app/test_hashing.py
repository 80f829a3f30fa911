"""The number by which configurations are compared."""

from infrahub_exporter.app.configuration.hashing import hash_of
from infrahub_exporter.app.configuration.settings import parse_settings


def test_equal_settings_have_one_hash_and_others_another() -> None:
    first, same, other = (
        hash_of(parse_settings({"infrahub": {"address": "http://infrahub"}, "poll_interval_seconds": seconds}))
        for seconds in (30, 30, 31)
    )

    assert first == same != other
    assert 0 <= first < 2**48


def test_secrets_have_no_part_in_it() -> None:
    first, other = (
        hash_of(parse_settings({"infrahub": {"address": "http://infrahub", "token": token}})) for token in ("a", "b")
    )

    assert first == other
