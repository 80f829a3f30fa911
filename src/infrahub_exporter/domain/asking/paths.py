"""The path language: `name`, `site.region.name`, `tags[].name`, `interfaces[name=mgmt0].address.ip`.

::

    path      = *"^" step *( "." step )
    step      = name [ "[" [ selector ] "]" ]
    selector  = "other" / Kind / predicate *( "," predicate )
    predicate = name *( "." name ) ( "=" / "!=" / "~" / "!~" ) value
    name      = ( letter | "_" ) *( letter | digit | "_" )
    value     = text without "," and "]"; alternatives are joined by "|"

`[]` crosses a to-many relation. GraphQL-shaped paths are the same paths: `node` and `edges` are skipped, unless they
are the whole path, and so is a `value` at the end of a path that has one of them (`site.node.name.value` is
`site.name`). Whether they are names of the inventory's own, or of a key in JSON, tells who follows the path.
"""

import difflib
import re
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TypeAlias

from msgspec import Struct

from infrahub_exporter.domain.asking import expressions
from infrahub_exporter.domain.errors import ConfigError

_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_STEP = re.compile(rf"({_NAME})(?:\[([^\]]*)\])?(?:\.(?!\Z)|\Z)")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*")
_PREDICATE = re.compile(rf"\s*({_NAME}(?:\.{_NAME})*)\s*(!=|!~|=|~)(?![=~])(.*)", re.DOTALL)
_NESTED = re.compile(r"\[[^\]]*\[")
_LABEL = re.compile(_NAME)
WRAPPERS = frozenset({"node", "edges"})
"""What GraphQL's shape puts between a relation and its peers."""
_RESERVED = ("id", "hfid")
_LONGEST_WORD = 128
_LENGTHS_APART = 32
_MOST_WORDS = 2000


class Predicate(Struct, frozen=True):
    """What has to hold of a peer: its value at the path is, or where `negated` is not, one of these values.

    A `pattern` is a regular expression over the whole value.
    """

    path: "Steps"
    values: tuple[str, ...]
    pattern: bool = False
    negated: bool = False


class Other(Struct, frozen=True):
    """All peers but the node that the path came from."""


class OfKind(Struct, frozen=True):
    """The peers of a kind, or of kinds that inherit from it."""

    kind: str


class Fitting(Struct, frozen=True):
    """The peers of which all predicates hold."""

    predicates: tuple[Predicate, ...]


Selector: TypeAlias = Other | OfKind | Fitting


class Step(Struct, frozen=True):
    """One name of a path; `many` says that it ends in `[]`, a selector stands between the brackets."""

    name: str
    many: bool = False
    selector: Selector | None = None


Steps: TypeAlias = tuple[Step, ...]


class Path(Struct, frozen=True):
    """A path: its steps, and how many hops before the row they begin.

    Where it has `node` or `edges`, which are left out of the steps, `shaped` are all steps as they were written.
    """

    steps: Steps
    up: int = 0
    shaped: Steps = ()

    @property
    def written(self) -> Steps:
        """The steps as they were written."""
        return self.shaped or self.steps


def parse(text: str, *, rows: bool = False) -> Path:
    """Parse a path; `rows` says that rows are given, which a `^` leads out of. Raises ConfigError."""
    bare = text.lstrip("^")
    up = len(text) - len(bare)
    if up and not rows:
        raise ConfigError(f"path {text!r}: ^ leads from a row to what stands before it, and no rows are given here")
    steps: list[Step] = []
    position = 0
    while position < len(bare) or not steps:
        match = _STEP.match(bare, position)
        if match is None:
            raise ConfigError(_fault(text))
        steps.append(_step(text, match[1], match[2]))
        position = match.end()
    plain, written = _plain(steps), tuple(steps)
    return Path(plain, up, () if plain == written else written)


def _fault(text: str) -> str:
    if _NESTED.search(text):
        return f"path {text!r}: what stands between [ and ] cannot have brackets itself"
    if text.count("[") > text.count("]"):
        return f"path {text!r}: expected a ] for each ["
    return f"path {text!r}: expected names joined by dots, each perhaps followed by [], as in 'tags[].name'"


