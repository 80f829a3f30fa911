import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from infrahub_exporter.domain.access import webhooks
from infrahub_exporter.domain.access.webhooks import Deliveries, Delivery, Event, Refusal, Touched, sign, touched
from tests.unit.domain.anything import JSON_VALUES

KEY = "open-sesame"
NOW = 1_795_521_600.0
ID = "msg_5f0c6e1b9d7a4c0e8b2f"
PAYLOAD = {
    "data": {"kind": "InfraDevice", "node_id": "18a1", "action": "updated", "fields": ["description"]},
    "id": "06b0",
    "branch": "main",
    "account_id": None,
    "occured_at": "2026-11-24 12:00:00.123456+00:00",
    "event": "infrahub.node.updated",
}
EVENT = Event("infrahub.node.updated", "InfraDevice", "18a1", "main")
UNICODE = {**PAYLOAD, "data": {**PAYLOAD["data"], "changelog": "Zürich \u2603 \U0001f600"}}  # type: ignore[dict-item]


def escaped(payload: object) -> bytes:
    """What Infrahub signs."""
    return json.dumps(payload, separators=(",", ":")).encode()


def plain(payload: object) -> bytes:
    """What Infrahub sends."""
    return json.dumps(payload, separators=(",", ":"), ensure_ascii=False).encode()


def signed(
    body: bytes, *, over: bytes | None = None, identifier: str = ID, timestamp: str = f"{NOW:.0f}", key: str = KEY
) -> Delivery:
    return Delivery(identifier, timestamp, sign(key, identifier, timestamp, body if over is None else over), body)


def check(delivery: Delivery, *, now: float = NOW) -> Event | Refusal:
    return Deliveries(KEY).check(delivery, now=now, elapsed=0.0)


def changed(delivery: Delivery, **fields: object) -> Delivery:
    values = {name: getattr(delivery, name) for name in delivery.__struct_fields__}
    return Delivery(**{**values, **fields})


def test_the_signature_is_what_infrahub_computes() -> None:
    """The same text signed by `openssl dgst -sha256 -hmac open-sesame -binary | base64`."""
    assert sign(KEY, "msg_1", "1795521600", b'{"a":1}') == "v1,JBt/pe9uvNujONTwJZScbSmNVFByjCiggwon1kB3GLQ="


def test_a_genuine_delivery_is_its_event() -> None:
    assert check(signed(escaped(PAYLOAD))) == EVENT


def test_a_signature_over_the_escaped_form_of_what_was_sent_is_genuine() -> None:
    assert plain(UNICODE) != escaped(UNICODE)
    assert check(signed(plain(UNICODE), over=escaped(UNICODE))) == EVENT


def test_so_is_one_over_the_compact_form_of_what_was_sent_with_spaces() -> None:
    assert check(signed(json.dumps(UNICODE).encode(), over=escaped(UNICODE))) == EVENT


def test_and_one_over_the_body_itself_whatever_its_form() -> None:
    assert check(signed(json.dumps(UNICODE, indent=2, ensure_ascii=False).encode())) == EVENT


def test_a_key_may_be_any_text() -> None:
    delivery = signed(escaped(PAYLOAD), key="schlüssel")

    assert Deliveries("schlüssel").check(delivery, now=NOW, elapsed=0.0) == EVENT
    assert check(delivery) is Refusal.FORGED


def test_one_of_several_signatures_is_enough() -> None:
    delivery = signed(escaped(PAYLOAD))

    assert check(changed(delivery, signature=f"v1a,xyz {delivery.signature}")) == EVENT
    assert check(changed(delivery, signature="v1a,xyz v1,xyz")) is Refusal.FORGED


@pytest.mark.parametrize(
    "fields",
    [
        {"id": ""},
        {"id": "msg 1"},
        {"id": "msg_1\n"},
        {"id": "msg.1"},
        {"id": "x" * 129},
        {"timestamp": ""},
        {"timestamp": "now"},
        {"timestamp": "-1"},
        {"timestamp": "1e9"},
        {"timestamp": "nan"},
        {"timestamp": "\u0661"},
        {"timestamp": "1." + "0" * 10},
        {"signature": ""},
    ],
)
def test_headers_that_are_missing_or_cannot_be_infrahubs_are_no_signature(fields: dict[str, str]) -> None:
    assert check(changed(signed(escaped(PAYLOAD)), **fields)) is Refusal.UNSIGNED


@pytest.mark.parametrize(
    "fields",
    [
        {"id": "msg_2"},
        {"timestamp": f"{NOW + 1:.0f}"},
        {"timestamp": f"{NOW:.0f}.0"},
        {"signature": "v1,"},
        {"signature": "\u2603 \ud800"},
        {"body": b""},
        {"body": escaped({**PAYLOAD, "branch": "audit"})},
        {"body": b"[" * 100_000},
        {"body": b"9" * 5000},
        {"body": b'"\xff"'},
    ],
)
def test_what_was_not_signed_is_forged(fields: dict[str, object]) -> None:
    assert check(changed(signed(escaped(PAYLOAD)), **fields)) is Refusal.FORGED


