"""Who insists: a scraper shows the same password at each scrape, one who guesses another one each time.

Where guesses have used up what may be looked up, nothing tells a right password that was never looked up from a wrong
one, but that it comes again. So each user has a few looks of their own, for what has been shown before and was not
found wrong.
"""

from collections import OrderedDict
from collections.abc import Collection

from infrahub_exporter.domain.access.credentials import Allowance

_MOST = 16_384
"""How much is remembered of what was shown: a minute of 270 guesses a second."""
_BURST = 3
_SECONDS = 6.0
_SHARE = 5


class Insistence:
    """What was shown, by keys that are as good as secret; and how often each user's passwords are looked up for it.

    `look_seconds` is how long that takes: all users together take a fifth of the time at most.
    """

    def __init__(self, users: Collection[str], *, look_seconds: float = 0.0) -> None:
        seconds = max(_SECONDS, look_seconds * _SHARE * len(users))
        self._looks = {user: Allowance(burst=_BURST, seconds=seconds) for user in users}
        self._shown: OrderedDict[bytes, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._shown)

    def found_wrong(self, user: str, key: bytes) -> None:
        """Remember that a password is wrong."""
        if user in self._looks:
            self._keep(key, is_wrong=True)

    def is_due(self, user: str, key: bytes, now: float) -> bool:
        """Tell whether what was not looked up is to be looked up after all; `now` is monotonic."""
        if user not in self._looks:
            return False
        is_wrong = self._shown.get(key)
        self._keep(key, is_wrong=bool(is_wrong))
        return is_wrong is False and self._looks[user].take(now) == 0.0

    def _keep(self, key: bytes, *, is_wrong: bool) -> None:
        """Keep it as the newest; the oldest of too many is forgotten."""
        self._shown[key] = is_wrong
        self._shown.move_to_end(key)
        if len(self._shown) > _MOST:
            self._shown.popitem(last=False)
