"""What the sink renders, and what it does not render again."""

import gc
import gzip
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.adapters.prometheus import END, Exposition, PrometheusSink, render
from infrahub_exporter.adapters.prometheus.exposition import Block
from infrahub_exporter.adapters.prometheus.rendering import NOTHING, Rendering, compare
from infrahub_exporter.adapters.prometheus.rendering import render as render_changes
from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from infrahub_exporter.domain.publishing.formats import Format


def block(*names: str, value: float = 1.0) -> Section:
    return Section(("id", "name"), tuple(Sample(name, (name, f"leaf {name}"), value) for name in names))


def devices(*sections: Section, name: str = "infrahub_infradevice_info", text: str = "Devices.") -> Family:
    return Family(name, FamilyType.INFO, text, sections)


def many(prefix: str, size: int) -> Section:
    return block(*(f"{prefix}{number}" for number in range(size)))


async def published(sink: PrometheusSink, *families: Family) -> Exposition:
    await sink.publish(Snapshot(families, 1.0))
    exposition = sink.exposition()
    assert exposition is not None
    assert gzip.decompress(b"".join(exposition.gzip)) == b"".join(exposition.plain)
    return exposition


@pytest.mark.anyio
async def test_there_is_no_body_before_the_first_snapshot() -> None:
    sink = PrometheusSink()

    assert (sink.exposition(), sink.body) == (None, None)


@pytest.mark.anyio
async def test_the_text_stands_in_chunks_a_head_and_a_block_per_section() -> None:
    exposition = await published(
        PrometheusSink(), devices(block("a", "b"), block("c")), devices(block("t"), name="infrahub_tag_info", text="T.")
    )

    assert exposition.plain == (
        b"# HELP infrahub_infradevice_info Devices.\n# TYPE infrahub_infradevice_info gauge\n",
        b'infrahub_infradevice_info{id="a",name="leaf a"} 1\ninfrahub_infradevice_info{id="b",name="leaf b"} 1\n',
        b'infrahub_infradevice_info{id="c",name="leaf c"} 1\n',
        b"# HELP infrahub_tag_info T.\n# TYPE infrahub_tag_info gauge\n",
        b'infrahub_tag_info{id="t",name="leaf t"} 1\n',
    )


@pytest.mark.anyio
@pytest.mark.parametrize("size", [10, 600])
async def test_the_newest_text_is_ready_whether_it_is_small_or_large(size: int) -> None:
    sink = PrometheusSink()
    first = devices(many("a", size), many("b", size))
    await published(sink, first)
    assert sink.body == render([first])

    second = devices(many("c", size), first.sections[1])
    await published(sink, second)
    assert sink.body == render([second])

    await published(sink)
    assert sink.body == b""


@pytest.mark.anyio
@pytest.mark.parametrize("size", [1, 600])
async def test_only_a_touched_block_is_made_again(size: int) -> None:
    sink = PrometheusSink()
    sections = [many(prefix, size) for prefix in "abcdef"]
    before = await published(sink, devices(*sections))
    sections[3] = many("changed", size)

    after = await published(sink, devices(*sections))

    for old, new in ((before.plain, after.plain), (before.deflated, after.deflated)):
        assert [one is other for one, other in zip(old, new, strict=True)] == [True] * 4 + [False] + [True] * 2


@pytest.mark.anyio
async def test_blocks_that_move_are_not_made_again() -> None:
    sink = PrometheusSink()
    a, b, c, d, e = (block(name) for name in "abcde")
    before = dict(zip("#abcd", (await published(sink, devices(a, b, c, d))).plain, strict=True))

    inserted = await published(sink, devices(e, a, b, c, d))
    removed = await published(sink, devices(d, b))
    swapped = await published(sink, devices(b, d))

    assert [id(chunk) for chunk in inserted.plain[2:]] == [id(before[name]) for name in "abcd"]
    assert [id(chunk) for chunk in removed.plain] == [id(before[name]) for name in "#db"]
    assert [id(chunk) for chunk in swapped.plain] == [id(before[name]) for name in "#bd"]


@pytest.mark.anyio
async def test_a_family_among_new_ones_is_not_made_again() -> None:
    sink = PrometheusSink()
    family = devices(block("a"))
    before = await published(sink, family)

    after = await published(sink, devices(name="x"), family, devices(block("b"), name="y"))

    assert after.plain[1] is before.plain[0]
    assert after.plain[2] is before.plain[1]


@pytest.mark.anyio
async def test_another_help_is_another_head_and_leaves_the_blocks() -> None:
    sink = PrometheusSink()
    section = block("a")
    before = await published(sink, devices(section))

    after = await published(sink, devices(section, text="All of them."))

    assert after.plain[0].startswith(b"# HELP infrahub_infradevice_info All of them.\n")
    assert after.plain[1] is before.plain[1]


@pytest.mark.anyio
async def test_a_section_in_two_families_has_the_name_of_each() -> None:
    section = block("a")
    exposition = await published(PrometheusSink(), devices(section, name="x"), devices(section, name="y"))

    assert (exposition.plain[1], exposition.plain[3]) == (
        b'x{id="a",name="leaf a"} 1\n',
        b'y{id="a",name="leaf a"} 1\n',
    )


