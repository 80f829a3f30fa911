"""What an embedded Infrahub tells of its own work: in the shapes of a real one, most of it empty."""

import pytest

from tests.unit.adapters.embedded.conftest import Asker


def test_the_branch_was_made_when_everything_was_loaded(ask: Asker) -> None:
    made = "2026-05-01T12:00:00.000000Z"
    assert ask.nodes("InfrahubBranch", "created_at branched_from { value } graph_version { value }") == [
        {"created_at": made, "branched_from": {"value": made}, "graph_version": {"value": 79}}
    ]


def test_no_account_is_managed_elsewhere(ask: Asker) -> None:
    document = (
        "{ CoreGenericAccount { edges { node { is_externally_managed } } } CoreAccount { edges { node { id } } } }"
    )
    answer = ask(document)
    assert answer["CoreAccount"]["edges"]
    assert [each["node"] for each in answer["CoreGenericAccount"]["edges"]] == [
        {"is_externally_managed": False} for _ in answer["CoreAccount"]["edges"]
    ]


def test_branches_are_told_in_the_older_way_too(ask: Asker) -> None:
    made = "2026-05-01T12:00:00.000000Z"
    shown = (
        "id name description status origin_branch is_default has_schema_changes graph_version branched_from created_at"
    )
    main = {
        "id": "main",
        "name": "main",
        "description": "Default Branch",
        "status": "OPEN",
        "origin_branch": "main",
        "is_default": True,
        "has_schema_changes": False,
        "graph_version": 79,
        "branched_from": made,
        "created_at": made,
    }
    assert ask(f'{{ Branch {{ {shown} }} other: Branch(name: "b") {{ id }} none: Branch(ids: ["b"]) {{ id }} }}') == {
        "Branch": [main],
        "other": [],
        "none": [],
    }
    document = (
        "{ InfrahubBranch(offset: 1, ids: []) { count edges { node { id } } default_branch { name { value } } } }"
    )
    assert ask(document) == {"InfrahubBranch": {"count": 0, "edges": [], "default_branch": {"name": {"value": "main"}}}}


@pytest.mark.parametrize(
    ("document", "answer"),
    [
        (
            "{ InfrahubStatus { summary { schema_hash_synced } workers { edges { node { id active } } } } }",
            {"InfrahubStatus": {"summary": {"schema_hash_synced": True}, "workers": {"edges": []}}},
        ),
        (
            "{ InfrahubTask(state: [FAILED], limit: 5) { count edges { node { id workflow state updated_at } } } }",
            {"InfrahubTask": {"count": 0, "edges": []}},
        ),
        (
            """{ InfrahubTask(log_limit: 5) { edges { node {
                title related_nodes { id kind } parameters tags available_actions { action available } error { message }
                logs { count edges { node { message severity timestamp } } }
            } } } InfrahubTaskBranchStatus(branch: "main") { count } }""",
            {"InfrahubTask": {"edges": []}, "InfrahubTaskBranchStatus": {"count": 0}},
        ),
        (
            '{ InfrahubEvent(since: "2026-01-01T00:00:00Z", order: ASC) { count edges { node { id event } } } }',
            {"InfrahubEvent": {"count": 0, "edges": []}},
        ),
        (
            """{ InfrahubEvent(event_type_filter: {branch_merged: {branches: ["main"]}}) { edges { node {
                __typename id primary_node { id kind } related_nodes { kind }
                ... on NodeMutatedEvent { payload attributes { name action } relationships { peer { id } } }
                ... on GroupEvent { members { id } } ... on StandardEvent { payload }
            } } } }""",
            {"InfrahubEvent": {"edges": []}},
        ),
        (
            "{ InfrahubTask { edges { node { ... on WebhookDeliveryTask { http_response { status_code } } } } } }",
            {"InfrahubTask": {"edges": []}},
        ),
        (
            '{ DiffTree(branch: "main", filters: { kind: { includes: ["BuiltinTag"] } }) { nodes { uuid status } } }',
            {"DiffTree": None},
        ),
        (
            """{ DiffTree { nodes {
                path_identifier conflict { resolvable base_branch_value } parent { uuid }
                attributes { name properties { new_value } } relationships { cardinality elements { peer_id } }
            } } }""",
            {"DiffTree": None},
        ),
        (
            '{ DiffTreeSummary(branch: "main") { num_added num_unchanged num_untracked_base_changes from_time } }',
            {"DiffTreeSummary": None},
        ),
    ],
)
def test_there_are_no_workers_tasks_events_and_diffs(ask: Asker, document: str, answer: object) -> None:
    assert ask(document) == answer


def test_the_kinds_of_a_diff_may_come_as_a_variable(ask: Asker) -> None:
    document = "query($kinds: [String]) { DiffTree(filters: { kind: { includes: $kinds } }) { name } }"
    assert ask(document, {"kinds": ["BuiltinTag"]}) == {"DiffTree": None}


def test_a_diff_of_a_branch_that_is_not_there_is_refused(ask: Asker) -> None:
    assert ask.error('{ DiffTree(branch: "gone") { name } }')["message"] == "Branch: gone not found."
