"""The path language and the labels that it names."""

import re

import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.paths import (
    Fitting,
    OfKind,
    Other,
    Path,
    Predicate,
    Step,
    label_name,
    label_names,
    parse,
    suggestion,
)
from infrahub_exporter.domain.errors import ConfigError
from tests.unit.domain.anything import PATHS

TAGS = Step("tags", many=True)


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("name", (Step("name"),)),
        ("site.region.name", (Step("site"), Step("region"), Step("name"))),
        ("tags[]", (TAGS,)),
        ("tags[].name", (TAGS, Step("name"))),
        (
            "interfaces[].ip_addresses[].address.ip",
            (Step("interfaces", many=True), Step("ip_addresses", many=True), Step("address"), Step("ip")),
        ),
        ("status.label", (Step("status"), Step("label"))),
        ("name.value", (Step("name"), Step("value"))),
        ("_private2", (Step("_private2"),)),
    ],
)
def test_a_path_is_its_names_in_order(text: str, steps: tuple[Step, ...]) -> None:
    assert parse(text) == Path(steps)


@pytest.mark.parametrize(
    ("graphql", "plain"),
    [
        ("site.node.name.value", "site.name"),
        ("site.node.name", "site.name"),
        ("site.node", "site"),
        ("site.node.region.node.name.value", "site.region.name"),
        ("address.node.address.ip", "address.address.ip"),
        ("tags.edges[].node.name.value", "tags[].name"),
        ("tags.edges.node[].name.value", "tags[].name"),
        ("tags.edges.node.name.value", "tags.name"),
        ("tags.edges[].node", "tags[]"),
        ("tags[].node.name.value", "tags[].name"),
        ("edges[].node.name", "name"),
        ("node.site.node.name.value", "site.name"),
        ("setting.node.value", "setting.value"),
        ("setting.node.value.value", "setting.value"),
        ("node.value", "value"),
    ],
)
def test_the_graphql_shaped_form_is_the_same_path(graphql: str, plain: str) -> None:
    assert parse(graphql).steps == parse(plain).steps


def test_a_path_keeps_what_was_written_beside_what_only_graphqls_shape_needs() -> None:
    assert [step.name for step in parse("site.node.name.value").written] == ["site", "node", "name", "value"]
    assert parse("site.name").written == parse("site.name").steps


@pytest.mark.parametrize("text", ["node", "edges", "edges[]", "edges.node"])
def test_a_wrapper_that_is_the_whole_path_is_a_name_like_any_other(text: str) -> None:
    assert [step.name for step in parse(text).steps] == [text.rpartition(".")[2].removesuffix("[]")]


@pytest.mark.parametrize(
    "text",
    [
        "",
        ".",
        "site.",
        ".name",
        "site..name",
        "a b",
        "9lives",
        "tags]",
        "tags[][]",
        "tags[]name",
        "[]",
        "name\n",
        "é",
    ],
)
def test_what_is_no_path_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    assert str(raised.value) == (
        f"path {text!r}: expected names joined by dots, each perhaps followed by [], as in 'tags[].name'"
    )


@pytest.mark.parametrize(
    ("text", "step"),
    [
        ("a[other]", Step("a", selector=Other())),
        ("a[DcimCable]", Step("a", selector=OfKind("DcimCable"))),
        ("a[name=x]", Step("a", selector=Fitting((Predicate((Step("name"),), ("x",)),)))),
        ("a[name=x|y z]", Step("a", selector=Fitting((Predicate((Step("name"),), ("x", "y z")),)))),
        ("a[name!=]", Step("a", selector=Fitting((Predicate((Step("name"),), ("",), negated=True),)))),
        (
            "a[ip.ip = 10.0.0.1, name!~eth.*|lo]",
            Step(
                "a",
                selector=Fitting(
                    (
                        Predicate((Step("ip"), Step("ip")), ("10.0.0.1",)),
                        Predicate((Step("name"),), ("eth.*|lo",), pattern=True, negated=True),
                    )
                ),
            ),
        ),
    ],
)
def test_a_selector_stands_between_the_brackets(text: str, step: Step) -> None:
    assert parse(text).steps == (step,)
    assert parse(f"{text}.name").steps == (step, Step("name"))
    assert label_name(parse(f"{text}.name")) == "a_name"


def test_a_selector_of_a_wrapper_belongs_to_the_relation_before_it() -> None:
    assert parse("ends.edges[other].node.name.value").steps == parse("ends[other].name").steps


