"""Whatever JSON can say, for tests that nothing of it may surprise."""

from hypothesis import strategies

SCALARS = strategies.none() | strategies.booleans() | strategies.integers() | strategies.text(max_size=5)
NAMES = strategies.sampled_from(
    ["node", "edges", "value", "name", "id", "hfid", "display_label", "ip", "tags", "site"]
) | strategies.from_regex(r"[a-z_][a-z0-9_]{0,3}", fullmatch=True)
JSON_VALUES = strategies.recursive(
    SCALARS | strategies.floats(allow_nan=False, allow_infinity=False),
    lambda inner: strategies.lists(inner, max_size=3) | strategies.dictionaries(NAMES, inner, max_size=4),
    max_leaves=20,
)
PATHS = strategies.lists(
    strategies.builds("".join, strategies.tuples(NAMES, strategies.sampled_from(["", "[]"]))), min_size=1, max_size=5
).map(".".join)
