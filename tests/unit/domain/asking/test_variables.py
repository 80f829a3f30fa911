"""Variables take values of their types, and nothing else."""

import pytest

from infrahub_exporter.domain.asking.variables import Variable, check_given, find, parameter, read_parameters, typed
from infrahub_exporter.domain.errors import BadParameterError, ConfigError
from infrahub_exporter.domain.model import JSON

SITE, ROLES = Variable("site", "String!"), Variable("roles", "[String!]", has_default=True)


@pytest.mark.parametrize(
    ("type_name", "value", "brought"),
    [
        ("String", "a", "a"),
        ("ID!", "17ab", "17ab"),
        ("DateTime", "2026-01-31T00:00:00Z", "2026-01-31T00:00:00Z"),
        ("Int", 5, 5),
        ("Int!", "5", 5),
        ("Int", "-2147483648", -2147483648),
        ("BigInt", "-9007199254740993", -9007199254740993),
        ("Float", 1, 1),
        ("Float", "1.5", 1.5),
        ("Boolean", True, True),
        ("Boolean", "False", False),
        ("[String!]!", ["a", "b"], ["a", "b"]),
        ("[String]", "a", ["a"]),
        ("[[Int]]", [["1"], 2], [[1], [2]]),
        ("GenericScalar", {"a": [1]}, {"a": [1]}),
        ("BranchStatus", "MERGING", "MERGING"),
    ],
)
def test_a_value_is_brought_to_its_type(type_name: str, value: JSON, brought: JSON) -> None:
    found = typed(type_name, value)
    assert (found, type(found)) == (brought, type(brought))


@pytest.mark.parametrize(
    ("type_name", "value", "problem"),
    [
        ("String", 5, "expected text (String), got 5"),
        ("String!", ["a"], "expected text (String), got ['a']"),
        ("Int", "5.0", "expected an integer (Int), got '5.0'"),
        ("Int", 2147483648, "expected an integer of 32 bits (Int), got 2147483648"),
        ("[Int!]", ["-2147483649"], "expected an integer of 32 bits (Int), got -2147483649"),
        ("Int", 5.0, "expected an integer (Int), got 5.0"),
        ("BigInt!", True, "expected an integer (BigInt), got True"),
        ("Float", "many", "expected a number (Float), got 'many'"),
        ("Float", "nan", "expected a number (Float), got 'nan'"),
        ("Boolean", "yes", "expected true or false, got 'yes'"),
        ("Boolean", 1, "expected true or false, got 1"),
        ("[Int]", ["1", "x"], "expected an integer (Int), got 'x'"),
    ],
)
def test_what_does_not_fit_is_refused(type_name: str, value: JSON, problem: str) -> None:
    with pytest.raises(ConfigError) as caught:
        typed(type_name, value)
    assert str(caught.value) == problem


def test_a_variable_is_found_by_its_name_or_refused_with_the_nearest() -> None:
    assert find([SITE, ROLES], "roles") == ROLES
    with pytest.raises(ConfigError, match=r"^the query has no variable 'role', did you mean 'roles'\?$"):
        find([SITE, ROLES], "role")


def test_each_variable_without_a_default_needs_a_value() -> None:
    check_given([SITE, ROLES], ["site"])
    with pytest.raises(ConfigError, match=r"^expected a value for 'site' \(String!\), which the query declares$"):
        check_given([SITE, ROLES], ["roles"])


def test_parameters_come_in_the_order_in_which_they_are_listed() -> None:
    asked = [("roles", "edge"), ("site", "paris"), ("roles", "core")]
    found = read_parameters(["site", "roles"], [SITE, ROLES], asked)
    assert list(found.items()) == [("site", "paris"), ("roles", ["edge", "core"])]
    assert read_parameters(["site", "roles"], [SITE, ROLES], [("roles", "edge")]) == {"roles": ["edge"]}


def test_parameters_of_a_document_that_is_not_known_yet_stay_texts() -> None:
    assert read_parameters(["limit", "roles"], [], [("limit", "5"), ("roles", "a"), ("roles", "b")]) == {
        "limit": "5",
        "roles": ["a", "b"],
    }


def test_a_parameter_that_does_not_fit_is_refused_by_its_name() -> None:
    with pytest.raises(BadParameterError, match=r"^parameter 'limit': expected an integer \(Int\), got 'x'$"):
        parameter("limit", "Int", ["x"])


def test_the_values_of_a_url_which_name_a_list_may_not_be_long() -> None:
    most = [("site", "x" * 600), ("roles", "y" * 400)]
    assert len(read_parameters(["site", "roles"], [SITE, ROLES], most)) == 2
    with pytest.raises(BadParameterError) as raised:
        read_parameters(["site", "roles"], [SITE, ROLES], [*most, ("roles", "z")])
    assert str(raised.value) == "the values of parameters have more than 1000 characters in all"
