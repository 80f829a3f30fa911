"""Whatever a file or a variable holds: settings, or one line that says what is wrong."""

from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from infrahub_exporter.app.configuration.document import parse_document
from infrahub_exporter.app.configuration.environment import places, variable_name
from infrahub_exporter.app.configuration.settings import Settings, load_settings, parse_settings
from infrahub_exporter.domain.errors import ConfigError

VARIABLES = [variable_name(place) for place, _ in places(Settings)]
KEYS = sorted({str(step) for place, _ in places(Settings) for step in place} | {"include", "filters", "target_field"})
TEXTS = st.sampled_from(
    ["http://a", "A", "name", "site.name", "a[]", "/", "..", "\0", "~", "gzip", "x" * 5000, "1e400"]
)
LEAVES = st.none() | st.booleans() | st.integers() | st.just(10**400) | st.floats() | st.text() | TEXTS
NAMES = st.sampled_from(KEYS) | st.text(max_size=3) | st.integers()
TREES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=12
)
MARKS = st.sampled_from(
    ["{", "}", "[", "]", ": ", "- ", "? ", "\n", "  ", "&a ", "*a", "<<: ", "!!int ", "!x ", "'", '"', "#"]
)
YAMLISH = st.lists(MARKS | st.sampled_from(KEYS) | TEXTS | st.text(max_size=4), max_size=25).map("".join)

WARNINGS: list[str] = []


def lines(error: ConfigError) -> None:
    """Check that there is a line for each fault, with nothing in it that ends a line."""
    assert str(error).splitlines() == str(error).split("\n")
    assert all(str(error).split("\n"))


@given(TREES)
def test_plain_values_are_settings_or_a_config_error(tree: object) -> None:
    try:
        parse_settings({"infrahub": {"address": "http://a"}, **tree} if isinstance(tree, dict) else tree)
    except ConfigError as caught:
        lines(caught)


@given(YAMLISH)
@settings(max_examples=300)
@example("!!int a: !!float b")
@example("? !!null a\n: 1")
@example("!!timestamp a")
@example("!!binary '='")
@example("!!bool maybe")
@example("- !!set {a}")
@example("=")
@example("1:30")
@example("9" * 5000)
@example("0x" + "f" * 5000)
@example("1e9999")
@example("[" * 1000)
@example("%YAML 9.9\n---\na")
@example("a: &a [*a]")
@example("<<: [{a: 1}, 2]")
@example("{<<: {a: 1}, a: 2}")
@example('"\\ud800": 1')
@example("\ud800")
def test_any_text_is_values_or_a_config_error(text: str) -> None:
    try:
        parse_document(text)
    except ConfigError as caught:
        lines(caught)


@given(
    st.binary(max_size=30) | YAMLISH.map(lambda text: text.encode("utf-8", "surrogatepass")),
    st.dictionaries(st.sampled_from(VARIABLES), YAMLISH, max_size=3),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_file_with_any_environment_is_settings_or_a_config_error(
    tmp_path: Path, content: bytes, env: dict[str, str]
) -> None:
    path = tmp_path / "config.yml"
    path.write_bytes(content)
    try:
        load_settings(path, env, WARNINGS.append)
    except ConfigError as caught:
        lines(caught)
