"""Bodies in chunks: what they hold in their two forms."""

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.prometheus import Exposition
from infrahub_exporter.adapters.prometheus.exposition import NO_BYTES, total

TEXTS = st.lists(st.binary(max_size=400), max_size=8)


def built(texts: list[bytes]) -> Exposition:
    exposition = Exposition()
    for text in texts:
        exposition = exposition.followed_by(text)
    return exposition


@given(TEXTS)
def test_the_plain_body_is_its_texts_in_their_order(texts: list[bytes]) -> None:
    exposition = built(texts)

    assert exposition.plain == tuple(filter(None, texts))
    assert exposition.length == sum(map(len, texts))


@given(TEXTS)
def test_the_gzip_body_is_one_member_that_holds_the_plain_one(texts: list[bytes]) -> None:
    body = b"".join(built(texts).gzip)
    member = zlib.decompressobj(16 + zlib.MAX_WBITS)

    assert member.decompress(body) == b"".join(texts)
    assert (member.eof, member.unused_data) == (True, b"")
    assert gzip.decompress(body) == b"".join(texts)


def test_a_chunk_is_never_empty() -> None:
    exposition = built([b"", b"x", b""])

    assert exposition.plain == (b"x",)
    assert all(exposition.gzip)


def test_what_is_followed_stays_as_it_was() -> None:
    head = Exposition().followed_by(b"head\n")

    assert b"".join(head.followed_by(b"tail\n").plain) == b"head\ntail\n"
    assert head.plain == (b"head\n",)
    assert gzip.decompress(b"".join(head.gzip)) == b"head\n"


def test_a_body_of_nothing_is_an_empty_member() -> None:
    assert gzip.decompress(b"".join(Exposition().gzip)) == b""


@given(TEXTS)
def test_the_sum_of_texts_is_that_of_them_in_one(texts: list[bytes]) -> None:
    whole = b"".join(texts)

    assert total((zlib.crc32(text), len(text)) for text in texts) == (zlib.crc32(whole), len(whole))


def test_the_sum_of_nothing_is_that_of_no_bytes() -> None:
    assert total(()) == NO_BYTES == (zlib.crc32(b""), 0)


def test_a_long_text_may_follow() -> None:
    first, second = b"head", bytes(range(256)) * 40_000

    assert built([first, second]).sum == (zlib.crc32(first + second), len(first + second))


def test_a_tag_tells_bodies_apart_and_is_weak() -> None:
    first, second = built([b"one\n"]), built([b"two\n"])

    assert (first.etag, second.etag) == ('W/"f817a89f-4"', built([b"tw", b"o\n"]).etag)
    assert first.etag != second.etag


def test_what_is_another_each_time_has_no_tag() -> None:
    assert built([b"one\n"]).followed_by(b"now\n", is_settled=False).etag is None
    assert built([]).followed_by(b"now\n", is_settled=False).followed_by(b"end\n").etag is None
