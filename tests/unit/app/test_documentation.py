"""docs/configuration.md says of every key what the code says, and of no other."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args, get_origin

import msgspec
import pytest
from msgspec import NODEFAULT, Struct
from msgspec.structs import FieldInfo, fields

from infrahub_exporter.app.configuration.environment import variable_name
from infrahub_exporter.app.configuration.settings import Settings, load_settings
from infrahub_exporter.app.configuration.wording import describe, strip_optional

ROOT = Path(__file__).parents[3]
DOCUMENT = ROOT / "docs" / "configuration.md"
KEY = re.compile(r"^### `([^`]+)`\n\n([^\n]*)\n", re.MULTILINE)
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)


def keys(type_: type[Struct] = Settings, before: str = "") -> Iterator[tuple[str, FieldInfo]]:
    """List the keys that hold values, in the order of the file, those of list entries after their list."""
    for field in fields(type_):
        key = f"{before}{field.name}"
        inner, _ = strip_optional(field.type)
        if not is_section(inner):
            yield key, field
        if is_section(inner):
            yield from keys(inner, f"{key}.")
        elif get_origin(inner) is tuple and is_section(get_args(inner)[0]):
            yield from keys(get_args(inner)[0], f"{key}[].")


def is_section(type_: Any) -> bool:
    return isinstance(type_, type) and issubclass(type_, Struct)


def documented_line(key: str, field: FieldInfo) -> str:
    """Write the line below a key's heading."""
    outside, _, inside = key.partition("[]")
    variable = f"`{variable_name(tuple(outside.split('.')))}`"
    return f"Type: {describe(field.type)}. {default(field)}. Variable: {f'in {variable}' if inside else variable}."


def default(field: FieldInfo) -> str:
    value = field.default_factory() if field.default_factory is not NODEFAULT else field.default
    if value is NODEFAULT:
        return "Required"
    if value is None:
        return "Default: none"
    text = value if isinstance(value, str) else msgspec.json.encode(value).decode().removesuffix(".0")
    return f"Default: `{text}`"


def test_every_key_is_documented_with_its_type_default_and_variable() -> None:
    documented = dict(KEY.findall(DOCUMENT.read_text(encoding="utf-8")))
    assert documented == {key: documented_line(key, field) for key, field in keys()}


def test_no_key_is_documented_twice() -> None:
    found = [key for key, _ in KEY.findall(DOCUMENT.read_text(encoding="utf-8"))]
    assert len(found) == len(set(found))


@pytest.mark.parametrize(
    "name", ["README.md", "docs/configuration.md", "docs/migrating.md", "docs/paths.md", "docs/collectors.md"]
)
def test_configurations_in_the_documentation_load(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "queries").mkdir()
    (tmp_path / "queries" / "devices.gql").write_text("{ DcimDevice { edges { node { id } } } }", encoding="utf-8")
    for file in ("tls.crt", "tls.key"):
        (tmp_path / file).touch()
    blocks = YAML.findall((ROOT / name).read_text(encoding="utf-8"))
    examples = [text for text in blocks if text.startswith("infrahub:")]
    assert examples
    warned: list[str] = []
    for number, text in enumerate(examples):
        path = tmp_path / f"{number}.yml"
        path.write_text(text, encoding="utf-8")
        load_settings(path, {}, warned.append)
    assert all(line.endswith("infrahub.token: not set, Infrahub is read anonymously") for line in warned)
