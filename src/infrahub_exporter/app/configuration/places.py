"""Where something stands in a configuration, and what is wrong there."""

import re
from collections.abc import Iterable, Iterator, Sequence
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

    @property
    def faults(self) -> "tuple[SettingError, ...]":
        """What is told at once: this one."""
        return (self,)

    def below(self, *place: str | int) -> "SettingError":
        """Return the same of what stands further down."""
        return type(self)((*place, *self.place), self.problem)


class SeveralSettingsError(SettingError):
    """Several settings that cannot be used, which are told at once, a line each."""

    def __init__(self, faults: "Sequence[SettingError]") -> None:
        super().__init__(faults[0].place, faults[0].problem)
        self.args = ("\n".join(map(str, faults)),)
        self._faults = tuple(faults)

    @property
    def faults(self) -> tuple[SettingError, ...]:
        """What is told at once."""
        return self._faults

    def below(self, *place: str | int) -> SettingError:
        """Return the same of what stands further down."""
        return SeveralSettingsError([each.below(*place) for each in self._faults])


class Faults:
    """Gather what is wrong, so that all of it is told at once."""

    def __init__(self, found: "Iterable[SettingError]" = ()) -> None:
        self._found = list(found)

    @contextmanager
    def gathered(self) -> Iterator[None]:
        """Go on after what is wrong here."""
        try:
            yield
        except SettingError as error:
            self._found += error.faults

    def check(self) -> None:
        """Raise SettingError where anything was found."""
        if self._found:
            raise self._found[0] if len(self._found) == 1 else SeveralSettingsError(self._found)


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
        raise error.below(*place) from None
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