def test_what_is_not_the_time_of_now_is_stale() -> None:
    delivery = signed(escaped(PAYLOAD), timestamp="1795521600.5")

    assert check(delivery, now=NOW + 300) == EVENT
    assert check(delivery, now=NOW + 301) is Refusal.STALE
    assert check(delivery, now=NOW - 299) == EVENT
    assert check(delivery, now=NOW - 300) is Refusal.STALE
    assert Deliveries(KEY, window_seconds=10).check(delivery, now=NOW + 11, elapsed=0.0) is Refusal.STALE


def test_what_was_here_before_is_replayed() -> None:
    deliveries = Deliveries(KEY)
    first, second = signed(escaped(PAYLOAD)), signed(escaped(PAYLOAD), identifier="msg_2")

    checked = [deliveries.check(each, now=NOW, elapsed=0.0) for each in (first, second, first, second)]

    assert checked == [EVENT, EVENT, Refusal.REPLAYED, Refusal.REPLAYED]


def test_a_forged_delivery_does_not_use_its_id_up() -> None:
    deliveries = Deliveries(KEY)

    assert deliveries.check(signed(escaped(PAYLOAD), key="other"), now=NOW, elapsed=0.0) is Refusal.FORGED
    assert deliveries.check(signed(escaped(PAYLOAD)), now=NOW, elapsed=0.0) == EVENT


def test_an_id_is_forgotten_when_its_time_has_passed() -> None:
    deliveries = Deliveries(KEY)
    for hours in range(5):
        now = NOW + 3600 * hours
        for number in range(10):
            delivery = signed(escaped(PAYLOAD), identifier=f"msg_{hours}_{number}", timestamp=f"{now:.0f}")
            assert deliveries.check(delivery, now=now, elapsed=0.0) == EVENT

    assert len(deliveries._seen) == 10


def test_what_there_is_no_room_for_is_refused_rather_than_followed_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webhooks, "_MOST_IDS", 3)
    deliveries = Deliveries(KEY)
    every = [signed(escaped(PAYLOAD), identifier=f"msg_{number}") for number in range(5)]

    expected: Sequence[Event | Refusal] = [EVENT] * 3 + [Refusal.TOO_MANY] * 2
    assert [deliveries.check(each, now=NOW, elapsed=0.0) for each in every] == expected
    again: Sequence[Event | Refusal] = [Refusal.REPLAYED] * 3 + [Refusal.TOO_MANY] * 2
    assert [deliveries.check(each, now=NOW, elapsed=0.0) for each in every] == again


def test_what_has_been_forgotten_is_not_followed_again_when_the_clock_is_set_back() -> None:
    deliveries = Deliveries(KEY)
    first = signed(escaped(PAYLOAD))
    later = signed(escaped(PAYLOAD), identifier="msg_2", timestamp=f"{NOW + 3600:.0f}")
    assert deliveries.check(first, now=NOW, elapsed=0.0) == EVENT
    assert deliveries.check(later, now=NOW + 3600, elapsed=3600.0) == EVENT
    assert deliveries.check(first, now=NOW, elapsed=3601.0) is Refusal.STALE


def test_who_has_not_signed_is_not_read_as_often_as_they_like(monkeypatch: pytest.MonkeyPatch) -> None:
    deliveries = Deliveries(KEY)
    forged = signed(escaped(PAYLOAD), key="other")
    checked = [deliveries.check(forged, now=NOW, elapsed=0.0) for _ in range(21)]
    assert checked[:20] == [Refusal.FORGED] * 20
    assert checked[20:] == [Refusal.TOO_MANY]
    monkeypatch.setattr(webhooks, "_read", lambda body: pytest.fail("read") if body == forged.body + b" " else PAYLOAD)
    assert deliveries.check(changed(forged, body=forged.body + b" "), now=NOW, elapsed=0.1) is Refusal.TOO_MANY
    assert deliveries.check(signed(escaped(PAYLOAD)), now=NOW, elapsed=0.1) == EVENT
    assert deliveries.check(forged, now=NOW, elapsed=0.25) is Refusal.FORGED


def test_who_has_signed_the_other_form_is_read_as_often_as_it_comes() -> None:
    deliveries = Deliveries(KEY)
    for number in range(50):
        delivery = signed(plain(UNICODE), over=escaped(UNICODE), identifier=f"msg_{number}")
        assert deliveries.check(delivery, now=NOW, elapsed=0.0) == EVENT


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"x", b"{}", b'{"event": 1}', b'{"event": null}'])
def test_a_body_that_is_no_event_is_malformed(body: bytes) -> None:
    assert check(signed(body)) is Refusal.MALFORMED


