"""Each collector: what it asks, and what it makes of an answer of Infrahub."""

from collections.abc import Mapping, Sequence

import pytest

from infrahub_exporter.domain.asking.collecting import READS, CollectorSpec
from infrahub_exporter.domain.errors import DerivationError
from infrahub_exporter.domain.model import JSON, Family, FamilyType
from infrahub_exporter.domain.views.collecting import Collection, Question
from infrahub_exporter.domain.views.collectors import (
    artifacts,
    branches,
    collection,
    pools,
    proposed_changes,
    repositories,
    server,
    tasks,
    validators,
)
from infrahub_exporter.domain.views.events import Memory


def collect(collection: Collection, answers: Sequence[Mapping[str, JSON]]) -> tuple[list[Question], tuple[Family, ...]]:
    """Answer a collector's questions one after the other; every answer must be asked for."""
    asked = [next(collection)]
    try:
        for answer in answers:
            question = collection.send(answer)
            asked.append(question)
    except StopIteration as end:
        assert len(asked) == len(answers)
        families: tuple[Family, ...] = end.value
        return asked, families
    raise AssertionError(f"asked on: {asked[-1]}")


def lines(families: Sequence[Family]) -> list[str]:
    found = []
    for family in families:
        for section in family.sections:
            for sample in section.samples:
                labels = ",".join(
                    f'{name}="{each}"' for name, each in zip(section.label_names, sample.labels, strict=True)
                )
                found.append(f"{family.name}{{{labels}}} {sample.value:.12g}")
    return found


def edges(*found: Mapping[str, JSON]) -> dict[str, JSON]:
    return {"edges": [{"node": dict(each)} for each in found]}


def attributes(**values: JSON) -> dict[str, JSON]:
    return {name: {"value": value} for name, value in values.items()}


def branch(name: str, status: str, created_at: str | None, *, is_default: bool) -> dict[str, JSON]:
    return {**attributes(name=name, status=status, is_default=is_default), "created_at": created_at}


def counts(**numbers: int) -> dict[str, JSON]:
    return {name: {"count": number} for name, number in numbers.items()}


def test_branches_are_counted_by_status_and_dated_but_for_the_default_one() -> None:
    asked, families = collect(
        branches(),
        [
            {
                "InfrahubBranch": edges(
                    branch("main", "OPEN", "2026-01-01T00:00:00Z", is_default=True),
                    branch("fix", "OPEN", "2026-11-02T08:00:00.5+00:00", is_default=False),
                    branch("odd", "SLEEPING", None, is_default=False),
                    branch("off", "OPEN", "yesterday", is_default=False),
                    branch("old", "NEED_REBASE", "2026-11-02T08:00:00", is_default=False),
                )
            }
        ],
    )
    assert lines(families) == [
        'infrahub_branches{status="OPEN"} 3',
        'infrahub_branches{status="NEED_REBASE"} 1',
        'infrahub_branches{status="NEED_UPGRADE_REBASE"} 0',
        'infrahub_branches{status="MERGING"} 0',
        'infrahub_branches{status="MERGE_FAILED"} 0',
        'infrahub_branches{status="MERGED"} 0',
        'infrahub_branches{status="DELETING"} 0',
        'infrahub_branches{status="SLEEPING"} 1',
        'infrahub_branch_created_timestamp_seconds{branch="fix"} 1793606400.5',
        'infrahub_branch_created_timestamp_seconds{branch="old"} 1793606400',
    ]
    assert asked == [
        Question(
            "query infrahub_exporter { InfrahubBranch { edges { node { "
            "name { value } status { value } is_default { value } created_at } } } }"
        )
    ]


def test_proposed_changes_are_counted_by_state() -> None:
    asked, families = collect(proposed_changes(), [counts(open=1, merged=1, closed=0, canceled=0, merging=0)])
    assert lines(families) == [
        'infrahub_proposed_changes{state="open"} 1',
        'infrahub_proposed_changes{state="merged"} 1',
        'infrahub_proposed_changes{state="closed"} 0',
        'infrahub_proposed_changes{state="canceled"} 0',
    ]
    assert asked == [
        Question(
            'query infrahub_exporter { open: CoreProposedChange(state__value: "open") { count } '
            'merged: CoreProposedChange(state__value: "merged") { count } '
            'closed: CoreProposedChange(state__value: "closed") { count } '
            'canceled: CoreProposedChange(state__value: "canceled") { count } '
            'merging: CoreProposedChange(state__value: "merging") { count } }'
        )
    ]


def test_a_proposed_change_that_is_being_merged_is_shown_while_it_is() -> None:
    _, families = collect(proposed_changes(), [counts(open=0, merged=0, closed=0, canceled=0, merging=1)])
    assert lines(families)[-1] == 'infrahub_proposed_changes{state="merging"} 1'


