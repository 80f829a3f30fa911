"""How values read as label values."""

import json

import msgspec
import pytest
from hypothesis import given

from infrahub_exporter.domain.model import Peer
from infrahub_exporter.domain.texts import label_form, text
from tests.unit.domain.anything import JSON_VALUES


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("", ""),
        ("plain", "plain"),
        ('says "hi",\nthen C:\\temp', 'says "hi",\nthen C:\\temp'),
        (None, ""),
        (0, "0"),
        (-2, "-2"),
        (9007199254740993, "9007199254740993"),
        (2**70, "1180591620717411303424"),
        (0.5, "0.5"),
        (True, "true"),
        (False, "false"),
        ([], "[]"),
        (["b", 1, None, True], '["b",1,null,true]'),
        ({"fans": 4, "psu": ["ok", None], "ü": 0.5}, '{"fans":4,"psu":["ok",null],"ü":0.5}'),
        (Peer("17ab", "LocationSite", ("paris",)), "LocationSite__paris"),
        (Peer("17ab", "InfraInterface", ("leaf1", "et-0/0/1")), "InfraInterface__leaf1__et-0/0/1"),
        (Peer("17ab", "IpamIPAddress"), "17ab"),
        (Peer("17ab", "IpamIPAddress", ()), "17ab"),
        ((), ""),
        (("red", "blue"), "blue,red"),
        (("red", None, "blue", "red"), "blue,red,red"),
        ((10, 9, True), "10,9,true"),
        ((["x", "y"], ["a"]), '["a"],["x","y"]'),
        ((Peer("2", "Tag", ("red",)), Peer("1", "Tag")), "1,Tag__red"),
    ],
)
def test_a_value_has_one_text(value: object, written: str) -> None:
    assert text(value) == written


@given(JSON_VALUES)
def test_any_json_value_has_a_text_and_what_is_no_text_reads_back(value: object) -> None:
    written = text(value)
    if isinstance(value, str):
        assert written == value
    elif value is not None:
        assert json.loads(written) == value
        assert msgspec.json.decode(written) == value


@pytest.mark.parametrize(
    ("hfid", "form"), [(("a", "b"), "Kind__a__b"), (("a",), "Kind__a"), ((), "17ab"), (None, "17ab")]
)
def test_a_node_is_named_by_kind_and_human_friendly_id_else_by_its_id(hfid: tuple[str, ...] | None, form: str) -> None:
    assert label_form("Kind", hfid, "17ab") == form