def _step(text: str, name: str, brackets: str | None) -> Step:
    if not brackets:
        return Step(name, brackets is not None)
    if brackets == "other":
        return Step(name, selector=Other())
    if _KIND.fullmatch(brackets):
        return Step(name, selector=OfKind(brackets))
    return Step(name, selector=Fitting(tuple(_predicate(text, brackets, each) for each in brackets.split(","))))


def _predicate(text: str, brackets: str, written: str) -> Predicate:
    match = _PREDICATE.fullmatch(written)
    if match is None:
        got = f"[{brackets}]" if written == brackets else f"{written.strip()!r} in [{brackets}]"
        raise ConfigError(f"path {text!r}: expected [], [other], [Kind] or [name=value], got {got}")
    steps, value = tuple(map(Step, match[1].split("."))), match[3].strip()
    negated, pattern = match[2].startswith("!"), match[2].endswith("~")
    if not pattern:
        return Predicate(steps, tuple(each.strip() for each in value.split("|")), negated=negated)
    reason = expressions.fault(value)
    if reason:
        raise ConfigError(f"path {text!r}: {value!r} is no regular expression of RE2: {reason}")
    return Predicate(steps, (value,), pattern=True, negated=negated)


def _plain(steps: Sequence[Step]) -> Steps:
    """Drop what only GraphQL's shape needs; brackets of a wrapper belong to the relation before it."""
    kept: list[Step] = []
    for step in steps:
        if step.name not in WRAPPERS:
            kept.append(step)
        elif kept:
            kept[-1] = wrapped(kept[-1], step)
    if len(kept) == len(steps):
        return tuple(kept)
    if len(kept) > 1 and kept[-1] == Step("value") == steps[-1] and steps[-2].name not in WRAPPERS:
        kept.pop()
    return tuple(kept) or (steps[-1],)


def wrapped(relation: Step, wrapper: Step) -> Step:
    """Give a relation the brackets of a wrapper behind it."""
    if wrapper.many or wrapper.selector is not None:
        return Step(relation.name, wrapper.many, wrapper.selector)
    return relation


def label_name(path: Path) -> str:
    """Name the label of a path: its names joined by underscores; a selector is no part of it."""
    return "_".join(step.name for step in path.steps)


def label_names(include: Iterable[str], labels: Mapping[str, str] | None = None) -> tuple[str, ...]:
    """Name the labels of an info metric: `id`, `hfid`, then one per path, then those that have a name of their own.

    Raises ConfigError for a path that is none, for a name that is none and for two that would share a label.
    """
    owners: dict[str, str] = dict.fromkeys(_RESERVED, "")
    for text in include:
        _own(owners, label_name(parse(text)), text, becomes="would be the label")
    for name, text in (labels or {}).items():
        parse(text)
        if not _LABEL.fullmatch(name):
            raise ConfigError(f"{name!r} is no label, expected letters, digits and underscores, as in 'far_device'")
        _own(owners, name, text, becomes="cannot be named")
    return tuple(owners)


def _own(owners: dict[str, str], name: str, text: str, *, becomes: str) -> None:
    """Give a label to a path."""
    if name in _RESERVED:
        raise ConfigError(f"{text!r} {becomes} {name!r}, which every series has already")
    if name in owners:
        raise ConfigError(f"{owners[name]!r} and {text!r} would both be the label {name!r}")
    if name.startswith("__"):
        raise ConfigError(f"{text!r} {becomes} {name!r}; names that begin with __ belong to Prometheus")
    owners[name] = text


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `, did you mean ...?` for the nearest known word, or nothing.

    Capitals do not count, and of several that are near one of the same letters is the nearest. Only words of about the
    same length are compared, and only so many of them: somebody else may have made the list.
    """
    if len(word) > _LONGEST_WORD:
        return ""
    sought = word.casefold()
    likely = (each for each in known if abs(len(each) - len(word)) <= _LENGTHS_APART)
    written = {each.casefold(): each for each in islice(likely, _MOST_WORDS)}
    near = sorted(difflib.get_close_matches(sought, written), key=lambda each: sorted(each) != sorted(sought))
    return f", did you mean {written[near[0]]!r}?" if near else ""
