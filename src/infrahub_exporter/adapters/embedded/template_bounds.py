"""What filling a template in may cost: so many steps, and texts and lists of so many elements."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from math import prod
from typing import Any

import jinja2
from jinja2 import nodes
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment
from jinja2.utils import _PassArg

MOST_STEPS = 1_000_000
"""How many steps a template takes: some half a second. A turn of a loop is one."""
_PER_CALL = 50
"""How many steps a call or a filter is; one for each 16 elements that it is given comes to that."""
MOST_ELEMENTS = 1_000_000
"""How many characters, items of lists or bits of a number anything in between has, and what comes of it."""
_PER_STEP = 16
_COUNTED, _MEASURED = "counted", "measured"
_BUDGET = "the budget"
"""Where the steps that are left stand; no template can name it."""
_WIDTH = re.compile(r"\d{7,}")
_NUMBERED = ("format", "range", "vlan")
"""What the names of filters and methods have that make much of a number within a text."""
_ANY_NUMBER = frozenset({"d", "default", "dict", "ip_addition", "ip_subtract", "namespace", "replace"})
"""What takes a number that is no width."""


class TooMuchError(ValueError):
    """A template takes more steps, or makes something larger, than is allowed."""


class BoundedEnvironment(ImmutableSandboxedEnvironment):
    """A sandbox whose templates come to an end, and to no end of memory."""

    intercepted_binops = frozenset({"+", "*", "**", "%"})

    def __init__(self) -> None:
        super().__init__(undefined=jinja2.StrictUndefined, finalize=_measured)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Calculate (Jinja2 calls this). Raises TooMuchError."""
        _check(_size(right))
        if isinstance(left, str) and operator == "%":
            _check_format(left)
        elif operator == "**" and isinstance(right, int):
            _check(_size(left) * right)
        elif operator == "*":
            _check(_times(left, right))
        return _checked(super().call_binop(context, operator, left, right))

    def call(self, context: Context, called: Any, /, *args: Any, **kwargs: Any) -> Any:
        """Call what a template calls (Jinja2 calls this). Raises TooMuchError."""
        bound = getattr(called, "__wrapped__", called)  # of `format` the sandbox has one of its own
        given = (getattr(bound, "__self__", ""), *args, *kwargs.values())
        _take(context, str(getattr(called, "__name__", "")), given)
        return _checked(super().call(context, called, *args, **kwargs))

    def bounded(self, filters: Mapping[str, Callable[..., Any]]) -> dict[str, Callable[..., Any]]:
        """Bound filters."""
        return {
            _COUNTED: _counted,
            _MEASURED: _measured,
            **{name: _bounded(name, function) for name, function in filters.items()},
        }

    def made_of(self, text: str) -> jinja2.Template:
        """Compile a template: each loop counts its turns, each value that is kept or written is measured."""
        tree = self.parse(text)
        for loop in tree.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _COUNTED, [], [], None, None)
        for kept in tree.find_all(nodes.Assign):
            kept.node = nodes.Filter(kept.node, _MEASURED, [], [], None, None)
        for each in tree.find_all(nodes.Concat):
            each.nodes = [nodes.Filter(nodes.List(each.nodes), "join", [], [], None, None)]
        return jinja2.Template.from_code(self, self.compile(tree), self.make_globals(None))


def filled(template: jinja2.Template, values: Mapping[str, Any]) -> str:
    """Fill a template in. Raises TooMuchError."""
    pieces, size = [], 0
    for piece in template.generate({**values, _BUDGET: [MOST_STEPS]}):
        size += len(piece)
        _check(size)
        pieces.append(piece)
    return "".join(pieces)


def _bounded(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    """Make a filter that counts as a step, and takes and makes no more than is allowed."""
    wants = _PassArg.from_obj(function)

    @jinja2.pass_context
    def bounded(context: Context, *args: Any, **kwargs: Any) -> Any:
        _take(context, name, (*args, *kwargs.values()))
        before = {_PassArg.context: context, _PassArg.eval_context: context.eval_ctx}
        first = [] if wants is None else [before.get(wants, context.environment)]
        return _checked(function(*first, *args, **kwargs))

    return bounded


@jinja2.pass_context
def _counted(context: Context, items: Iterable[Any]) -> Iterator[Any]:
    """Count the turns of a loop."""
    for each in items:
        _spend(context)
        yield each


@jinja2.pass_context
def _measured(context: Context, value: Any) -> Any:
    """Measure a value."""
    _spend(context, 1 + _size(value) // _PER_STEP)
    return _checked(value)


def _spend(context: Context, steps: int = 1) -> None:
    budget = context.parent[_BUDGET]
    budget[0] -= steps
    if budget[0] < 0:
        raise TooMuchError(f"it takes more than {MOST_STEPS} steps")


def _check(elements: int) -> None:
    if elements > MOST_ELEMENTS:
        raise TooMuchError(f"it makes something of more than {MOST_ELEMENTS} elements")


def _checked(made: Any) -> Any:
    """Return what was made, where that is not too much."""
    _check(_size(made))
    return made


def _take(context: Context, name: str, given: Sequence[Any]) -> None:
    """Check what a filter or a method takes: at worst it makes as much as the product of all."""
    first, *others = given
    for each in given:
        if isinstance(each, str) and any(word in name for word in _NUMBERED):
            _check_format(each)
    is_width = name not in _ANY_NUMBER
    sizes = [max(1, each) if is_width and isinstance(each, int) else _size(each) for each in others]
    _check(prod([_size(first), *sizes]))
    _spend(context, _PER_CALL + sum(map(_size, given)) // _PER_STEP)


def _check_format(text: str) -> None:
    if _WIDTH.search(text):
        _check(MOST_ELEMENTS + 1)


def _times(left: Any, right: Any) -> int:
    """Tell how much a text or a list has that is there so many times, or how many bits a product of numbers."""
    if isinstance(left, int) and isinstance(right, int):
        return _size(left) + _size(right)
    times, repeated = (left, right) if isinstance(left, int) else (right, left)
    return _size(repeated) * times if isinstance(times, int) else 0


def _size(value: Any) -> int:
    """Count characters, items with what is in them, and the bits of a number, until there are too many."""
    size, waiting = 0, [value]
    while waiting and size <= MOST_ELEMENTS:
        each = waiting.pop()
        size += 1
        if isinstance(each, str):
            size += len(each)
        elif isinstance(each, int):
            size += each.bit_length()
        elif isinstance(each, Mapping):
            waiting.extend(each)
            waiting.extend(each.values())
        elif isinstance(each, range):
            size += len(each)
        elif isinstance(each, list | tuple):
            waiting.extend(each)
    return size
