"""Bodies are unpacked within a bound, whatever they say that they are."""

import gzip
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.infrahub.unpacking import unpacker
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceUnavailableError


def unpacked(coding: str, *chunks: bytes, most: int | None = None) -> bytes:
    body = unpacker(coding, most=most)
    found = b"".join(piece for chunk in chunks for piece in body.unpack(chunk))
    body.end()
    return found


@pytest.mark.parametrize("coding", ["", "identity", " Identity "])
def test_a_body_without_a_coding_is_what_it_is(coding: str) -> None:
    assert unpacked(coding, b"ab", b"c", most=3) == b"abc"


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "GZIP"])
def test_gzip_is_unpacked_however_it_is_cut(coding: str) -> None:
    packed = gzip.compress(b"abc" * 1000)
    assert unpacked(coding, packed[:5], b"", packed[5:]) == b"abc" * 1000


def test_members_after_one_another_are_one_body() -> None:
    assert unpacked("gzip", gzip.compress(b"abc") + gzip.compress(b"def")) == b"abcdef"


def test_nothing_at_all_is_an_empty_body() -> None:
    assert unpacked("gzip") == b""


@pytest.mark.parametrize("coding", ["gzip, gzip", "deflate", "br", "zstd", "gzip\x1b[31m" + "x" * 100])
def test_a_coding_that_was_not_asked_for_is_refused(coding: str) -> None:
    with pytest.raises(DerivationError, match="which was not asked for") as raised:
        unpacker(coding, most=None)
    assert len(str(raised.value)) < 120
    assert "\x1b" not in str(raised.value)


def test_what_is_no_gzip_is_unavailable() -> None:
    with pytest.raises(SourceUnavailableError, match="says that it is gzip, and is not"):
        unpacked("gzip", b"abc")


def test_a_member_without_its_end_is_unavailable() -> None:
    with pytest.raises(SourceUnavailableError, match="ends in the middle"):
        unpacked("gzip", gzip.compress(b"abc" * 1000)[:-9])


@pytest.mark.parametrize("coding", ["", "gzip"])
def test_more_than_may_come_is_refused(coding: str) -> None:
    body = b"x" * 1001
    packed = gzip.compress(body) if coding else body
    with pytest.raises(DerivationError, match=r"more bytes than limits.max_response_bytes allows \(1000\)"):
        unpacked(coding, packed, most=1000)


def test_a_bomb_is_given_up_long_before_it_is_unpacked() -> None:
    packed = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packed.compress(b"\0" * (1 << 20)) for _ in range(200)) + packed.flush()
    assert len(bomb) < 300_000
    tracemalloc.start()
    with pytest.raises(DerivationError):
        unpacked("gzip", bomb, most=4 << 20)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert most < 16 << 20


@given(st.lists(st.binary(max_size=40), max_size=5), st.sampled_from(["", "gzip"]))
def test_any_bytes_are_a_body_or_an_error_of_ours(chunks: list[bytes], coding: str) -> None:
    try:
        found = unpacked(coding, *chunks, most=100)
    except ExporterError:
        return
    assert len(found) <= 100
