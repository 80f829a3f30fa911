"""Every instant since the start can be read."""

from typing import Any

Ask = Any


def test_an_instant_shows_nodes_values_and_relations_as_they_were(fresh: Ask) -> None:
    before = fresh.clock.move()
    fresh('mutation { NetDeviceCreate(data: {name: {value: "new"}}) { ok } }')
    fresh('mutation { NetDeviceDelete(data: {hfid: ["bare"]}) { ok } }')
    fresh('mutation { NetDeviceUpdate(data: {hfid: ["leaf1"], units: {value: 9}, site: {hfid: ["tromsø"]}}) { ok } }')
    selection = "display_label units { value } site { node { hfid } }"
    then = [
        {"display_label": "BARE (leaf)", "units": {"value": None}, "site": {"node": None}},
        {"display_label": "CORE1 (core_router)", "units": {"value": 2}, "site": {"node": {"hfid": ["tromsø"]}}},
        {"display_label": "LEAF1 (leaf)", "units": {"value": 0}, "site": {"node": {"hfid": ["oslo"]}}},
    ]

    assert fresh.nodes("NetDevice", selection, at=before) == then
    assert fresh.nodes("NetDevice", selection, at=before.replace("Z", "+00:00")) == then
    assert fresh.nodes("NetDevice", selection, at=before.removesuffix("Z")) == then
    assert [node["display_label"] for node in fresh.nodes("NetDevice", selection)] == [
        "CORE1 (core_router)",
        "LEAF1 (leaf)",
        "NEW (leaf)",
    ]
    assert fresh.nodes('NetDevice(name__value: "leaf1")', selection)[0]["site"] == {"node": {"hfid": ["tromsø"]}}


def test_hfids_are_found_as_they_were(fresh: Ask) -> None:
    before = fresh.clock.move()
    fresh('mutation { NetDeviceUpdate(data: {hfid: ["bare"], name: {value: "other"}}) { ok } }')

    assert fresh.names('NetDevice(hfid: ["bare"])', at=before) == ["BARE (leaf)"]
    assert fresh.names('NetDevice(hfid: ["bare"])') == []
    assert fresh.names('NetDevice(hfid: ["other"])') == ["OTHER (leaf)"]


def test_every_version_of_a_node_can_be_read(fresh: Ask) -> None:
    instants = []
    for units in (1, 2, 3):
        fresh(f'mutation {{ NetDeviceUpdate(data: {{hfid: ["bare"], units: {{value: {units}}}}}) {{ ok }} }}')
        instants.append(fresh.clock.move())

    seen = [
        fresh.nodes('NetDevice(name__value: "bare")', "units { value }", at=at)[0]["units"]["value"] for at in instants
    ]
    assert seen == [1, 2, 3]


def test_stamps_are_not_pinned(fresh: Ask) -> None:
    before = fresh.clock.move()
    fresh('mutation { NetDeviceUpdate(data: {hfid: ["bare"], units: {value: 1}}) { ok } }')
    document = '{ NetDevice(name__value: "bare") { edges { node { units { value } } node_metadata { updated_at } } } }'

    (edge,) = fresh(document, at=before)["NetDevice"]["edges"]
    assert edge["node"] == {"units": {"value": None}}
    assert edge["node_metadata"] == {"updated_at": "2026-05-01T12:01:00.250000+00:00"}


def test_the_future_means_now(fresh: Ask) -> None:
    fresh('mutation { NetDeviceDelete(data: {hfid: ["bare"]}) { ok } }')
    assert len(fresh.names("NetDevice", at="2999-01-01T00:00:00Z")) == 2


def test_the_start_is_the_whole_second_of_loading(fresh: Ask) -> None:
    assert len(fresh.names("NetDevice", at="2026-05-01T12:00:00Z")) == 3
    assert fresh.answer("{ NetDevice { count } }", at="2026-05-01T11:59:59.9Z") == {
        "data": None,
        "errors": [
            {
                "message": "Requested time '2026-05-01T11:59:59.900000Z' is before branch 'main' was created at "
                "'2026-05-01T12:00:00.000000Z'.",
                "extensions": {"code": "UNDEFINED_ERROR", "http_status": 422, "data": {}},
            }
        ],
    }


def test_an_instant_that_is_none_is_refused(fresh: Ask) -> None:
    for text in ("1777636800", "yesterday", "2026-13-01T00:00:00Z"):
        assert fresh.answer("{ NetDevice { count } }", at=text) == {
            "data": None,
            "errors": [
                {
                    "message": f"Invalid time format for {text}",
                    "extensions": {"code": "UNDEFINED_ERROR", "http_status": 400, "data": {}},
                }
            ],
        }


def test_a_change_is_made_now_whatever_instant_is_asked_for(fresh: Ask) -> None:
    before = fresh.clock.move()
    fresh('mutation { NetDeviceDelete(data: {hfid: ["bare"]}) { ok } }', at=before)
    assert len(fresh.names("NetDevice", at=before)) == 3
    assert len(fresh.names("NetDevice")) == 2
