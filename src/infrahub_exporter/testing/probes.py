"""The suite of the port `ChangeProbe`."""

from typing import Protocol

import pytest

from infrahub_exporter.domain.asking.selection import Selection, select
from infrahub_exporter.domain.errors import SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.ports import Arrived, ChangedRows, ChangeProbe, Counted, NodeSource
from infrahub_exporter.testing.comparing import comparable, read
from infrahub_exporter.testing.contract import Act, Contract
from infrahub_exporter.testing.inventory import ADDED_DRAFT, KINDS, REMOVED_DRAFT

__all__ = ["ChangeProbeContract", "ChangedRowsContract", "RemoteChangeProbeContract"]

_DRAFTS = select("ContractDraft", ("name",), {}, KINDS)
_UNTOUCHED_DRAFT = "draft60"
_LONG_AGO = 0.0
_YET_TO_COME = 3600.0


class ProbingSource(ChangeProbe, NodeSource, Protocol):
    """A source that tells what changed."""


class ChangeProbeContract(Contract):
    """What every `ChangeProbe` does, and the `NodeSource` that it is as well.

    Fixtures: `probe`, which holds the known inventory on the default branch; `change` as for `NodeSourceContract`.
    """

    @pytest.mark.anyio
    async def test_it_is_a_change_probe(self, probe: ProbingSource) -> None:
        assert isinstance(probe, ChangeProbe)

    @pytest.mark.anyio
    async def test_the_default_branch_can_be_followed(self, probe: ProbingSource) -> None:
        assert await probe.is_followable() is True

    @pytest.mark.anyio
    async def test_what_changes_after_an_instant_does_not_show_at_it(self, probe: ProbingSource, change: Act) -> None:
        at = await probe.instant()
        before = await read(probe, _DRAFTS, at=at)
        count = await probe.count(_DRAFTS, at=at)
        await change()
        assert comparable(await read(probe, _DRAFTS, at=at)) == comparable(before)
        assert await probe.count(_DRAFTS, at=at) == count

    @pytest.mark.anyio
    async def test_every_node_has_changed_since_long_ago(self, probe: ProbingSource) -> None:
        probed = await probe.probe(["ContractUnit", "ContractRegion"], since=_LONG_AGO, at=await probe.instant())
        assert probed.kinds == {"ContractUnit": Counted(120, 120), "ContractRegion": Counted(2, 2)}
        assert probed.merging is False

    @pytest.mark.anyio
    async def test_nothing_has_changed_since_now(self, probe: ProbingSource) -> None:
        at = await probe.instant()
        probed = await probe.probe(["ContractUnit", "ContractPort"], since=at, at=at)
        assert probed.kinds == {"ContractUnit": Counted(120, 0), "ContractPort": Counted(3, 0)}
        assert await probe.stamps("ContractUnit", since=at, at=at) == {}

    @pytest.mark.anyio
    async def test_stamps_are_those_of_all_nodes_that_changed(self, probe: ProbingSource) -> None:
        at = await probe.instant()
        stamps = await probe.stamps("ContractUnit", since=_LONG_AGO, at=at)
        units = await read(probe, select("ContractUnit", (), {}, KINDS), at=at)
        assert stamps.keys() == {row.id for row in units}
        assert all(stamps.values())

    @pytest.mark.anyio
    async def test_a_created_node_has_changed_and_its_neighbours_have_not(
        self, probe: ProbingSource, change: Act
    ) -> None:
        since = await probe.instant()
        drafts = {str(row.values[0]): row.id for row in await read(probe, _DRAFTS, at=since)}
        await change()
        now = since + _YET_TO_COME
        probed = await probe.probe(["ContractDraft"], since=since, at=now)
        stamps = await probe.stamps("ContractDraft", since=since, at=now)
        known = {str(row.values[0]): row.id for row in await read(probe, _DRAFTS, at=now)}
        assert probed.kinds["ContractDraft"].count == len(known) == 120
        assert probed.kinds["ContractDraft"].changed == len(stamps)
        assert known[ADDED_DRAFT] in stamps
        assert drafts[_UNTOUCHED_DRAFT] not in stamps
        assert REMOVED_DRAFT not in known

    @pytest.mark.anyio
    async def test_a_stamp_stays_while_its_node_does(self, probe: ProbingSource) -> None:
        at = await probe.instant()
        stamps = await probe.stamps("ContractSite", since=_LONG_AGO, at=at)
        assert await probe.stamps("ContractSite", since=_LONG_AGO, at=at) == stamps

    @pytest.mark.anyio
    async def test_an_unknown_kind_is_rejected(self, probe: ProbingSource) -> None:
        at = await probe.instant()
        with pytest.raises(SourceRejectedError):
            await probe.probe(["ContractUnit", "ContractNothing"], since=at, at=at)
        with pytest.raises(SourceRejectedError):
            await probe.stamps("ContractNothing", since=at, at=at)


