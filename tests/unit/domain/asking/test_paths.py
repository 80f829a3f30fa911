"""The path language and the labels that it names."""

import re

import pytest
from hypothesis import given, strategies

from infrahub_exporter.domain.asking.paths import Step, label_name, label_names, parse, suggestion
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
    assert parse(text) == steps


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
    assert parse(graphql) == parse(plain)


@pytest.mark.parametrize("text", ["node", "edges", "edges[]", "edges.node"])
def test_a_wrapper_that_is_the_whole_path_is_a_name_like_any_other(text: str) -> None:
    assert [step.name for step in parse(text)] == [text.rpartition(".")[2].removesuffix("[]")]


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
        "name[0]",
        "tags[",
        "tags]",
        "tags[][]",
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


@given(PATHS)
def test_any_path_of_the_grammar_has_at_least_one_step_and_a_legal_label(text: str) -> None:
    path = parse(text)
    assert path
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", label_name(path))


@given(PATHS)
def test_a_path_written_from_its_steps_is_the_same_path(text: str) -> None:
    path = parse(text)
    assert parse(".".join(step.name + "[]" * step.many for step in path)) == path


@given(strategies.text())
def test_any_other_text_is_refused_and_nothing_else_is_raised(text: str) -> None:
    try:
        steps = parse(text)
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