@pytest.mark.parametrize(
    ("payload", "event"),
    [
        ({"event": "infrahub.branch.merged"}, Event("infrahub.branch.merged")),
        ({"event": "infrahub.schema.updated", "branch": None, "data": None}, Event("infrahub.schema.updated")),
        ({"event": "x", "branch": "", "data": {"kind": 1, "node_id": ["a"]}}, Event("x")),
        ({"event": "x", "branch": "b", "data": {"kind": "A"}}, Event("x", "A", None, "b")),
    ],
)
def test_what_an_event_does_not_say_is_none(payload: object, event: Event) -> None:
    assert check(signed(escaped(payload))) == event


@given(JSON_VALUES)
def test_any_body_is_an_event_or_malformed_in_every_form_that_infrahub_sends(payload: object) -> None:
    results = [
        check(signed(escaped(payload))),
        check(signed(plain(payload), over=escaped(payload))),
        check(signed(json.dumps(payload).encode(), over=escaped(payload))),
    ]

    assert results == [results[0]] * 3
    assert isinstance(results[0], Event) or results[0] is Refusal.MALFORMED


@given(st.builds(Delivery, st.text(), st.text(), st.text(), st.binary()), st.floats(), st.text())
def test_nothing_that_comes_is_a_surprise(delivery: Delivery, now: float, key: str) -> None:
    checked = Deliveries(key).check(delivery, now=now, elapsed=0.0)

    assert checked in {Refusal.UNSIGNED, Refusal.STALE, Refusal.FORGED}


@given(st.binary(), st.text(alphabet="abc_-09", min_size=1), st.integers(0, 2**31), st.floats(0, 2**31))
def test_nothing_that_is_signed_is_a_surprise(body: bytes, identifier: str, timestamp: int, now: float) -> None:
    checked = check(signed(body, identifier=identifier, timestamp=str(timestamp)), now=now)

    assert checked is not Refusal.FORGED


@given(st.data(), st.sampled_from([plain(UNICODE), escaped(UNICODE)]))
def test_any_flipped_bit_is_refused(data: st.DataObject, body: bytes) -> None:
    """Only another spelling of the same JSON may pass, since it is what a re-dumped body is."""
    delivery = signed(body, over=escaped(UNICODE))
    field = data.draw(st.sampled_from(delivery.__struct_fields__))
    value = getattr(delivery, field)
    raw = bytearray(value if isinstance(value, bytes) else value.encode())
    position = data.draw(st.integers(0, len(raw) * 8 - 1))
    raw[position // 8] ^= 1 << position % 8
    flipped = changed(delivery, **{field: bytes(raw) if field == "body" else raw.decode("latin-1")})

    checked = check(flipped)

    assert isinstance(checked, Refusal) or (field == "body" and json.loads(raw) == UNICODE)


def test_every_other_split_of_what_was_signed_is_refused() -> None:
    """Id, timestamp and body are signed with dots between them: moving one must not make another delivery."""
    delivery = signed(escaped(PAYLOAD), timestamp="1795521600.25")
    whole = f"{delivery.id}.{delivery.timestamp}.".encode() + delivery.body
    dots = [index for index, byte in enumerate(whole) if byte == ord(".")]
    splits = [
        changed(delivery, id=whole[:a].decode(), timestamp=whole[a + 1 : b].decode(), body=whole[b + 1 :])
        for a in dots
        for b in dots
        if a < b
    ]

    checked = [check(each) for each in splits if each != delivery]

    assert len(splits) > 10
    assert {each for each in checked if isinstance(each, Event)} == set()


def test_a_node_touches_its_kind_on_its_branch() -> None:
    events = [EVENT, Event("infrahub.node.created", "A", "1", None), Event("infrahub.node.deleted", "B", "2", "audit")]

    assert touched(events, branch="main") == Touched(frozenset({"InfraDevice", "A"}))


def test_a_group_touches_the_kind_that_groups_are_watched_as() -> None:
    event = Event("infrahub.group.member_added", "CoreStandardGroup", "1", "main")

    assert touched([event], branch="main") == Touched(frozenset({"CoreStandardGroup", "CoreGroup"}))


@pytest.mark.parametrize(
    "type_",
    ["infrahub.branch.merged", "infrahub.branch.rebased", "infrahub.branch.migrated", "infrahub.schema.updated"],
)
@pytest.mark.parametrize("branch", [None, "main", "audit"])
def test_a_merge_and_a_new_schema_touch_everything(type_: str, branch: str | None) -> None:
    assert touched([EVENT, Event(type_, branch=branch)], branch="main") == Touched(
        frozenset({"InfraDevice"}), everything=True
    )


@pytest.mark.parametrize("type_", ["infrahub.account.logged_in", "infrahub.branch.created", "infrahub.branch.deleted"])
def test_an_event_without_a_kind_touches_nothing(type_: str) -> None:
    assert not touched([Event(type_, branch="main")], branch="main")
    assert touched([EVENT], branch="main")
    assert Touched(everything=True)