class ChangedRowsContract(Contract):
    """What every `ChangeProbe` does that is a `ChangedRows` as well.

    Fixtures: as for `ChangeProbeContract`.
    """

    @pytest.mark.anyio
    async def test_it_reads_changed_rows(self, probe: ProbingSource) -> None:
        assert isinstance(probe, ChangedRows)

    @pytest.mark.anyio
    async def test_rows_and_stamps_are_those_that_are_read_by_themselves(
        self, probe: ProbingSource, change: Act
    ) -> None:
        assert isinstance(probe, ChangedRows)
        at = await probe.instant()
        rows = await read(probe, _DRAFTS, at=at)
        stamps = await probe.stamps("ContractDraft", since=_LONG_AGO, at=at)
        found = await probe.changed(_DRAFTS, since=_LONG_AGO, at=at)
        assert found is not None
        assert comparable(found.rows.values()) == comparable(rows)
        assert found.stamps == stamps
        assert found.rows.keys() == stamps.keys()
        assert await probe.changed(select("ContractUnit", (), {}, KINDS), since=at, at=at) == Arrived()
        await change()
        found = await probe.changed(_DRAFTS, since=_LONG_AGO, at=at)
        former = {row.id: row for row in rows}
        assert found is not None
        assert found.rows.items() <= former.items()

    @pytest.mark.anyio
    async def test_rows_that_did_not_change_are_not_among_them(self, probe: ProbingSource, change: Act) -> None:
        assert isinstance(probe, ChangedRows)
        since = await probe.instant()
        await change()
        now = since + _YET_TO_COME
        found = await probe.changed(_DRAFTS, since=since, at=now)
        assert found is not None
        names = {row.values[0] for row in found.rows.values()}
        assert ADDED_DRAFT in names
        assert _UNTOUCHED_DRAFT not in names

    @pytest.mark.anyio
    async def test_an_unknown_kind_is_rejected_with_its_rows(self, probe: ProbingSource) -> None:
        assert isinstance(probe, ChangedRows)
        with pytest.raises(SourceRejectedError):
            await probe.changed(Selection("ContractNothing", ()), since=_LONG_AGO, at=await probe.instant())


class RemoteChangeProbeContract(ChangeProbeContract):
    """What a `ChangeProbe` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_probe_that_is_not_answered_is_raised(self, probe: ProbingSource, cut: Act) -> None:
        at = await probe.instant()
        await cut()
        with pytest.raises(SourceUnavailableError):
            await probe.is_followable()
        with pytest.raises(SourceUnavailableError):
            await probe.probe(["ContractUnit"], since=at, at=at)
        with pytest.raises(SourceUnavailableError):
            await probe.stamps("ContractUnit", since=at, at=at)

    @pytest.mark.anyio
    async def test_an_instant_that_cannot_be_asked_for_is_raised(self, probe: ProbingSource, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await probe.instant()