@pytest.mark.parametrize(
    ("text", "steps", "up"),
    [("^name", (Step("name"),), 1), ("^^device.name", (Step("device"), Step("name")), 2), ("name", (Step("name"),), 0)],
)
def test_a_path_begins_before_the_row_where_rows_are_given(text: str, steps: tuple[Step, ...], up: int) -> None:
    assert parse(text, rows=True) == Path(steps, up)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("^name", "^ leads from a row to what stands before it, and no rows are given here"),
        ("tags[", "expected a ] for each ["),
        ("tags[name~[0-9]]", "what stands between [ and ] cannot have brackets itself"),
        ("tags[0]", "expected [], [other], [Kind] or [name=value], got [0]"),
        ("tags[others].name", "expected [], [other], [Kind] or [name=value], got [others]"),
        ("tags[name==x]", "expected [], [other], [Kind] or [name=value], got [name==x]"),
        ("tags[name=x,other]", "expected [], [other], [Kind] or [name=value], got 'other' in [name=x,other]"),
        ("tags[name~(]", "'(' is no regular expression of RE2: missing ): ("),
    ],
)
def test_each_fault_of_a_path_has_a_line_of_its_own(text: str, message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        parse(text)
    assert str(raised.value) == f"path {text!r}: {message}"


@given(PATHS)
def test_any_path_of_the_grammar_has_at_least_one_step_and_a_legal_label(text: str) -> None:
    path = parse(text)
    assert path.steps
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label_name(path))


@given(PATHS)
def test_a_path_written_from_its_steps_is_the_same_path(text: str) -> None:
    path = parse(text)
    assert parse(".".join(step.name + "[]" * step.many for step in path.written)) == path


@given(strategies.text())
def test_any_other_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        steps = parse(text).steps
    except ConfigError:
        return
    assert all(step.name for step in steps)


def test_labels_are_the_identity_then_the_names_of_each_path_joined_by_underscores() -> None:
    assert label_names(["name", "site.region.name", "tags[]", "site.node.name.value", "status.label"]) == (
        "id",
        "hfid",
        "name",
        "site_region_name",
        "tags",
        "site_name",
        "status_label",
    )


def test_labels_can_have_names_of_their_own_beside_those_of_their_paths() -> None:
    labels = {"site": "site.name", "far": "connector.endpoints[other].device.name"}
    assert label_names(["name"], labels) == ("id", "hfid", "name", "site", "far")


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ({"a-b": "name"}, "'a-b' is no label, expected letters, digits and underscores, as in 'far_device'"),
        ({"id": "name"}, "'name' cannot be named 'id', which every series has already"),
        ({"__x": "name"}, "'name' cannot be named '__x'; names that begin with __ belong to Prometheus"),
        ({"site_name": "name"}, "'site.name' and 'name' would both be the label 'site_name'"),
        (
            {"x": "name."},
            "path 'name.': expected names joined by dots, each perhaps followed by [], as in 'tags[].name'",
        ),
    ],
)
def test_a_name_that_is_no_label_or_is_taken_is_an_error(labels: dict[str, str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        label_names(["site.name"], labels)
    assert str(raised.value) == message


@pytest.mark.parametrize(
    ("include", "message"),
    [
        (["site.name", "site_name"], "'site.name' and 'site_name' would both be the label 'site_name'"),
        (["tags", "name", "tags[]"], "'tags' and 'tags[]' would both be the label 'tags'"),
        (["name", "name"], "'name' and 'name' would both be the label 'name'"),
        (["name", "id"], "'id' would be the label 'id', which every series has already"),
        (["hfid"], "'hfid' would be the label 'hfid', which every series has already"),
        (
            ["__typename"],
            "'__typename' would be the label '__typename'; names that begin with __ belong to Prometheus",
        ),
    ],
)
def test_labels_that_collide_are_an_error_that_names_both(include: list[str], message: str) -> None:
    with pytest.raises(ConfigError) as raised:
        label_names(include)
    assert str(raised.value) == message


def test_the_nearest_known_word_is_suggested_and_a_strange_one_has_none() -> None:
    assert suggestion("nmae", ["status", "name"]) == ", did you mean 'name'?"
    assert suggestion("zzz", ["status", "name"]) == ""
    assert suggestion("x" * 1000, ["x" * 1001]) == "", "it is not looked for what nobody types"
    assert suggestion("prot", ["spot", "port"]) == ", did you mean 'port'?"
    assert suggestion("STATUS", ["status", "name"]) == ", did you mean 'status'?"
    assert suggestion("locations", ["locator", "location"]) == ", did you mean 'location'?"
