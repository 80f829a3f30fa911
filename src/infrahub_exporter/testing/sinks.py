"""The suite of the port `SnapshotSink`."""

from collections.abc import Awaitable, Callable, Iterable, Mapping

import anyio
import pytest

from infrahub_exporter.domain.model import Family, FamilyType, Sample, Section, Snapshot
from infrahub_exporter.domain.ports import SnapshotSink
from infrahub_exporter.testing.contract import Contract

__all__ = ["RemoteSnapshotSinkContract", "Series", "Shown", "SnapshotSinkContract"]

Series = tuple[str, Mapping[str, str], float]
"""A metric's name, its labels and its value."""

Shown = Callable[[], Awaitable[Iterable[Series]]]

_AT = 1_767_225_600.0

_DEVICES = Section(
    ("id", "hfid", "name"),
    (
        Sample("1", ("1", "InfraDevice__leaf1", "leaf1")),
        Sample("2", ("2", "InfraDevice__leaf2", "leaf2")),
    ),
)
_SITED_DEVICES = Section(("id", "hfid", "site"), (Sample("1", ("1", "InfraDevice__leaf1", "LocationSite__lyon")),))
_TAGS = Section(("id", "hfid"), (Sample("3", ("3", "BuiltinTag__red")),))

_LEAF1 = ("infrahub_infradevice_info", {"id": "1", "hfid": "InfraDevice__leaf1", "name": "leaf1"}, 1.0)
_LEAF2 = ("infrahub_infradevice_info", {"id": "2", "hfid": "InfraDevice__leaf2", "name": "leaf2"}, 1.0)
_SITED = ("infrahub_infradevice_info", {"id": "1", "hfid": "InfraDevice__leaf1", "site": "LocationSite__lyon"}, 1.0)
_TAG = ("infrahub_builtintag_info", {"id": "3", "hfid": "BuiltinTag__red"}, 1.0)

_TEXTS = (
    'a "quoted" word',
    "two\nlines",
    "back\\slash, \\n",
    "ünï™ 漢字 🛰",
    " spaces ",
    'comma,equals=brace}hash# "}',
    "tab\tand\rreturn",
)


class SnapshotSinkContract(Contract):
    """What every `SnapshotSink` does.

    Fixtures: `sink`, and `shown`: an asynchronous callable that waits until what was published last has arrived where
    the sink takes it, and returns the series that are there now. A label without a value counts as none.
    """

    @pytest.mark.anyio
    async def test_it_is_a_snapshot_sink(self, sink: SnapshotSink) -> None:
        assert isinstance(sink, SnapshotSink)

    @pytest.mark.anyio
    async def test_every_series_of_a_snapshot_is_shown_once(self, sink: SnapshotSink, shown: Shown) -> None:
        await sink.publish(_snapshot(_infos("infradevice", _DEVICES, _SITED_DEVICES), _infos("builtintag", _TAGS)))
        assert _sorted(await shown()) == _sorted([_LEAF1, _LEAF2, _SITED, _TAG])

    @pytest.mark.anyio
    async def test_a_newer_snapshot_takes_the_place_of_the_one_before(self, sink: SnapshotSink, shown: Shown) -> None:
        await sink.publish(_snapshot(_infos("infradevice", _DEVICES), _infos("builtintag", _TAGS)))
        assert _sorted(await shown()) == _sorted([_LEAF1, _LEAF2, _TAG])
        fewer = Section(_DEVICES.label_names, _DEVICES.samples[1:])
        await sink.publish(_snapshot(_infos("infradevice", fewer, _SITED_DEVICES), at=_AT + 60))
        assert _sorted(await shown()) == _sorted([_LEAF2, _SITED])

    @pytest.mark.anyio
    async def test_nothing_is_left_of_what_an_empty_snapshot_replaces(self, sink: SnapshotSink, shown: Shown) -> None:
        await sink.publish(_snapshot(_infos("infradevice", _DEVICES)))
        assert _sorted(await shown()) == _sorted([_LEAF1, _LEAF2])
        await sink.publish(_snapshot(at=_AT + 60))
        assert _sorted(await shown()) == []

    @pytest.mark.anyio
    async def test_a_label_keeps_every_character(self, sink: SnapshotSink, shown: Shown) -> None:
        samples = tuple(Sample(str(number), (str(number), text)) for number, text in enumerate(_TEXTS))
        await sink.publish(_snapshot(_infos("infradevice", Section(("id", "text"), samples))))
        assert _sorted(await shown()) == _sorted(
            ("infrahub_infradevice_info", {"id": str(number), "text": text}, 1.0) for number, text in enumerate(_TEXTS)
        )

    @pytest.mark.anyio
    async def test_a_label_without_a_value_is_none(self, sink: SnapshotSink, shown: Shown) -> None:
        section = Section(("id", "text"), (Sample("1", ("1", "")),))
        await sink.publish(_snapshot(_infos("infradevice", section)))
        assert _sorted(await shown()) == [("infrahub_infradevice_info", [("id", "1")], 1.0)]

    @pytest.mark.anyio
    async def test_a_value_is_exact(self, sink: SnapshotSink, shown: Shown) -> None:
        values = (0.0, -2.5, 0.1, 2.0**53, 1e300, float("inf"), float("-inf"))
        section = Section(("id",), tuple(Sample(str(each), (str(each),), each) for each in values))
        await sink.publish(_snapshot(Family("infrahub_height", FamilyType.GAUGE, "Heights.", (section,))))
        assert _sorted(await shown()) == _sorted(("infrahub_height", {"id": str(each)}, each) for each in values)

    @pytest.mark.anyio
    async def test_a_large_snapshot_is_shown_whole(self, sink: SnapshotSink, shown: Shown) -> None:
        section = Section(("id",), tuple(Sample(str(number), (str(number),)) for number in range(5000)))
        await sink.publish(_snapshot(_infos("infradevice", section)))
        assert _sorted(await shown()) == _sorted(
            ("infrahub_infradevice_info", {"id": str(number)}, 1.0) for number in range(5000)
        )


class RemoteSnapshotSinkContract(SnapshotSinkContract):
    """What a `SnapshotSink` with a far side does beside that.

    Fixtures: also `lost`, a sink whose far side is not there, and `silent`, one whose far side takes everything and
    never answers.
    """

    @pytest.mark.anyio
    async def test_a_far_side_that_is_not_there_is_the_sinks_own_trouble(self, lost: SnapshotSink) -> None:
        await _publish_some(lost)

    @pytest.mark.anyio
    async def test_a_far_side_that_never_answers_is_not_waited_for(self, silent: SnapshotSink) -> None:
        await _publish_some(silent)


async def _publish_some(sink: SnapshotSink) -> None:
    for minute in range(5):
        with anyio.fail_after(1):
            await sink.publish(_snapshot(_infos("infradevice", _DEVICES), at=_AT + 60 * minute))
        await anyio.wait_all_tasks_blocked()


def _infos(kind: str, *sections: Section) -> Family:
    return Family(f"infrahub_{kind}_info", FamilyType.INFO, f"Nodes of kind {kind} in Infrahub.", sections)


def _snapshot(*families: Family, at: float = _AT) -> Snapshot:
    return Snapshot(families, at)


def _sorted(series: Iterable[Series]) -> list[tuple[str, list[tuple[str, str]], float]]:
    return sorted(
        (name, sorted((label, text) for label, text in labels.items() if text), value) for name, labels, value in series
    )
