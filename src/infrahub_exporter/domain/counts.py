"""How a count reads: with the noun, or the verb, that its number takes."""


def noun(count: int, one: str, many: str = "") -> str:
    """Return what a count takes: `one` for 1, else `many`, which is `one` with an s where it is not given."""
    return one if count == 1 else many or f"{one}s"


def counted(count: int, one: str, many: str = "") -> str:
    """Write a count with its noun, as `noun` gives it."""
    return f"{count} {noun(count, one, many)}"
