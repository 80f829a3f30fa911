"""What a client is given for its Accept and its If-None-Match."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.http.negotiation import Choice, is_unchanged, negotiate, read_choices
from infrahub_exporter.domain.publishing.formats import Format

TEXT = "text/plain; version=0.0.4"
OPENMETRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"
PROMETHEUS_2 = (
    "application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,"
    "text/plain;version=0.0.4;q=0.5,*/*;q=0.1"
)
PROMETHEUS_3 = (
    "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;"
    "q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1"
)
PROTOBUF = "application/vnd.google.protobuf;proto=io.prometheus.client.MetricFamily;encoding=delimited"


def media_type(accept: str) -> str:
    return negotiate([(b"host", b"x"), (b"accept", accept.encode("latin-1"))]).media_type


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        (PROMETHEUS_2, OPENMETRICS),
        (PROMETHEUS_3, f"{OPENMETRICS}; escaping=underscores"),
        ("text/plain;version=1.0.0;escaping=allow-utf-8;q=0.6,application/openmetrics-text;version=1.0.0;q=0.5", TEXT),
        ("text/plain;version=0.0.4;q=0.5,application/openmetrics-text;version=1.0.0;q=0.4,*/*;q=0.1", TEXT),
        ("application/openmetrics-text; version=0.0.1,text/plain;version=0.0.4;q=0.5,*/*;q=0.1", TEXT),
        (f"{PROTOBUF};q=0.7,text/plain;version=0.0.4;q=0.3", TEXT),
        (f"{PROTOBUF};q=0.7,*/*;q=0.2", TEXT),
        (f"{PROTOBUF};q=0.6,application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.2", OPENMETRICS),
        (PROTOBUF, TEXT),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", TEXT),
        ("*/*", TEXT),
        ("text/*", TEXT),
        ("application/*", OPENMETRICS),
        ("", TEXT),
    ],
)
def test_clients_are_given_the_format_that_they_weigh_most(accept: str, answer: str) -> None:
    assert media_type(accept) == answer


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("application/openmetrics-text", OPENMETRICS),
        ("APPLICATION/OpenMetrics-Text ; VERSION=1.0.0", OPENMETRICS),
        ('application/openmetrics-text;version="1.0.0";escaping="dots"', f"{OPENMETRICS}; escaping=underscores"),
        ("application/openmetrics-text;version=1.0.0;escaping=nonsense", f"{OPENMETRICS}; escaping=underscores"),
        ("application/openmetrics-text;version=1.0.0;charset=utf-8", OPENMETRICS),
        ("application/openmetrics-text;version=2.0.0", TEXT),
        ("application/openmetrics-text;version=9.9.9, text/plain;q=0.1", TEXT),
        ("application/openmetrics-text;version=2.0.0, application/openmetrics-text;version=1.0.0;q=0.1", OPENMETRICS),
        ("text/plain;version=9.9.9", TEXT),
        ("text/plain;version=x, application/openmetrics-text;q=0.1", OPENMETRICS),
    ],
)
def test_versions_and_escapings_are_ours_whatever_is_asked(accept: str, answer: str) -> None:
    assert media_type(accept) == answer


@pytest.mark.parametrize(
    ("accept", "answer"),
    [
        ("application/openmetrics-text;q=0", TEXT),
        ("application/openmetrics-text;q=0, */*", TEXT),
        ("text/plain;q=0, */*;q=0.1", OPENMETRICS),
        ("text/plain;q=0, */*;q=0", TEXT),
        ("text/plain, application/openmetrics-text", TEXT),
        ("application/openmetrics-text, text/plain", OPENMETRICS),
        ("*/*, application/openmetrics-text;q=0.9", TEXT),
        ("text/*;q=0.1, application/*;q=0.2", OPENMETRICS),
        ("text/plain;q=0.1, text/plain;version=0.0.4;q=0.9, application/openmetrics-text;q=0.5", TEXT),
        ("text/plain;version=0.0.4;q=0.1, text/*, application/openmetrics-text;q=0.5", OPENMETRICS),
    ],
)
def test_weights_are_those_of_the_range_that_is_most_exact(accept: str, answer: str) -> None:
    assert media_type(accept) == answer


@pytest.mark.parametrize(
    "accept",
    ["nonsense;q=;;, application/openmetrics-text", "application/openmetrics-text;q=2", ";", "a b", '"', "/", "*;q",
     "application/openmetrics-text;version", 'application/openmetrics-text;version="1.0.0', "\x00", "\xff/\xff",
     "application/openmetrics-text;q=1;q=1", "application/openmetrics-text;q=0.1234", "text/plain,application/"],
)  # fmt: skip
def test_a_broken_header_is_answered_in_the_format_that_everyone_reads(accept: str) -> None:
    assert media_type(accept) == TEXT


WORDS = st.sampled_from([
    *("application/openmetrics-text", "text/plain", "*/*", "text/*", "application/*", PROTOBUF, "version=1.0.0"),
    *("version=0.0.4", "version=9.9.9", "q=0", "q=0.5", "q=1", "q=9", "escaping=values"),
    *(";", ",", '"', "\\", " ", "x", "=", "\xe9"),
])  # fmt: skip


@given(st.lists(WORDS, max_size=24).map("".join) | st.text(st.characters(max_codepoint=255), max_size=60))
def test_any_header_is_answered_and_never_echoed(accept: str) -> None:
    assert media_type(accept) in {TEXT, OPENMETRICS, f"{OPENMETRICS}; escaping=underscores"}


@given(st.lists(st.tuples(st.sampled_from(Format), st.integers(0, 1000)), max_size=6))
def test_the_heaviest_wins_and_of_equal_ones_the_first(chosen: list[tuple[Format, int]]) -> None:
    accept = ", ".join(f"{format_.value};q={weight / 1000:.3f}" for format_, weight in chosen)
    heaviest = max((weight for _, weight in chosen), default=0)
    first = next((format_ for format_, weight in chosen if weight == heaviest > 0), Format.TEXT)

    assert negotiate([(b"accept", accept.encode())]).format is first


def test_several_headers_are_one_list_of_choices() -> None:
    headers = [(b"accept", b"text/plain;q=0.1"), (b"accept", b"application/openmetrics-text;q=0.2")]

    assert negotiate(headers).format is Format.OPENMETRICS


def test_a_choice_has_its_parameters_without_quotes_and_its_weight_apart() -> None:
    assert read_choices(b' A/B ;X="a,\\"b;" ;q=0.25 ,, c') == (
        Choice("a/b", {"x": 'a,"b;'}, 0.25),
        Choice("c", {}, 1.0),
    )


def test_a_header_of_many_doubtful_spaces_is_read_as_fast_as_any() -> None:
    assert read_choices(b"a;b=c" + b" \t" * 50_000 + b"x") is None


@pytest.mark.parametrize("known", ['W/"1-2"', '"1-2"', '"x", W/"1-2"', '"x",W/"1-2" , "y"', '"a,b", "1-2"', "*", " * "])
def test_a_client_that_has_a_body_is_known_by_its_tag(known: str) -> None:
    assert is_unchanged([(b"if-none-match", known.encode())], 'W/"1-2"')


@pytest.mark.parametrize("known", ["", '"x"', "1-2", 'W/"1-3"', "W/", '"*"', '"a,*,b"', "x, *", '"a,1-2,b"', '"1-2'])
def test_a_client_that_has_another_body_is_not(known: str) -> None:
    assert not is_unchanged([(b"if-none-match", known.encode())], 'W/"1-2"')


def test_a_client_that_says_nothing_has_nothing() -> None:
    assert not is_unchanged([(b"if-match", b"*")], 'W/"1-2"')
