"""Ready-made metrics over what Infrahub itself does: its branches, proposed changes, validators, tasks, pools and more.

Each collector is a generator of its questions, and does no I/O.
"""

from collections.abc import Callable, Generator, Mapping, Sequence

from infrahub_exporter.domain.asking.collecting import CollectorSpec
from infrahub_exporter.domain.model import JSON, Family, FamilyType, Sample, Section
from infrahub_exporter.domain.views.collecting import (
    Answer,
    Collection,
    Question,
    by,
    count_of,
    counts_of,
    gauge,
    mapping_of,
    nodes_of,
    states_of,
    text_of,
    value_of,
)
from infrahub_exporter.domain.views.events import Memory, events
from infrahub_exporter.domain.views.instants import seconds

BRANCH_STATES = ("OPEN", "NEED_REBASE", "NEED_UPGRADE_REBASE", "MERGING", "MERGE_FAILED", "MERGED", "DELETING")
PROPOSED_STATES = ("open", "merged", "closed", "canceled")
"""The states that are always shown; `merging` is one for moments, and shown while there is one."""
_PASSING_STATE = "merging"
CONCLUSIONS = ("success", "failure", "unknown")
_BRANCHES = "InfrahubBranch { edges { node { name { value } } } }"
_OPENED = "{ edges { node { name { value } source_branch { value } } } }"
TASK_STATES = (
    "SCHEDULED",
    "PENDING",
    "RUNNING",
    "PAUSED",
    "CANCELLING",
    "CANCELLED",
    "COMPLETED",
    "FAILED",
    "CRASHED",
)
ARTIFACT_STATES = ("Ready", "Pending", "Processing", "Error")
SYNC_STATES = ("in-sync", "syncing", "error-import", "unknown")
OPERATIONAL_STATES = ("online", "error", "error-connection", "error-cred", "unknown")


def branches() -> Collection:
    """Count branches by status, and tell since when each but the default one has been there."""
    answer = yield Question(
        "query infrahub_exporter { InfrahubBranch { edges { node { "
        "name { value } status { value } is_default { value } created_at } } } }"
    )
    counted = dict.fromkeys(BRANCH_STATES, 0)
    created = []
    for node in nodes_of(answer, "InfrahubBranch"):
        status = text_of(node, "status")
        counted[status] = counted.get(status, 0) + 1
        at = seconds(node.get("created_at"))
        if value_of(node, "is_default") is not True and at is not None:
            created.append(((text_of(node, "name"),), at))
    return (
        by("infrahub_branches", "Branches by status.", "status", counted),
        gauge(
            "infrahub_branch_created_timestamp_seconds",
            "When a branch was made; the default one is left out.",
            ("branch",),
            created,
        ),
    )


def validators() -> Collection:
    """Count the validators of open proposed changes by conclusion."""
    counted = yield from counts_of(
        "CoreValidator", "conclusion__value", CONCLUSIONS, 'proposed_change__state__value: "open"'
    )
    help_text = "Validators of open proposed changes by conclusion."
    return (by("infrahub_validators", help_text, "conclusion", counted),)


def tasks() -> Collection:
    """Count tasks by state."""
    asked = " ".join(f"{state}: InfrahubTask(state: [{state}]) {{ count }}" for state in TASK_STATES)
    answer = yield Question(f"query infrahub_exporter {{ {asked} }}")
    counted = {state.lower(): count_of(answer, state) for state in TASK_STATES}
    return (by("infrahub_tasks", "Tasks that Infrahub still knows, by state.", "state", counted),)


def artifacts() -> Collection:
    """Count artifacts by status."""
    counted = yield from counts_of("CoreArtifact", "status__value", ARTIFACT_STATES)
    return (by("infrahub_artifacts", "Artifacts by status.", "status", counted),)


def repositories() -> Collection:
    """Tell how each repository is doing: one series per state, 1 for the one that it is in."""
    answer = yield Question(
        "query infrahub_exporter { CoreGenericRepository { edges { node { __typename "
        "name { value } sync_status { value } operational_status { value } } } } }"
    )
    found = list(nodes_of(answer, "CoreGenericRepository"))
    return (
        states_of(
            "infrahub_repository_sync_status", "Whether a repository is in step.", found, "sync_status", SYNC_STATES
        ),
        states_of(
            "infrahub_repository_operational_status",
            "Whether a repository can be reached.",
            found,
            "operational_status",
            OPERATIONAL_STATES,
        ),
    )


def pools() -> Collection:
    """Tell how much of each resource pool is taken, from 0 to 1, by all branches and by the default one."""
    answer = yield Question(
        "query infrahub_exporter { CoreResourcePool { edges { node { id __typename display_label } } } }"
    )
    found = [node for node in nodes_of(answer, "CoreResourcePool") if isinstance(node.get("id"), str)]
    taken: list[tuple[tuple[str, ...], float]] = []
    taken_by_default: list[tuple[tuple[str, ...], float]] = []
    if found:
        numbered = {f"pool{index}": node for index, node in enumerate(found)}
        declared = ", ".join(f"${alias}: String!" for alias in numbered)
        asked = " ".join(
            f"{alias}: InfrahubResourcePoolUtilization(pool_id: ${alias}) {{ utilization utilization_default_branch }}"
            for alias in numbered
        )
        used = yield Question(
            f"query infrahub_exporter({declared}) {{ {asked} }}",
            {alias: node["id"] for alias, node in numbered.items()},
        )
        for alias, node in numbered.items():
            labels = (str(node.get("display_label") or node["id"]), str(node.get("__typename")))
            for key, series in (("utilization", taken), ("utilization_default_branch", taken_by_default)):
                percent = mapping_of(used, alias).get(key)
                if isinstance(percent, int | float):
                    series.append((labels, percent / 100))
    names = ("pool", "kind")
    return (
        gauge("infrahub_pool_utilization_ratio", "How much of a resource pool is taken.", names, taken),
        gauge(
            "infrahub_pool_utilization_default_branch_ratio",
            "How much of a resource pool the default branch takes.",
            names,
            taken_by_default,
        ),
    )