OPENED: dict[str, JSON] = {
    **counts(open=2, merged=0, closed=0, canceled=0, merging=0),
    "opened": edges(
        attributes(name="More leaves", source_branch="leaves"),
        attributes(name="Leaves again", source_branch="leaves"),
        attributes(name="Nothing yet", source_branch="empty"),
        attributes(name="Its branch is gone", source_branch="gone"),
    ),
    "InfrahubBranch": edges(attributes(name="main"), attributes(name="leaves"), attributes(name="empty")),
}
DIFFS: dict[str, JSON] = {
    "branch0": {
        "nodes": [
            {"uuid": "1", "kind": "InfraDevice", "label": "leaf9", "status": "ADDED"},
            {"uuid": "2", "kind": "InfraDevice", "label": "", "status": "REMOVED"},
            {"uuid": "3", "kind": "InfraDevice", "label": "leaf1", "status": "UNCHANGED"},
            {"uuid": "4", "kind": "InfraRack", "label": "r1", "status": "UPDATED"},
        ]
    },
    "branch1": None,
}


def test_the_nodes_of_open_proposed_changes_are_named_from_the_diffs_of_their_branches() -> None:
    asked, families = collect(proposed_changes(["InfraDevice"]), [OPENED, DIFFS])
    assert asked[1] == Question(
        "query infrahub_exporter($kinds: [String!], $branch0: String!, $branch1: String!) { "
        "branch0: DiffTree(branch: $branch0, include_parents: false, filters: { kind: { includes: $kinds } }) "
        "{ nodes { uuid kind label status } } "
        "branch1: DiffTree(branch: $branch1, include_parents: false, filters: { kind: { includes: $kinds } }) "
        "{ nodes { uuid kind label status } } }",
        {"kinds": ["InfraDevice"], "branch0": "leaves", "branch1": "empty"},
    )
    names, samples = families[1].sections[0].label_names, families[1].sections[0].samples
    assert (families[1].name, names) == (
        "infrahub_proposed_change_node",
        ("proposed_change", "branch", "kind", "node", "action"),
    )
    assert [each.labels for each in samples] == [
        ("Leaves again", "leaves", "InfraDevice", "2", "removed"),
        ("Leaves again", "leaves", "InfraDevice", "leaf9", "added"),
        ("More leaves", "leaves", "InfraDevice", "2", "removed"),
        ("More leaves", "leaves", "InfraDevice", "leaf9", "added"),
    ]


def test_without_an_open_proposed_change_no_diff_is_asked_for() -> None:
    none = counts(open=0, merged=0, closed=0, canceled=0, merging=0)
    nothing = {**none, "opened": edges(), "InfrahubBranch": edges()}
    _, families = collect(proposed_changes(["InfraDevice"]), [nothing])
    assert lines(families[1:]) == []


def test_validators_of_open_proposed_changes_are_counted_by_conclusion() -> None:
    asked, families = collect(validators(), [counts(success=4, failure=1, unknown=0)])
    assert lines(families) == [
        'infrahub_validators{conclusion="success"} 4',
        'infrahub_validators{conclusion="failure"} 1',
        'infrahub_validators{conclusion="unknown"} 0',
    ]
    assert asked[0].document.startswith(
        'query infrahub_exporter { success: CoreValidator(conclusion__value: "success", '
        'proposed_change__state__value: "open") { count } failure: '
    )


def test_tasks_are_counted_by_state() -> None:
    states: dict[str, JSON] = {
        state: {"count": len(state)} for state in ("SCHEDULED", "PENDING", "RUNNING", "PAUSED", "CANCELLING")
    }
    states |= {state: {"count": 0} for state in ("CANCELLED", "COMPLETED", "FAILED", "CRASHED")}
    asked, families = collect(tasks(), [states])
    assert lines(families) == [
        'infrahub_tasks{state="scheduled"} 9',
        'infrahub_tasks{state="pending"} 7',
        'infrahub_tasks{state="running"} 7',
        'infrahub_tasks{state="paused"} 6',
        'infrahub_tasks{state="cancelling"} 10',
        'infrahub_tasks{state="cancelled"} 0',
        'infrahub_tasks{state="completed"} 0',
        'infrahub_tasks{state="failed"} 0',
        'infrahub_tasks{state="crashed"} 0',
    ]
    assert "FAILED: InfrahubTask(state: [FAILED]) { count }" in asked[0].document


def test_artifacts_are_counted_by_status() -> None:
    _, families = collect(artifacts(), [counts(Ready=7, Pending=0, Processing=0, Error=2)])
    assert lines(families) == [
        'infrahub_artifacts{status="Ready"} 7',
        'infrahub_artifacts{status="Pending"} 0',
        'infrahub_artifacts{status="Processing"} 0',
        'infrahub_artifacts{status="Error"} 2',
    ]


