import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter.adapters.prometheus import render
from infrahub_exporter.adapters.prometheus.text import changed_lines, lines
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section

DEVICES = Family(
    "infrahub_infradevice_info",
    FamilyType.INFO,
    "Nodes of kind InfraDevice in Infrahub.",
    (
        Section(("id", "hfid", "name"), (Sample("1", ("1", "InfraDevice__a", "a")), Sample("2", ("2", "2", "")))),
        Section(("id", "hfid"), (Sample("1", ("1", "InfraDevice__a")),)),
    ),
)


def family(*samples: Sample, labels: tuple[str, ...] = ("l",), text: str = "X.") -> Family:
    return Family("x", FamilyType.GAUGE, text, (Section(labels, samples),))


def test_families_are_written_whole_each_with_its_help_and_type_once() -> None:
    assert render([DEVICES, family(Sample("", (), 2.5), labels=())]).decode() == (
        "# HELP infrahub_infradevice_info Nodes of kind InfraDevice in Infrahub.\n"
        "# TYPE infrahub_infradevice_info gauge\n"
        'infrahub_infradevice_info{id="1",hfid="InfraDevice__a",name="a"} 1\n'
        'infrahub_infradevice_info{id="2",hfid="2",name=""} 1\n'
        'infrahub_infradevice_info{id="1",hfid="InfraDevice__a"} 1\n'
        "# HELP x X.\n"
        "# TYPE x gauge\n"
        "x 2.5\n"
    )


def test_a_family_without_samples_is_its_help_and_type() -> None:
    assert render([family()]) == b"# HELP x X.\n# TYPE x gauge\n"


def test_one_other_value_leaves_its_neighbours_theirs() -> None:
    assert render([family(Sample("", ("a",)), Sample("", ("b",), 0.0), Sample("", ("c",)))]).decode() == (
        "# HELP x X.\n"
        "# TYPE x gauge\n"
        'x{l="a"} 1\n'
        'x{l="b"} 0\n'
        'x{l="c"} 1\n'
    )  # fmt: skip


@pytest.mark.parametrize("value", [1.0, 2.0])
def test_backslash_newline_and_quote_are_escaped(value: float) -> None:
    written = family(Sample("", ("plain",), value), Sample("", ('"\\\n%s',), value), text="a\\b\nc")

    assert render([written]).decode() == (
        "# HELP x a\\\\b\\nc\n"
        "# TYPE x gauge\n"
        f'x{{l="plain"}} {value:g}\n'
        f'x{{l="\\"\\\\\\n%s"}} {value:g}\n'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (0.0, "0"), (-3.0, "-3"), (0.1, "0.1"), (2.0**70, "1180591620717411303424"),
     (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")],
)  # fmt: skip
def test_values_are_written_as_go_reads_them(value: float, written: str) -> None:
    assert render([family(Sample("", ("",), value))]).decode().splitlines()[-1] == f'x{{l=""}} {written}'


@given(st.lists(st.text(), min_size=1, max_size=4), st.sampled_from([1.0, 0.5]))
def test_whatever_a_label_holds_a_parser_reads_it_back(texts: list[str], value: float) -> None:
    names = tuple(f"l{number}" for number in range(len(texts)))

    (parsed,) = text_string_to_metric_families(render([family(Sample("", tuple(texts), value), labels=names)]).decode())

    encodable = [text.encode("utf-8", "replace").decode() for text in texts]
    assert parsed.samples[0].labels == dict(zip(names, encodable, strict=True))
    assert parsed.samples[0].value == value


SAMPLES = st.lists(
    st.builds(Sample, st.just(""), st.tuples(st.text(max_size=3)), st.sampled_from([1.0, 0.5])), max_size=6
).map(tuple)


@given(SAMPLES, SAMPLES, st.data())
def test_a_changed_section_is_written_from_its_text_before_as_if_anew(
    before: tuple[Sample, ...], pool: tuple[Sample, ...], data: st.DataObject
) -> None:
    kept = [data.draw(st.sampled_from((sample, *pool))) for sample in before]
    after = Section(("l",), (*kept, *data.draw(st.sampled_from(((), pool)))))
    old = Section(("l",), before)

    assert changed_lines("x", after, old, lines("x", old)) == lines("x", after)


def test_a_section_under_other_labels_is_written_anew() -> None:
    samples = (Sample("", ("a",)), Sample("", ("b",)))
    old, new = Section(("l",), samples), Section(("m",), samples)

    assert changed_lines("x", new, old, lines("x", old)) == b'x{m="a"} 1\nx{m="b"} 1\n'
