import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.parser import text_string_to_metric_families

from infrahub_exporter.adapters.prometheus import PrometheusSink, SnapshotCollector, render
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot

DEVICES = Family(
    "infrahub_infradevice_info",
    FamilyType.INFO,
    "Nodes of kind InfraDevice in Infrahub.",
    (
        Section(("id", "hfid", "name"), (Sample("1", ("1", "InfraDevice__a", "a")), Sample("2", ("2", "2", "")))),
        Section(("id", "hfid"), (Sample("1", ("1", "InfraDevice__a")),)),
    ),
)


def test_families_are_written_whole_each_with_its_help_and_type_once() -> None:
    assert render([DEVICES, Family("x", FamilyType.GAUGE, "X.", (Section((), (Sample("", (), 2.5),)),))]).decode() == (
        "# HELP infrahub_infradevice_info Nodes of kind InfraDevice in Infrahub.\n"
        "# TYPE infrahub_infradevice_info gauge\n"
        'infrahub_infradevice_info{id="1",hfid="InfraDevice__a",name="a"} 1\n'
        'infrahub_infradevice_info{id="2",hfid="2",name=""} 1\n'
        'infrahub_infradevice_info{id="1",hfid="InfraDevice__a"} 1\n'
        "# HELP x X.\n"
        "# TYPE x gauge\n"
        "x{} 2.5\n"
    )


def test_backslash_newline_and_quote_are_escaped() -> None:
    family = Family("x", FamilyType.GAUGE, "a\\b\nc", (Section(("l",), (Sample("", ('"\\\n%s',)),)),))

    assert render([family]).decode() == (
        "# HELP x a\\\\b\\nc\n"
        "# TYPE x gauge\n"
        'x{l="\\"\\\\\\n%s"} 1\n'
    )  # fmt: skip


@pytest.mark.parametrize(
    ("value", "written"),
    [(1.0, "1"), (0.0, "0"), (-3.0, "-3"), (0.1, "0.1"), (2.0**70, "1180591620717411303424"),
     (math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")],
)  # fmt: skip
def test_values_are_written_as_go_reads_them(value: float, written: str) -> None:
    family = Family("x", FamilyType.GAUGE, "X.", (Section(("l",), (Sample("", ("",), value),)),))

    assert render([family]).decode().splitlines()[-1] == f'x{{l=""}} {written}'


@given(st.lists(st.text(), min_size=1, max_size=4))
def test_whatever_a_label_holds_a_parser_reads_it_back(texts: list[str]) -> None:
    encodable = tuple(text.encode("utf-8", "replace").decode() for text in texts)
    names = tuple(f"l{number}" for number in range(len(texts)))
    family = Family("x", FamilyType.GAUGE, "X.", (Section(names, (Sample("", encodable),)),))

    (parsed,) = text_string_to_metric_families(render([family]).decode())

    assert parsed.samples[0].labels == dict(zip(names, encodable, strict=True))


@pytest.mark.anyio
async def test_the_sink_keeps_the_newest_text_ready() -> None:
    sink = PrometheusSink()
    assert sink.body is None

    await sink.publish(Snapshot((DEVICES,), 1.0))
    assert sink.body == render([DEVICES])

    await sink.publish(Snapshot((), 2.0))
    assert sink.body == b""


def test_a_host_registry_collects_the_same_series() -> None:
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(lambda: Snapshot((DEVICES,), 1.0)))

    assert generate_latest(registry).decode().splitlines() == [
        "# HELP infrahub_infradevice_info Nodes of kind InfraDevice in Infrahub.",
        "# TYPE infrahub_infradevice_info gauge",
        'infrahub_infradevice_info{hfid="InfraDevice__a",id="1",name="a"} 1.0',
        'infrahub_infradevice_info{hfid="2",id="2",name=""} 1.0',
        'infrahub_infradevice_info{hfid="InfraDevice__a",id="1"} 1.0',
    ]
