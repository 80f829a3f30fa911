"""The nodes that every Infrahub has before anything is loaded, which object files may name."""

from collections.abc import Mapping, Sequence
from typing import Literal

from infrahub_exporter.adapters.embedded.kinds import Kinds
from infrahub_exporter.adapters.embedded.store import Record
from infrahub_exporter.adapters.embedded.writer import Writer

_Sort = Literal["CoreGlobalPermission", "CoreObjectPermission"]
_Permission = tuple[_Sort, Mapping[str, str | int]]
_NOBODY, _ELSEWHERE, _ALWAYS = 1, 4, 6
"""What a permission decides: never, on other branches than the default one, everywhere."""


def _global(action: str) -> _Permission:
    return "CoreGlobalPermission", {"action": action, "decision": _ALWAYS}


def _on_objects(action: str, decision: int, namespace: str = "*", name: str = "*") -> _Permission:
    return "CoreObjectPermission", {"namespace": namespace, "name": name, "action": action, "decision": decision}


_VIEW = _on_objects("view", _ALWAYS)
_WITHOUT_ROLE = (
    *("edit_default_branch", "manage_accounts", "manage_global_preferences", "manage_permissions"),
    *("merge_branch", "rebase_branch"),
)
_ROLES: Mapping[str, Sequence[_Permission]] = {
    "Super Administrator": (_global("super_admin"),),
    "General Access": (
        *map(_global, ("manage_repositories", "manage_schema", "merge_proposed_change")),
        _VIEW,
        _on_objects("any", _ELSEWHERE),
    ),
    "Proposed Change Reviewer": (
        *map(_global, ("edit_default_branch", "review_proposed_change")),
        _on_objects("update", _ALWAYS, "Core", "ProposedChange"),
    ),
    "Anonymous User": (_on_objects("any", _NOBODY), _VIEW),
}
_GROUPS: Mapping[str, Sequence[str]] = {
    "Super Administrators": ("Super Administrator",),
    "Infrahub Users": ("General Access", "Proposed Change Reviewer"),
}
_ADMINISTRATORS = "Super Administrators"


def create(kinds: Kinds, writer: Writer, instant: int) -> None:
    """Create the account, its groups with their roles and permissions, and the default namespace of addresses."""
    account = {"name": "admin", "label": "Admin", "password": "admin"}
    admin = writer.create(kinds["CoreAccount"], account, {}, instant)
    permissions: dict[str, Record] = {}

    def permit(wanted: _Permission) -> Record:
        sort, values = wanted
        name = f"{sort} {values}"
        if name not in permissions:
            permissions[name] = writer.create(kinds[sort], dict(values), {}, instant)
        return permissions[name]

    for action in _WITHOUT_ROLE:
        permit(_global(action))
    roles = {
        name: writer.create(
            kinds["CoreAccountRole"], {"name": name}, {"permissions": [permit(each) for each in wanted]}, instant
        )
        for name, wanted in _ROLES.items()
    }
    for name, given in _GROUPS.items():
        members = [admin] if name == _ADMINISTRATORS else []
        peers = {"roles": [roles[each] for each in given], "members": members}
        writer.create(kinds["CoreAccountGroup"], {"name": name}, peers, instant)
    writer.create(kinds["IpamNamespace"], {"name": "default", "default": True}, {}, instant)
