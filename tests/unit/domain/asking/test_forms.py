import pytest

from infrahub_exporter.domain.asking.forms import Form, Written, apply, number, paths
from infrahub_exporter.domain.errors import ConfigError


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("name", ("name",)),
        (("oob.address.ip", "loopback.address.ip"), ("oob.address.ip", "loopback.address.ip")),
        (Form(path="role", map={"spine": "core"}), ("role",)),
        (Form(path=("a", "b"), default="c"), ("a", "b")),
        (Form(value="if_mib"), ()),
    ],
)
def test_the_paths_of_a_value_are_listed_in_their_order(written: Written, expected: tuple[str, ...]) -> None:
    assert paths(written) == expected


@pytest.mark.parametrize(
    ("written", "found", "expected"),
    [
        ("name", [("leaf1",)], ("leaf1",)),
        ("name", [()], ()),
        ("tags[].name", [("a", "b")], ("a", "b")),
        (("a", "b"), [(), ("2",)], ("2",)),
        (("a", "b"), [("",), ("2",)], ("2",)),
        (("a", "b"), [("1",), ("2",)], ("1",)),
        (("a", "b"), [(False,), ("2",)], (False,)),
        (Form(path="kind", map={"EstateSwitch": 6030}), [("EstateSwitch",)], (6030,)),
        (Form(path="kind", map={"EstateSwitch": 6030}), [("EstateServer",)], ()),
        (Form(path="kind", map={"EstateSwitch": 6030}, default=9100), [("EstateServer",)], (9100,)),
        (Form(path="kind", map={"EstateSwitch": 6030}, default=9100), [()], (9100,)),
        (Form(path="active", map={"true": "up"}), [(True,)], ("up",)),
        (Form(path="tags[].name", map={"a": "A"}), [("a", "b")], ("A",)),
        (Form(path="tags[].name", map={"a": "A"}, default="-"), [("a", "b")], ("A", "-")),
        (Form(path="role", default="none"), [()], ("none",)),
        (Form(path="role", default="none"), [("leaf",)], ("leaf",)),
        (Form(path="megabits", times=1000000), [(500,)], (500000000,)),
        (Form(path="megabits", times=0.001), [("12",)], (0.012,)),
        (Form(path="megabits", times=1000000), [("fast",)], ()),
        (Form(path="megabits", times=1000000, default=0), [("fast",)], (0,)),
        (Form(value="if_mib"), [], ("if_mib",)),
        (Form(value=0), [], (0,)),
    ],
)
def test_a_value_is_made_of_what_its_paths_find(
    written: Written, found: list[tuple[object, ...]], expected: tuple[object, ...]
) -> None:
    assert apply(written, found) == expected


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({}, "expected one of path and value, got neither"),
        ({"path": "a", "value": 1}, "expected one of path and value, got both"),
        ({"path": ()}, "path: expected at least one path, got an empty list"),
        ({"value": 1, "default": 2}, "default: expected path beside it, a constant is what it is"),
        ({"value": 1, "map": {"a": 1}}, "map: expected path beside it, a constant is what it is"),
        ({"path": "a", "map": {"a": 1}, "times": 2.0}, "times: expected no map beside it"),
    ],
)
def test_keys_that_do_not_go_together_are_refused(keys: dict[str, object], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Form(**keys)  # type: ignore[arg-type]
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1, 1),
        (1.5, 1.5),
        (True, 1),
        (False, 0),
        ("12", 12.0),
        (" 1e3 ", 1000.0),
        ("1_000", None),
        ("x", None),
        ("nan", None),
        ("-inf", None),
        (None, None),
        ([1], None),
    ],
)
def test_a_number_is_read_of_what_says_one(value: object, expected: float | None) -> None:
    assert number(value) == expected