def test_a_repository_is_in_one_of_its_states_and_one_that_is_not_known_is_shown_too() -> None:
    _, families = collect(
        repositories(),
        [
            {
                "CoreGenericRepository": edges(
                    attributes(name="net", sync_status="in-sync", operational_status="waking"),
                )
            }
        ],
    )
    assert lines(families) == [
        'infrahub_repository_sync_status{repository="net",sync_status="in-sync"} 1',
        'infrahub_repository_sync_status{repository="net",sync_status="syncing"} 0',
        'infrahub_repository_sync_status{repository="net",sync_status="error-import"} 0',
        'infrahub_repository_sync_status{repository="net",sync_status="unknown"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="online"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="error"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="error-connection"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="error-cred"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="unknown"} 0',
        'infrahub_repository_operational_status{repository="net",operational_status="waking"} 1',
    ]


def test_pools_are_asked_for_their_use_in_one_document_and_percent_become_ratios() -> None:
    found = edges(
        {"id": "a", "__typename": "CoreIPPrefixPool", "display_label": "loopbacks"},
        {"id": "b", "__typename": "CoreNumberPool", "display_label": None},
        {"__typename": "CoreNumberPool"},
    )
    used: dict[str, JSON] = {
        "pool0": {"utilization": 12.5, "utilization_default_branch": 0},
        "pool1": {"utilization": None, "utilization_default_branch": 100.0},
    }
    asked, families = collect(pools(), [{"CoreResourcePool": found}, used])
    assert asked[1] == Question(
        "query infrahub_exporter($pool0: String!, $pool1: String!) { "
        "pool0: InfrahubResourcePoolUtilization(pool_id: $pool0) { utilization utilization_default_branch } "
        "pool1: InfrahubResourcePoolUtilization(pool_id: $pool1) { utilization utilization_default_branch } }",
        {"pool0": "a", "pool1": "b"},
    )
    assert lines(families) == [
        'infrahub_pool_utilization_ratio{pool="loopbacks",kind="CoreIPPrefixPool"} 0.125',
        'infrahub_pool_utilization_default_branch_ratio{pool="loopbacks",kind="CoreIPPrefixPool"} 0',
        'infrahub_pool_utilization_default_branch_ratio{pool="b",kind="CoreNumberPool"} 1',
    ]


def test_without_a_pool_nothing_more_is_asked() -> None:
    _, families = collect(pools(), [{"CoreResourcePool": edges()}])
    assert lines(families) == []


def test_the_server_tells_its_version_and_its_workers() -> None:
    _, families = collect(
        server(),
        [
            {
                "InfrahubInfo": {"version": "1.11.9"},
                "InfrahubStatus": {"workers": edges({"id": "1", "active": True}, {"id": "2", "active": False})},
            }
        ],
    )
    assert lines(families) == [
        'infrahub_server_info{version="1.11.9"} 1',
        'infrahub_workers{active="true"} 1',
        'infrahub_workers{active="false"} 1',
    ]
    assert families[0].type is FamilyType.INFO


@pytest.mark.parametrize(
    ("collection", "answer", "message"),
    [
        (branches(), {}, "expected InfrahubBranch in the answer"),
        (branches(), {"InfrahubBranch": {"count": 1}}, "expected edges in the answer's InfrahubBranch"),
        (artifacts(), {"Ready": {"count": None}}, "expected a count in the answer's Ready"),
        (artifacts(), {"Ready": None}, "expected Ready in the answer"),
    ],
)
def test_an_answer_of_another_shape_is_a_failure_that_says_what_was_expected(
    collection: Collection, answer: Mapping[str, JSON], message: str
) -> None:
    next(collection)
    with pytest.raises(DerivationError) as raised:
        collection.send(answer)
    assert str(raised.value) == message


@pytest.mark.parametrize("odd", [{"InfrahubBranch": {"edges": [None, {"node": None}, {"node": {"name": 5}}]}}])
def test_what_is_no_node_is_passed_over(odd: Mapping[str, JSON]) -> None:
    _, families = collect(branches(), [odd])
    assert 'infrahub_branches{status=""} 1' in lines(families)


def test_equal_series_are_one() -> None:
    twice = branch("a", "OPEN", "2026-11-02T08:00:00Z", is_default=False)
    _, families = collect(branches(), [{"InfrahubBranch": edges(twice, twice)}])
    assert len(lines(families[1:])) == 1


def test_each_collector_that_there_is_asks_something() -> None:
    asked = {name: next(collection(CollectorSpec(collector=name), Memory())).document for name in READS}
    assert len(set(asked.values())) == len(READS) == 9


def test_the_kinds_that_are_named_come_from_the_spec() -> None:
    asked = next(collection(CollectorSpec(collector="proposed_changes", contents=("InfraDevice",)), Memory()))
    assert "opened: CoreProposedChange" in asked.document
