"""What each kind of attribute takes, how it is kept, and what can be asked of it."""

from typing import Any

import pytest

from infrahub_exporter.adapters.embedded.declarations import Parameters
from infrahub_exporter.adapters.embedded.instants import parse_moment, write_utc
from infrahub_exporter.adapters.embedded.kinds import Attribute
from infrahub_exporter.adapters.embedded.values import InvalidValueError, as_stored, normalize, read_property


def attribute(kind: str, **limits: Any) -> Attribute:
    """Make an optional attribute of a kind."""
    return Attribute(name="x", kind=kind, label="X", optional=True, parameters=Parameters(**limits))


@pytest.mark.parametrize(
    ("kind", "value", "kept"),
    [
        ("Text", "", ""),
        ("Text", "x" * 4092, "x" * 4092),
        ("TextArea", "x" * 5000, "x" * 5000),
        ("TextArea", "a\nb", "a\nb"),
        ("Number", -(2**63), -(2**63)),
        ("Number", 0, 0),
        ("Bandwidth", 100000, 100000),
        ("Boolean", False, False),
        ("Checkbox", True, True),
        ("IPHost", "10.0.0.1", "10.0.0.1/32"),
        ("IPHost", "2001:DB8::1/64", "2001:db8::1/64"),
        ("IPNetwork", "10.0.0.0/8", "10.0.0.0/8"),
        ("IPAddress", "2001:DB8::1", "2001:db8::1"),
        ("MacAddress", "001b.4411.3ab7", "00:1B:44:11:3A:B7"),
        ("MacAddress", "a:b:c:d:e:f", "0A:0B:0C:0D:0E:0F"),
        ("MacAddress", "1b.4411.3ab7", "00:1B:44:11:3A:B7"),
        ("MacAddress", "001b44:113ab7", "00:1B:44:11:3A:B7"),
        ("MacAddress", "01b44113ab7", "00:1B:44:11:3A:B7"),
        ("DateTime", "20300101", "20300101"),
        ("DateTime", "10s", "10s"),
        ("DateTime", "2min", "2min"),
        ("DateTime", "1hour30m", "1hour30m"),
        ("DateTime", "2030-01-01T10:00+02:00[Europe/Paris]", "2030-01-01T10:00+02:00[Europe/Paris]"),
        ("DateTime", "2030-01-01T10:00[Europe/Paris]", "2030-01-01T10:00[Europe/Paris]"),
        ("DateTime", "2030-01-01T10:00", "2030-01-01T10:00"),
        ("DateTime", "2030-01-01T00:00:00+02:00", "2030-01-01T00:00:00+02:00"),
        ("URL", "https://example.org/x?y", "https://example.org/x?y"),
        ("URL", "/local", "/local"),
        ("List", [1, "a"], [1, "a"]),
        ("JSON", {"a": None}, {"a": None}),
        ("Any", 1.5, 1.5),
        ("HashedPassword", "$2b$12$abc", "$2b$12$abc"),
        ("Text", None, None),
    ],
)
def test_a_value_is_kept(kind: str, value: Any, kept: Any) -> None:
    assert normalize(attribute(kind), value) == kept


def test_an_optional_date_may_be_an_empty_text_and_a_mandatory_one_must_not() -> None:
    assert normalize(attribute("DateTime"), "") == ""
    with pytest.raises(InvalidValueError) as caught:
        normalize(Attribute(name="at", kind="DateTime", label="At", optional=False), "")
    assert str(caught.value) == " is not a valid DateTime"


def test_a_hashed_password_is_not_kept_in_clear() -> None:
    kept = normalize(attribute("HashedPassword"), "not-a-secret")
    assert isinstance(kept, str)
    assert kept.startswith("$2b$12$")
    assert len(kept) == 60
    assert "secret" not in kept


