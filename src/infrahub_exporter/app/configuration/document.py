"""YAML text to plain values, stricter than YAML: no key twice, no tags, no dates, no sexagesimal numbers."""

import re
from collections.abc import Iterator
from typing import Any

import yaml

from infrahub_exporter.domain.errors import ConfigError

_TAG = "tag:yaml.org,2002:"
_DECIMAL = re.compile(r"[-+]?(0|[1-9][0-9_]{0,99})")
_HEXADECIMAL = re.compile(r"0x[0-9a-fA-F]{1,64}")
_FLOAT = re.compile(r"[-+]?([0-9]{1,100}\.?[0-9]{0,100}|\.[0-9]{1,100})([eE][-+]?[0-9]{1,4})?")
_INFINITE = re.compile(r"([-+]?)\.(inf|Inf|INF)")
_IN_CONTEXT = {
    "while parsing a flow sequence": (
        'expected a comma or the end of the list; in [...] a path with brackets stands in quotes, such as "tags[]"'
    ),
    "while parsing a flow mapping": "expected a comma or the end of the mapping that { has begun",
    "while parsing a block mapping": "expected a key, indented like those above it",
    "while parsing a block collection": "expected a dash, indented like those above it",
}
"""What was expected, by what was being read."""
_IN_WORDS = (
    ("found character '\\t'", "a tab cannot stand here, indent by spaces"),
    ("cannot start any token", "a text cannot begin with this character, put it in quotes"),
    (
        "mapping values are not allowed",
        "a colon cannot stand here: keys of a mapping are indented alike, a text that has one stands in quotes",
    ),
    ("could not find expected ':'", "expected a colon and a space behind a key"),
    ("undefined alias", "found undefined alias; a text that begins with * stands in quotes"),
)
"""What the parser says, and what it comes to for somebody who did not mean to write YAML's finer points."""
_OVER_SECRETS = frozenset({"basic_users", "headers"})
"""Below these, somebody may have put a secret where its name belongs."""
MOST_VALUES = 200_000
"""How many values and keys a configuration has at most; a thousand metrics of sixty paths each have a third of them."""
_QUOTED = re.compile(r" ?(\"[^\"<]{2,}\"|'[^'<]{2,}')")


def parse_document(text: str, *, most: int = MOST_VALUES) -> object:
    """Parse one YAML (or JSON) document to dicts, lists, texts, numbers, booleans and None.

    What is not text by YAML 1.2 (dates, `12:30`, `007`) stays text; `yes`, `no`, `on` and `off` are booleans. Raises
    ConfigError with line and column, and with nothing that could be a value: a value may be a secret. There are `most`
    values and keys.
    """
    try:
        root = _Loader(text, most).get_single_node()
        return None if root is None else _Construction().value(root)
    except yaml.MarkedYAMLError as error:
        raise ConfigError(_in_words(error)) from None
    except yaml.reader.ReaderError as error:
        raise ConfigError(f"expected YAML in UTF-8, got the character #x{error.character:04x}") from None
    except RecursionError:
        raise ConfigError("expected YAML, got more levels than can be read") from None


class _Loader(yaml.SafeLoader):
    """A safe loader of a bounded number of values: each takes some 50 us, and several hundred bytes."""

    def __init__(self, text: str, most: int) -> None:
        super().__init__(text)
        self._most = self._left = most

    def compose_node(self, parent: yaml.Node | None, index: Any) -> yaml.Node | None:
        """Compose a value or a key (PyYAML calls this). Raises ConfigError for one too many."""
        self._left -= 1
        if self._left < 0:
            raise ConfigError(f"line {self.line + 1}: expected {self._most} values and keys at most")
        return super().compose_node(parent, index)