POOL = [block(*name, value=value) for name in ("a", "bc", "def", "") for value in (1.0, 0.5)]
POOL += [Section(each.label_names, (*each.samples[1:], Sample("x", ("x", "new")))) for each in POOL]  # in part the same
FAMILIES = st.dictionaries(
    st.sampled_from(["infrahub_a_info", "infrahub_b_info", "infrahub_c_info"]),
    st.tuples(st.sampled_from(["Help.", "Other."]), st.lists(st.sampled_from(POOL), max_size=8)),
).map(lambda found: [devices(*blocks, name=name, text=text) for name, (text, blocks) in found.items()])


def rendered(families: Sequence[Family], before: Rendering) -> Rendering:
    return render_changes(compare(families, before))


@given(st.lists(FAMILIES, min_size=1, max_size=5), st.binary(max_size=50))
def test_after_any_snapshots_the_bodies_are_those_of_the_last_alone(snapshots: list[list[Family]], tail: bytes) -> None:
    rendering = NOTHING
    for families in snapshots:
        rendering = rendered(families, rendering)
        for format_ in Format:
            exposition = rendering.bodies[format_].followed_by(END[format_] + tail)
            assert b"".join(exposition.plain) == render(families, format_) + tail
            assert gzip.decompress(b"".join(exposition.gzip)) == render(families, format_) + tail
            assert exposition.length == len(render(families, format_) + tail)
            assert rendering.named({family.name for family in families}, format_).sum == rendering.bodies[format_].sum


@pytest.mark.anyio
async def test_fifty_snapshots_later_nothing_is_kept_but_the_last() -> None:
    sink = PrometheusSink()
    sections = [many(f"{number}-", 30) for number in range(16)]
    await published(sink, devices(*sections))
    before = alive(sections)

    for turn in range(50):
        sections[turn % 16] = many(f"turn {turn}-", 30)
        await published(sink, devices(*sections))

    assert alive(sections) == before


def alive(sections: list[Section]) -> tuple[int, int]:
    """Count the sections, and the blocks made of them, that somebody holds."""
    gc.collect()
    objects = gc.get_objects()
    found = sum(isinstance(each, Section) for each in objects), sum(isinstance(each, Block) for each in objects)
    assert min(found) >= len(sections)
    return found


@pytest.mark.anyio
async def test_both_formats_share_the_blocks_of_samples() -> None:
    sink = PrometheusSink()
    text = await published(sink, devices(block("a"), block("b")))
    open_metrics = sink.exposition(Format.OPENMETRICS)

    assert open_metrics is not None
    assert open_metrics.plain[0] == b"# HELP infrahub_infradevice Devices.\n# TYPE infrahub_infradevice info\n"
    assert [one is other for one, other in zip(text.plain, open_metrics.plain, strict=True)] == [False, True, True]
    assert [one is other for one, other in zip(text.deflated, open_metrics.deflated, strict=True)] == [
        False,
        True,
        True,
    ]


@pytest.mark.anyio
@pytest.mark.parametrize("format_", Format)
async def test_families_that_are_asked_for_by_name_are_put_together_and_not_rendered(format_: Format) -> None:
    sink = PrometheusSink()
    sites = devices(block("c"), name="infrahub_site_info")
    await published(sink, devices(block("a")), sites, devices(block("b"), name="infrahub_tag_info"))
    whole = sink.exposition(format_)

    found = sink.exposition(format_, {"infrahub_infradevice_info", "infrahub_tag", "infrahub_other"})

    assert whole is not None
    assert found is not None
    assert [id(chunk) for chunk in found.plain] == [id(whole.plain[index]) for index in (0, 1, 4, 5)]
    assert gzip.decompress(b"".join(found.gzip)) == b"".join(found.plain)


@pytest.mark.anyio
async def test_no_family_of_a_name_is_an_empty_body() -> None:
    sink = PrometheusSink()
    await published(sink, devices(block("a")))

    found = sink.exposition(names={"x"})

    assert found is not None
    assert (found.plain, found.length) == ((), 0)


@pytest.mark.anyio
async def test_equal_data_is_the_same_body_to_the_byte_whatever_was_published_before() -> None:
    first, second = PrometheusSink(), PrometheusSink()
    await published(first, devices(block("a"), block("b")))
    await published(first, devices(block("a"), block("c"), block("b")))
    await published(second, devices(block("a"), block("c"), block("b")))

    one, other = first.exposition(), second.exposition()

    assert one is not None
    assert other is not None
    assert (one.plain, one.gzip, one.etag) == (other.plain, other.gzip, other.etag)


@pytest.mark.anyio
async def test_the_sizes_of_both_forms_are_told() -> None:
    sink = PrometheusSink()
    assert sink.sizes == {}
    exposition = await published(sink, devices(block("a")))

    assert sink.sizes[Format.TEXT] == (exposition.length, len(b"".join(exposition.gzip)))
    assert sink.sizes.keys() == set(Format)


@pytest.mark.anyio
async def test_another_family_may_take_the_name_of_an_info_family_at_any_time() -> None:
    sink = PrometheusSink()
    section = block("a")
    info, gauge = devices(section, name="x_info"), Family("x", FamilyType.GAUGE, "X.", (section,))
    await published(sink, info)
    await published(sink, info, gauge)

    body = sink.exposition(Format.OPENMETRICS)

    assert body is not None
    assert body.plain[0] == b"# HELP x_info Devices.\n# TYPE x_info gauge\n"
    assert body.plain[2] == b"# HELP x X.\n# TYPE x gauge\n"
