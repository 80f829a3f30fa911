"""JSON and YAML of files: what is read, and the bounds that no file leads around."""

import pytest

from infrahub_exporter.adapters.infrahub.file_formats import UnreadableError, parse
from infrahub_exporter.domain.model import JSON

LAUGHS = "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 10)}]\n" for before, name in zip("abcdef", "bcdefg", strict=True)
)
MERGES = "a: &a {" + ", ".join(f"k{number}: 1" for number in range(1000)) + "}\nb:\n" + "  - {<<: *a}\n" * 200


@pytest.mark.parametrize(
    ("content", "value"),
    [
        (b'{"a": [1, 2.5, null, true]}', {"a": [1, 2.5, None, True]}),
        (
            b"a: [1, 2.5, ~, yes, Off, 'yes', -0, +3, .5, 1e3]",
            {"a": [1, 2.5, None, True, False, "yes", 0, 3, 0.5, 1e3]},
        ),
        (
            b"a: [2024-01-01, 12:30, 007, 0x1f, 1.2.3, .inf]",
            {"a": ["2024-01-01", "12:30", "007", "0x1f", "1.2.3", ".inf"]},
        ),
        (b"1: one\nno: two\n'': three", {"1": "one", "no": "two", "": "three"}),
        (b"a: &x [1]\nb: *x", {"a": [1], "b": [1]}),
        (b"a: &x {k: 1, l: 2}\nb: {<<: *x, k: 3}\nc: {<<: [*x, {k: 9, m: 4}]}", None),
        (b"a: !  5", {"a": "5"}),
        (b"hostname core1", "hostname core1"),
        (b"\xef\xbb\xbfa: 1", {"a": 1}),
        (b"# nothing\n", None),
        (b"", None),
        (b"[" * 100 + b"]" * 100, 0),
        (b"- " * 99 + b"[]", 0),
    ],
)
def test_what_can_be_read_is_read(content: bytes, value: JSON) -> None:
    if value == 0:
        parse(content)
        return
    if content.startswith(b"a: &x {"):
        value = {"a": {"k": 1, "l": 2}, "b": {"k": 3, "l": 2}, "c": {"k": 1, "l": 2, "m": 4}}
    assert parse(content) == value


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"a: [1,\nb: }", "it is neither JSON nor YAML in line 2, column 4"),
        (b"a: \x00", "it is neither JSON nor YAML"),
        (b"a: \xff", "it is no UTF-8"),
        (b'{"a": "\xff"}', "it is no UTF-8, or has too many levels"),
        (b"a: 1\n---\nb: 2", "it has 2 documents"),
        (b"a: !!python/object/apply:os.system [ls]", "it has a tag (!) in line 1"),
        (b"a: !!binary aGVsbG8=", "it has a tag (!) in line 1"),
        (b"a: &a [*a]", "it has an alias of what is not there yet"),
        (b"? [a, b]\n: 1", "it has a key that is no text in line 1"),
        (b"a: {<<: 5}", "it has no mapping after << in line 1"),
        (b"[" * 101 + b"]" * 101, "it has more than 100 levels"),
        (b"[" * 20_000 + b"]" * 20_000, "it is no UTF-8, or has too many levels"),
        (b"- " * 101 + b"[]", "it has more than 100 levels"),
        (LAUGHS.encode(), "it has more than 200000 values"),
        (MERGES.encode(), "it has more than 200000 values"),
    ],
)
def test_what_cannot_be_read_is_refused_without_a_word_of_it(content: bytes, reason: str) -> None:
    with pytest.raises(UnreadableError) as raised:
        parse(content)
    assert str(raised.value) == reason