def _in_words(error: yaml.MarkedYAMLError) -> str:
    problem = error.problem or "expected YAML"
    for context, words in _IN_CONTEXT.items():
        if error.context == context:
            return f"{_position(error.problem_mark)}: {words}"
    if error.context == "while scanning a quoted scalar" and "end of stream" in problem:
        return f"{_position(error.context_mark)}: a quote that is opened here is never closed"
    for said, words in _IN_WORDS:
        if said in problem:
            return f"{_position(error.problem_mark)}: {words}"
    if problem.startswith("but ") and error.context:
        problem = f"{error.context}, {problem}"
    return f"{_position(error.problem_mark)}: {' '.join(_QUOTED.sub('', problem).split())}"


def _position(mark: yaml.Mark | None) -> str:
    return "YAML" if mark is None else f"line {mark.line + 1}, column {mark.column + 1}"


class _Construction:
    """The values of one document's nodes; an alias shares its anchor's value."""

    def __init__(self) -> None:
        self._made: dict[yaml.Node, object] = {}
        self._open: set[yaml.Node] = set()
        self._hidden = False

    def value(self, node: yaml.Node) -> object:
        """Construct a node. Raises ConfigError."""
        if node not in self._made:
            if node in self._open:
                raise ConfigError(f"{_position(node.start_mark)}: an anchor that contains itself")
            self._open.add(node)
            self._made[node] = self._construct(node)
            self._open.discard(node)
        return self._made[node]

    def _construct(self, node: yaml.Node) -> object:
        if isinstance(node, yaml.MappingNode) and node.tag == f"{_TAG}map":
            return self._mapping(node)
        if isinstance(node, yaml.SequenceNode) and node.tag == f"{_TAG}seq":
            return [self.value(item) for item in node.value]
        if isinstance(node, yaml.ScalarNode) and node.tag.startswith(_TAG):
            return _scalar(node.tag[len(_TAG) :], node.value)
        raise ConfigError(f"{_position(node.start_mark)}: expected a plain value, got one with a tag (!)")

    def _mapping(self, node: yaml.MappingNode) -> dict[object, object]:
        own: dict[object, object] = {}
        merged: dict[object, object] = {}
        lines: dict[object, int] = {}
        for key_node, value_node in node.value:
            if key_node.tag == f"{_TAG}merge":
                for each in self._merged(value_node):
                    merged = {**each, **merged}
                continue
            if not isinstance(key_node, yaml.ScalarNode):
                raise ConfigError(f"{_position(key_node.start_mark)}: expected text as key")
            key = self.value(key_node)
            line = key_node.start_mark.line + 1
            if key in lines:
                named = "a key" if self._hidden else f"the key {key!r}"
                raise ConfigError(f"line {line}: {named} is there twice, first in line {lines[key]}")
            lines[key] = line
            outside, self._hidden = self._hidden, self._hidden or key in _OVER_SECRETS
            own[key] = self.value(value_node)
            self._hidden = outside
        return {**merged, **own}

    def _merged(self, node: yaml.Node) -> Iterator[dict[object, object]]:
        for each in node.value if isinstance(node, yaml.SequenceNode) else [node]:
            value = self.value(each)
            if not isinstance(value, dict):
                raise ConfigError(f"{_position(each.start_mark)}: expected a mapping after <<")
            yield value


def _scalar(tag: str, text: str) -> object:
    """Read a scalar as its resolved tag says; one that the tag does not fit stays text."""
    if tag == "null":
        return None
    if tag == "bool":
        return {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}.get(
            text.lower(), text
        )
    if tag in {"int", "float"}:
        return _number(text)
    return text


def _number(text: str) -> int | float | str:
    if _DECIMAL.fullmatch(text):
        return int(text.replace("_", ""))
    if _HEXADECIMAL.fullmatch(text):
        return int(text, 16)
    if _FLOAT.fullmatch(text) and not re.match(r"[-+]?0[0-9]+\Z", text):
        return float(text)
    infinite = _INFINITE.fullmatch(text)
    return float(f"{infinite[1]}inf") if infinite else text
