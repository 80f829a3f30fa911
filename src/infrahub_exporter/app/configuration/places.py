"""Where something stands in a configuration, and what is wrong there."""

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

from infrahub_exporter.domain.asking.paths import suggestion
from infrahub_exporter.domain.errors import ConfigError

Place = tuple[str | int, ...]

_WRITTEN = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*|\[\d+\])*): ")
_STEP = re.compile(r"([A-Za-z_]\w*)|\[(\d+)\]")


class SettingError(ConfigError):
    """A setting that cannot be used: `place` is where it stands, `problem` what was expected there."""

    def __init__(self, place: Place, problem: str) -> None:
        super().__init__(f"{written(place)}: {problem}" if place else problem)
        self.place = place
        self.problem = problem


def written(place: Place) -> str:
    """Write a place as in `service_discovery.queries[0].name`."""
    steps = []
    for step in place:
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            plain = all(character.isalnum() or character in "_-/." for character in step) and step
            steps.append(f".{step}" if plain else f".{step!r}")
    return "".join(steps).removeprefix(".")


def place_of(message: str) -> tuple[Place, str]:
    """Split what `written` has put together, and a problem behind it: an empty place where there is none."""
    found = _WRITTEN.match(message)
    if found is None:
        return (), message
    steps = (int(number) if number else name for name, number in _STEP.findall(found[1]))
    return tuple(steps), message[found.end() :]


@contextmanager
def at(*place: str | int) -> Iterator[None]:
    """Give the domain's complaints a place."""
    try:
        yield
    except SettingError as error:
        raise SettingError((*place, *error.place), error.problem) from None
    except ConfigError as error:
        raise SettingError(place, str(error).removeprefix(f"{place[-1]}: ")) from None


class UnknownKeyError(SettingError):
    """A key that is none of those that can stand where it does."""

    def meant(self, places: Iterable[Place]) -> SettingError:
        """Name the one place in which the key is known, where this is a key at the top or belongs there."""
        *section, key = self.place
        others = [each for each in places if each[-1] == key and (not section or len(each) == 1)]
        if len(others) != 1:
            return self
        return SettingError(self.place, f"unknown key, did you mean {written(others[0])!r}?")


def unknown(key: object, known: tuple[str, ...], place: Place) -> UnknownKeyError:
    """Say that a key is none of those that are known."""
    near = suggestion(key, known) if isinstance(key, str) else ""
    hint = near or f", expected one of {', '.join(known)}"
    return UnknownKeyError((*place, "null" if key is None else str(key)), f"unknown key{hint}")
