"""Which Infrahub this is, and what that means for how it is read."""

import re

_WHOLE = (1, 11, 5)
"""Below this version a page may lose peers of relations to many where it has more than 5,000 of them."""
_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?")
SMALL_PAGE = 10
"""Of so few nodes each may have 500 peers."""


def loses_peers(version: str | None) -> bool:
    """Tell whether pages of a version may lack peers; of one that is no number nothing is known."""
    found = None if version is None else _NUMBERS.match(version)
    return found is not None and tuple(int(each or 0) for each in found.groups()) < _WHOLE