def server() -> Collection:
    """Tell Infrahub's version, and how many of its workers are active."""
    answer = yield Question(
        "query infrahub_exporter { InfrahubInfo { version } "
        "InfrahubStatus { workers { edges { node { id active } } } } }"
    )
    version = str(mapping_of(answer, "InfrahubInfo").get("version") or "")
    workers = list(nodes_of(mapping_of(answer, "InfrahubStatus"), "workers"))
    active = sum(worker.get("active") is True for worker in workers)
    return (
        Family(
            "infrahub_server_info",
            FamilyType.INFO,
            "The version of Infrahub.",
            (Section(("version",), (Sample("server", (version,)),)),),
        ),
        by(
            "infrahub_workers",
            "Workers of Infrahub by whether they are active.",
            "active",
            {"true": active, "false": len(workers) - active},
        ),
    )


def proposed_changes(contents: Sequence[str] = ()) -> Collection:
    """Count proposed changes by state, and name the nodes of some kinds that open ones add, update and remove.

    What an open one does comes from Infrahub's own diff of its branch.
    """
    kind, states = "CoreProposedChange", (*PROPOSED_STATES, _PASSING_STATE)
    asked = " ".join(f'{state}: {kind}(state__value: "{state}") {{ count }}' for state in states)
    if contents:
        asked += f' opened: {kind}(state__value: "open") {_OPENED} {_BRANCHES}'
    answer = yield Question(f"query infrahub_exporter {{ {asked} }}")
    counted = {state: count_of(answer, state) for state in states}
    if not counted[_PASSING_STATE]:
        del counted[_PASSING_STATE]
    families = [by("infrahub_proposed_changes", "Proposed changes by state.", "state", counted)]
    if contents:
        there = {text_of(node, "name") for node in nodes_of(answer, "InfrahubBranch")}
        opened = [(text_of(node, "name"), text_of(node, "source_branch")) for node in nodes_of(answer, "opened")]
        named = yield from _contents([each for each in opened if each[1] in there], contents)
        families.append(
            gauge(
                "infrahub_proposed_change_node",
                "Nodes that an open proposed change adds, updates or removes.",
                ("proposed_change", "branch", "kind", "node", "action"),
                [(labels, 1.0) for labels in named],
            )
        )
    return tuple(families)


def _contents(
    opened: Sequence[tuple[str, str]], kinds: Sequence[str]
) -> Generator[Question, Answer, list[tuple[str, ...]]]:
    """Ask for the diffs of the branches of open proposed changes, all in one document; a branch may have none yet."""
    if not opened:
        return []
    numbered = {f"branch{index}": branch for index, branch in enumerate(dict.fromkeys(branch for _, branch in opened))}
    declared = ", ".join(f"${alias}: String!" for alias in numbered)
    asked = " ".join(
        f"{alias}: DiffTree(branch: ${alias}, include_parents: false, filters: {{ kind: {{ includes: $kinds }} }}) "
        "{ nodes { uuid kind label status } }"
        for alias in numbered
    )
    variables: dict[str, JSON] = {"kinds": list(kinds), **numbered}
    answer = yield Question(f"query infrahub_exporter($kinds: [String!], {declared}) {{ {asked} }}", variables)
    touched: dict[str, list[tuple[str, ...]]] = {}
    for alias, branch in numbered.items():
        tree = answer.get(alias)
        nodes = tree.get("nodes") if isinstance(tree, dict) else None
        for node in nodes if isinstance(nodes, list) else []:
            if isinstance(node, dict) and node.get("kind") in kinds and node.get("status") != "UNCHANGED":
                name = str(node.get("label") or node.get("uuid"))
                row = (branch, str(node["kind"]), name, str(node.get("status")).lower())
                touched.setdefault(branch, []).append(row)
    rows = ((change, *row) for change, branch in opened for row in touched.get(branch, ()))
    return sorted(set(rows))


_COLLECTORS: Mapping[str, Callable[[], Collection]] = {
    "branches": branches,
    "validators": validators,
    "tasks": tasks,
    "pools": pools,
    "repositories": repositories,
    "artifacts": artifacts,
    "server": server,
}


def collection(spec: CollectorSpec, memory: Memory) -> Collection:
    """Begin to collect what a spec asks for; what has been seen before is remembered from one time to the next."""
    if spec.collector == "proposed_changes":
        return proposed_changes(spec.contents)
    if spec.collector == "events":
        return events(memory)
    return _COLLECTORS[spec.collector]()
