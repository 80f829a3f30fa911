from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.access.redaction import Redactor


def test_each_secret_is_replaced_the_longest_first() -> None:
    redactor = Redactor(["token", "token-of-more", "a+b("])
    assert redactor.redact("token-of-more, token and a+b( again") == "***, *** and *** again"


def test_what_is_too_short_to_keep_anybody_out_is_left() -> None:
    assert Redactor(["", "abc"]).redact("abc") == "abc"


def test_a_redactor_does_not_show_what_it_hides() -> None:
    assert repr(Redactor(["token"])) == "Redactor(***)"


@given(st.text(), st.text(min_size=4).filter(lambda text: "*" not in text), st.text())
def test_no_text_shows_a_secret(before: str, secret: str, after: str) -> None:
    assert secret not in Redactor([secret]).redact(f"{before}{secret}{after}")
