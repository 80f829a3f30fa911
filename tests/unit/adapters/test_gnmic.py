import json

from infrahub_exporter.adapters.gnmic import GnmicMap
from infrahub_exporter.domain.asking.formats import GnmicFormat
from infrahub_exporter.domain.model import TargetGroup
from infrahub_exporter.domain.views.discovery import Decision

FORM = GnmicFormat(name="device", subscriptions="measures")


def block(*devices: str, measures: str = "load") -> tuple[Decision, ...]:
    groups = [TargetGroup((f"{name}:6030",), {"device": name, "measures": measures}) for name in devices]
    return (*(Decision("K", "1", group) for group in groups), Decision("K", "2", reason="no_target"))


def test_the_targets_of_all_blocks_are_one_object() -> None:
    assert b"".join(GnmicMap(FORM).render([block("a"), (), block("b", "c")])) == (
        b'{"a":{"address":"a:6030","subscriptions":["load"]},'
        b'"b":{"address":"b:6030","subscriptions":["load"]},"c":{"address":"c:6030","subscriptions":["load"]}}'
    )


def test_no_targets_are_an_object_without_any() -> None:
    assert b"".join(GnmicMap(FORM).render([])) == b"".join(GnmicMap(FORM).render([block(), ()])) == b"{}"


def test_a_name_of_two_blocks_is_one_target() -> None:
    found = GnmicMap(FORM).render([block("a"), block("a", "b", measures="wind")])
    assert json.loads(b"".join(found)) == {
        "a": {"address": "a:6030", "subscriptions": ["load", "wind"]},
        "b": {"address": "b:6030", "subscriptions": ["wind"]},
    }


def test_a_block_that_stays_is_rendered_once() -> None:
    subject, first, second = GnmicMap(FORM), block("a"), block("b")
    before = subject.render([first, second])
    after = subject.render([first, block("c")])
    assert before[1] == after[1]
    assert before[1] is after[1]
    assert b"".join(after).startswith(b'{"a":')
