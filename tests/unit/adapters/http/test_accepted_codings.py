import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.http.negotiation import wants_gzip


def accepts_gzip(header: bytes) -> bool:
    return wants_gzip([(b"accept-encoding", header)])


@pytest.mark.parametrize(
    "header",
    ["gzip", "GZIP", "x-gzip", "*", "gzip;q=1", "gzip;q=1.000", "gzip;q=0.001", "gzip; q=0.5", "gzip ;\tQ=0.5",
     "gzip;q=1.", "deflate, gzip;q=1.0, *;q=0.5", "gzip, deflate, br, zstd", "br;q=1, *;q=0.1", "identity;q=0.5, gzip",
     "identity, gzip", "*;q=0, gzip", "identity;q=0, gzip;q=0.1", ", gzip ,,", "gzip,deflate"],
)  # fmt: skip
def test_gzip_is_allowed(header: str) -> None:
    assert accepts_gzip(header.encode())


@pytest.mark.parametrize(
    "header",
    ["", " ", ",", "identity", "deflate, br", "gzip;q=0", "gzip;q=0.000", "gzip; Q=0.", "*;q=0", "gzip;q=0, *",
     "gzip, gzip;q=0", "br, *;q=0", "identity;q=0", "notgzip", "gzip2"],
)  # fmt: skip
def test_gzip_is_not_allowed(header: str) -> None:
    assert not accepts_gzip(header.encode())


@pytest.mark.parametrize("header", ["identity, gzip;q=0.5", "*;q=0.2, identity;q=0.3"])
def test_a_client_that_prefers_the_plain_form_gets_that(header: str) -> None:
    assert not accepts_gzip(header.encode())


@pytest.mark.parametrize(
    "header",
    ["gzip;q=", "gzip;q=x", "gzip;q=2", "gzip;q=-1", "gzip;q=0.0001", "gzip;q=1.5", "gzip;;", "gzip;level=3",
     "gzip gzip", "gzip;q=1;q=1", "br;q=nan, gzip", "gzip, (", "gzip;q=\xb2", "gz\xeep, gzip", "gzip; q =1", "q=1"],
)  # fmt: skip
def test_a_broken_header_allows_nothing(header: str) -> None:
    assert not accepts_gzip(header.encode("latin-1"))


@given(st.binary(max_size=30))
def test_any_header_has_an_answer(header: bytes) -> None:
    assert accepts_gzip(header) in {True, False}


def test_several_headers_are_one_list() -> None:
    assert wants_gzip([(b"accept-encoding", b"br"), (b"accept", b"*/*"), (b"accept-encoding", b"gzip")])
    assert not wants_gzip([(b"accept-encoding", b"gzip"), (b"accept-encoding", b"gzip;q=0")])


def test_without_a_header_the_plain_form_is_sent() -> None:
    assert not wants_gzip([(b"accept", b"gzip")])
