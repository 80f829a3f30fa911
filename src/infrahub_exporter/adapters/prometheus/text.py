"""The text format 0.0.4: an info family is a gauge there (TX-06)."""

from collections.abc import Iterable, Iterator
from itertools import chain, compress, count
from operator import is_not

from infrahub_exporter.domain.model import Family, Sample, Section


def render(families: Iterable[Family]) -> bytes:
    """Write families whole."""
    return b"".join(chain.from_iterable(map(_pieces, families)))


def _pieces(family: Family) -> Iterator[bytes]:
    yield head(family.name, family.help)
    for section in family.sections:
        yield lines(family.name, section)


def head(name: str, text: str) -> bytes:
    """Write what stands once in front of a family's samples: its help, and that it is a gauge."""
    return _bytes(f"# HELP {name} {_escape_help(text)}\n# TYPE {name} gauge\n")


def lines(name: str, section: Section) -> bytes:
    """Write a section's samples, a line each."""
    samples = section.samples
    labels = ",".join(f'{label}="%s"' for label in section.label_names)
    line = f"{name}{{{labels}}} %s\n" if _differ(samples) else f"{name}{{{labels}}} 1\n"
    values = tuple(_values(samples))
    if _needs_escape("".join(values)):
        values = tuple(map(_escape_value, values))
    return _bytes(line * len(samples) % values)  # one formatting of all: half the cost of one per sample


def changed_lines(name: str, section: Section, before: Section, text: bytes) -> bytes:
    """Write a section's samples as `lines` does, from the text of the section before it.

    Where that has the same samples at most of the same places, this takes a fifth of the time.
    """
    if before.label_names != section.label_names or len(before.samples) != len(section.samples):
        return lines(name, section)
    changed = list(compress(count(), map(is_not, section.samples, before.samples)))
    written = lines(name, Section(section.label_names, tuple(section.samples[index] for index in changed)))
    parts = text.split(b"\n")  # a label's newline is escaped, so each part is a line
    for index, line in zip(changed, written.split(b"\n"), strict=False):
        parts[index] = line
    return b"\n".join(parts)


def _differ(samples: Iterable[Sample]) -> bool:
    """Tell whether any value is another than the 1 of an info metric."""
    return any(sample.value != 1.0 for sample in samples)


def _values(samples: Iterable[Sample]) -> Iterator[str]:
    """Yield what a section's lines have in their places, in that order."""
    if not _differ(samples):
        return chain.from_iterable([sample.labels for sample in samples])
    return chain.from_iterable([(*sample.labels, _number(sample.value)) for sample in samples])


def _bytes(text: str) -> bytes:
    """Encode as UTF-8; a lone surrogate, which UTF-8 cannot say, becomes `?`."""
    return text.encode("utf-8", "replace")


def _needs_escape(text: str) -> bool:
    return '"' in text or "\\" in text or "\n" in text


def _escape_value(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")


def _escape_help(text: str) -> str:
    return text.replace("\\", r"\\").replace("\n", r"\n")


def _number(value: float) -> str:
    """Write a number as Go reads it (TX-08), whole ones without a fraction."""
    if value != value or value in {float("inf"), float("-inf")}:  # noqa: PLR0124 - NaN alone differs from itself
        return {"nan": "NaN", "inf": "+Inf", "-inf": "-Inf"}[str(value)]
    return str(int(value)) if value == int(value) else repr(value)
