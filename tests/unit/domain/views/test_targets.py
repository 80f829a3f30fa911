"""How targets and ports are written."""

import ipaddress
import re

import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.views.targets import address, port_number, url


@pytest.mark.parametrize(
    ("host", "bare", "with_port"),
    [
        ("10.0.0.1", "10.0.0.1", "10.0.0.1:9100"),
        ("10.0.0.1/24", "10.0.0.1", "10.0.0.1:9100"),
        ("10.0.0.1/255.255.255.0", "10.0.0.1", "10.0.0.1:9100"),
        ("2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:9100"),
        ("2001:db8::1/64", "[2001:db8::1]", "[2001:db8::1]:9100"),
        ("2001:DB8:0:0::1", "[2001:db8::1]", "[2001:db8::1]:9100"),
        ("::1", "[::1]", "[::1]:9100"),
        ("[2001:db8::1]", "[2001:db8::1]", "[2001:db8::1]:9100"),
        ("[2001:db8::1/64]", "[2001:db8::1]", "[2001:db8::1]:9100"),
        ("fe80::1%eth0", "[fe80::1%eth0]", "[fe80::1%eth0]:9100"),
        ("fe80::1%ge-0.0/64", "[fe80::1%ge-0.0]", "[fe80::1%ge-0.0]:9100"),
        ("[fe80::1%eth0]", "[fe80::1%eth0]", "[fe80::1%eth0]:9100"),
        ("router1", "router1", "router1:9100"),
        ("router1.example.org", "router1.example.org", "router1.example.org:9100"),
        ("router1.example.org.", "router1.example.org.", "router1.example.org.:9100"),
        ("par1-leaf_2", "par1-leaf_2", "par1-leaf_2:9100"),
        ("1und1.example", "1und1.example", "1und1.example:9100"),
        ("bücher.example", "bücher.example", "bücher.example:9100"),
    ],
)
def test_sd_10_a_target_is_host_or_host_and_port_ipv6_in_brackets(host: str, bare: str, with_port: str) -> None:
    assert (address(host, None), address(host, 9100)) == (bare, with_port)


@pytest.mark.parametrize(
    ("host", "target"),
    [
        ("10.0.0.1:9100", "10.0.0.1:9100"),
        ("10.0.0.1/24:9100", "10.0.0.1:9100"),
        ("router1:9100", "router1:9100"),
        ("[2001:db8::1]:9100", "[2001:db8::1]:9100"),
        ("[2001:db8::1/64]:9100", "[2001:db8::1]:9100"),
        ("[fe80::1%eth0]:9100", "[fe80::1%eth0]:9100"),
    ],
)
def test_a_host_that_brings_a_port_keeps_it_and_goes_with_the_same_one_only(host: str, target: str) -> None:
    assert (address(host, None), address(host, 9100), address(host, 9101)) == (target, target, None)


@pytest.mark.parametrize(
    "host",
    [
        "",
        " ",
        "a b",
        "http://router1",
        "router1/metrics",
        "10.0.0.1/33",
        "10.0.0.1/24/24",
        "10.0.0.300",
        "010.0.0.1",
        "10.0.0",
        "7010",
        "router1.7",
        "10.0.0.1,10.0.0.2",
        '["10.0.0.1"]',
        "2001:db8::1/129",
        "2001:db8::zz",
        "1:2:3",
        "[2001:db8::1",
        "2001:db8::1]",
        "[]",
        "[[::1]]",
        "[10.0.0.1]",
        "[router1]",
        "[::1]9100",
        "[::1]:",
        "[::1]:0",
        "[::1]:65536",
        "[::1]/64",
        "router1:",
        "router1:0",
        "router1:65536",
        "router1:http",
        ":9100",
        "fe80::1%",
        "fe80::1%a]b",
        "fe80::1%a b",
        "-router1",
        "router1..example.org",
        "router1..",
        ".example.org",
        "0..",
        "user@router1",
        "router1?x",
        "router1#x",
        "router1\x00",
        "router1\n",
    ],
)
def test_sd_10_what_is_no_address_is_none(host: str) -> None:
    assert (address(host, None), address(host, 9100)) == (None, None)


@given(
    strategies.text() | strategies.from_regex(r"\[?[0-9a-f:.%/]*\]?(:[0-9]*)?"),
    strategies.none() | strategies.integers(1, 65535),
)
def test_sd_10_any_text_gives_no_slash_no_space_and_never_raises(host: str, port: int | None) -> None:
    written = address(host, port)
    assert written is None or re.fullmatch(r"(\[[0-9a-f:.]+(%[\w.~-]+)?\]|\w[\w.-]*)(:[0-9]+)?", written)


@given(strategies.ip_addresses(v=6), strategies.none() | strategies.integers(0, 128), strategies.booleans())
def test_sd_10_ipv6_is_always_bracketed(ip: ipaddress.IPv6Address, length: int | None, bracketed: bool) -> None:  # noqa: FBT001 - hypothesis gives it
    text = str(ip) if length is None else f"{ip}/{length}"
    host = f"[{text}]" if bracketed else text
    assert (address(host, None), address(host, 9100)) == (f"[{ip}]", f"[{ip}]:9100")


@given(strategies.ip_addresses(v=4), strategies.integers(0, 32))
def test_sd_10_ipv4_loses_its_prefix_length(ip: ipaddress.IPv4Address, length: int) -> None:
    assert address(f"{ip}/{length}", None) == str(ip)


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        ("9100", 9100),
        ("65535", 65535),
        ("09100", 9100),
        ("0", None),
        ("65536", None),
        ("-1", None),
        ("9100.0", None),
        ("http", None),
        ("true", None),
        ("", None),
        (" 9100", None),
        ("9100\n", None),
        ("٩", None),
        ("9" * 5000, None),
    ],
)
def test_a_port_is_a_number_from_1_to_65535(text: str, number: int | None) -> None:
    assert port_number(text) == number


@pytest.mark.parametrize(
    "text",
    [
        "https://shop.example.org/health",
        "https://wiki.example.org:8443/?q=1#a",
        "http://[2001:db8::1]/",
        "tcp://10.0.0.1:25",
    ],
)
def test_a_url_is_passed_on_as_it_is(text: str) -> None:
    assert url(text) == text


@pytest.mark.parametrize(
    "text", ["shop.example.org", "https://", "https:///path", "https://a b", "https://a\x7f", "1http://a", ""]
)
def test_what_is_no_url_is_none(text: str) -> None:
    assert url(text) is None


@given(
    strategies.lists(
        strategies.integers(0, 300).map(str) | strategies.sampled_from(["00", "07", "010", ""]), max_size=5
    ),
    strategies.sampled_from(["", "/", "/0", "/8", "/32", "/33", "/08", "/255.255.255.0", "/255.0.255.0", " "]),
)
def test_sd_10_an_address_in_octets_is_one_where_the_standard_library_takes_it(octets: list[str], behind: str) -> None:
    text = ".".join(octets) + behind
    try:
        expected: str | None = str(ipaddress.IPv4Interface(text).ip)
    except ValueError:
        expected = None
    assert address(text, None) == expected