@pytest.mark.parametrize(
    ("kind", "value", "message"),
    [
        ("Any", {"a": 1}, "{'a': 1} is not a valid Any"),
        ("Text", 5, "5 is not a valid Text"),
        ("Text", "x" * 4093, "Text attribute length should be less than 4096 characters."),
        ("URL", "http://" + "é" * 2044, "Text attribute length should be less than 4096 characters."),
        ("Number", True, "True is not a valid Number"),
        ("Number", 2**63, f"{2**63} is not a valid Number"),
        ("Number", "5", "5 is not a valid Number"),
        ("Boolean", "yes", "yes is not a valid Boolean"),
        ("IPHost", "10.0.0.300", "10.0.0.300 is not a valid IPHost"),
        ("IPNetwork", "10.0.0.1/8", "10.0.0.1/8 is not a valid IPNetwork"),
        ("IPAddress", "10.0.0.1/8", "10.0.0.1/8 is not a valid IPAddress"),
        ("MacAddress", "00:1b", "00:1b is not a valid MacAddress"),
        ("MacAddress", "00:1b-44:11:3a:b7", "00:1b-44:11:3a:b7 is not a valid MacAddress"),
        ("MacAddress", "001b4411.3ab7", "001b4411.3ab7 is not a valid MacAddress"),
        ("DateTime", "2030-01-01T10:00:00 Z", "2030-01-01T10:00:00 Z is not a valid DateTime"),
        ("DateTime", "soon", "soon is not a valid DateTime"),
        ("DateTime", "10 s", "10 s is not a valid DateTime"),
        ("URL", "nowhere", "nowhere is not a valid URL"),
        ("URL", "http://", "http:// is not a valid URL"),
        ("List", "a", "a is not a valid JSON list"),
        ("List", {}, "{} is not a valid List"),
        ("JSON", "a", "a is not valid JSON"),
        ("JSON", 1, "1 is not a valid JSON"),
    ],
)
def test_a_value_of_the_wrong_type_is_refused(kind: str, value: Any, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        normalize(attribute(kind), value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "limits", "value", "message"),
    [
        ("Text", {"regex": "^a+$"}, "b", "b must conform with the regex: '^a+$'"),
        ("List", {"regex": "^a"}, ["a", "b"], "b must conform with the regex: '^a'"),
        ("Text", {"min_length": 2}, "b", "b must have a minimum length of 2"),
        ("Text", {"max_length": 2}, "bbb", "bbb must have a maximum length of 2"),
        ("Number", {"min_value": 2}, 1, "1 is lower than the minimum allowed value 2"),
        ("Number", {"excluded_values": "7,10-12"}, 7, "7 is in the excluded values"),
        ("Number", {"excluded_values": "7,10-12"}, 11, "11 is in an the excluded range 10-12"),
        ("Number", {"max_value": 2}, 3, "3 is higher than the maximum allowed value 2"),
    ],
)
def test_limits_are_kept(kind: str, limits: dict[str, Any], value: Any, message: str) -> None:
    with pytest.raises(InvalidValueError) as caught:
        normalize(attribute(kind, **limits), value)
    assert str(caught.value) == message


@pytest.mark.parametrize(
    ("kind", "value", "name", "expected"),
    [
        ("IPNetwork", "10.0.0.0/8", "broadcast_address", "10.255.255.255"),
        ("IPNetwork", "10.0.0.0/8", "network_address", "10.0.0.0"),
        ("IPNetwork", "10.0.0.0/8", "num_addresses", 2**24),
        ("IPNetwork", "2001:db8::/32", "version", 6),
        ("IPNetwork", None, "network_address", None),
        ("IPHost", None, "binary_address", None),
        ("IPHost", "0.0.0.5/8", "binary_address", "101".zfill(128)),
        ("IPAddress", "10.0.0.1", "version", 4),
        ("MacAddress", "00:1B:44:11:3A:B7", "oui", "00-1B-44"),
        ("MacAddress", "00:1B:44:11:3A:B7", "ei", "11-3A-B7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "version", 48),
        ("MacAddress", "00:1B:44:11:3A:B7", "binary", "0b1101101000100000100010011101010110111"),
        ("MacAddress", "00:1B:44:11:3A:B7", "eui48", "00-1B-44-11-3A-B7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "eui64", "00-1B-44-FF-FE-11-3A-B7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "bare", "001B44113AB7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "dot_notation", "001b.4411.3ab7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "semicolon_notation", "0:1b:44:11:3a:b7"),
        ("MacAddress", "00:1B:44:11:3A:B7", "split_notation", "001b44:113ab7"),
        ("MacAddress", None, "oui", None),
    ],
)
def test_properties_are_read(kind: str, value: Any, name: str, expected: Any) -> None:
    assert read_property(attribute(kind), value, name) == expected


def test_values_are_stored_as_infrahub_does() -> None:
    assert as_stored(None) == "NULL"
    assert as_stored({"a": [1, None]}) == '{"a":[1,null]}'
    assert as_stored(0) == 0


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-05-01T12:00:00Z", "2026-05-01T12:00:00.000000Z"),
        ("2026-05-01T12:00:00.5+05:30", "2026-05-01T06:30:00.500000Z"),
        ("2026-05-01T12:00:00-0100", "2026-05-01T13:00:00.000000Z"),
        ("2026-05-01 12:00+01", "2026-05-01T11:00:00.000000Z"),
    ],
)
def test_times_are_read_and_written(text: str, written: str) -> None:
    assert write_utc(parse_moment(text)) == written


def test_a_time_without_a_zone_stays_without() -> None:
    assert parse_moment("2026-05-01").tzinfo is None
