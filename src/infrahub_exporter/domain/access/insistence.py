"""What is looked up beyond the limit of guesses, so that those of others never keep a right password out for good.

Where guesses have used up what may be looked up, nothing tells a right password that was never looked up from a wrong
one. But a scraper shows the same one at each scrape, and who guesses mostly another one each time: so there are looks
for what comes again. Who guesses may repeat each guess, or show more of them than anybody remembers: so a lot decides
who gets a look, and not who comes first, and there are looks for everything that is shown. Whatever is shown by others,
each scrape takes part in a lot with the same chance as each of theirs since the last look.
"""

from collections import OrderedDict
from collections.abc import Callable, Collection

from msgspec import Struct

from infrahub_exporter.domain.access.credentials import Allowance, Credentials

_MOST = 65_536
"""How much is remembered of what was shown, in some 12 MiB: a minute of 1,000 guesses a second."""
_BURST = 3
_SECONDS = 3.0
_SHARE = 5
_LOTS = 2


class Shown(Struct, frozen=True):
    """What somebody has shown; `key` is as good as secret, and another one for each address."""

    key: bytes
    credentials: Credentials


class Insistence:
    """Which of the passwords that were refused without a look is looked up after all.

    Each user has two lots with looks of their own: one for what was shown before, and one for everything. What was
    found wrong, as long as that is remembered, takes part in neither. `look_seconds` is how long it takes to look a
    password up: all together take a fifth of the time at most. `random` gives numbers from 0 to below 1 that nobody can
    foresee.
    """

    def __init__(self, users: Collection[str], *, random: Callable[[], float], look_seconds: float = 0.0) -> None:
        seconds = max(_SECONDS, look_seconds * _SHARE * _LOTS * len(users))
        self._again = {user: _Lot(Allowance(burst=_BURST, seconds=seconds), random) for user in users}
        self._all = {user: _Lot(Allowance(burst=1, seconds=seconds), random) for user in users}
        self._was_wrong: OrderedDict[bytes, bool] = OrderedDict()

    def __len__(self) -> int:
        return len(self._was_wrong)

    def found_wrong(self, shown: Shown) -> None:
        """Remember that a password is wrong."""
        if shown.credentials.user in self._all:
            self._keep(shown.key, is_wrong=True)

    def due(self, shown: Shown, now: float) -> Shown | None:
        """Take note of what was not looked up; return what is to be looked up, by whomever; `now` is monotonic."""
        user = shown.credentials.user
        if user not in self._all:
            return None
        was_wrong = self._was_wrong.get(shown.key)
        self._keep(shown.key, is_wrong=bool(was_wrong))
        if was_wrong:
            return None
        drawn = None if was_wrong is None else self._again[user].draw(shown, now)
        return drawn or self._all[user].draw(shown, now)

    def _keep(self, key: bytes, *, is_wrong: bool) -> None:
        """Keep it as the newest; the oldest of too many is forgotten."""
        self._was_wrong[key] = is_wrong
        self._was_wrong.move_to_end(key)
        if len(self._was_wrong) > _MOST:
            self._was_wrong.popitem(last=False)


class _Lot:
    """One of all that came since the last look, each with the same chance (reservoir sampling)."""

    def __init__(self, looks: Allowance, random: Callable[[], float]) -> None:
        self._looks = looks
        self._random = random
        self._count = 0
        self._one: Shown | None = None

    def draw(self, shown: Shown, now: float) -> Shown | None:
        """Put one more in, and draw one if a look is due."""
        self._count += 1
        if self._random() * self._count < 1.0:
            self._one = shown
        if self._looks.take(now) > 0.0:
            return None
        drawn, self._one, self._count = self._one, None, 0
        return drawn
