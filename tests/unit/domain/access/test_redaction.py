import base64
import html
import json
import re
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.access.redaction import Redactor, spellings


def test_each_secret_is_replaced_the_longest_first() -> None:
    redactor = Redactor(["token", "token-of-more", "a+b("])
    assert redactor.redact("token-of-more, token and a+b( again") == "***, *** and *** again"


def test_what_is_too_short_to_keep_anybody_out_is_left() -> None:
    assert Redactor(["", "abc"]).redact("abc") == "abc"


SECRET = 'se/cret+"& \u00e4?-0123456789abcdefXYZ'


@pytest.mark.parametrize(
    "write",
    [
        str,
        str.upper,
        str.lower,
        repr,
        json.dumps,
        lambda secret: json.dumps(secret, ensure_ascii=False),
        lambda secret: json.dumps(secret).replace("/", r"\/"),
        html.escape,
        quote,
        quote_plus,
        lambda secret: quote(secret, safe=""),
        lambda secret: re.sub("%..", lambda found: found[0].lower(), quote(secret, safe="")),
    ],
)
def test_nor_does_one_of_the_ways_in_which_others_write_it_show(write: Callable[[str], str]) -> None:
    shown = Redactor([SECRET]).redact(f"<{write(SECRET)}>").strip("<>'\"")
    assert shown == "***"


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@pytest.mark.parametrize("before", ["", "u", "us", "user:"])
@pytest.mark.parametrize("after", ["", ":", "::", ":::"])
def test_nor_does_base64_of_it(encode: Callable[[bytes], bytes], before: str, after: str) -> None:
    """What is left of it is shared with what is around, and tells less than a character at either end."""
    secret = "".join(map(chr, range(0xF0, 0xFF))) + ">>>???"
    encoded = encode(f"{before}{secret}{after}".encode()).decode()
    left = Redactor([secret]).redact(f"Basic {encoded}.")
    assert re.fullmatch(r"Basic [\w-]{0,7}\*{3}[\w-]{0,5}=*\.", left)


@given(st.text())
def test_any_text_has_spellings_the_secret_first(secret: str) -> None:
    assert spellings(secret)[:1] == ((secret,) if len(secret) >= 4 else ())


def test_a_redactor_does_not_show_what_it_hides() -> None:
    assert repr(Redactor(["token"])) == "Redactor(***)"


@given(st.text(), st.text(min_size=4).filter(lambda text: "*" not in text), st.text())
def test_no_text_shows_a_secret(before: str, secret: str, after: str) -> None:
    assert secret not in Redactor([secret]).redact(f"{before}{secret}{after}")
