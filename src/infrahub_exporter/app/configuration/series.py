"""What the entries of `metrics.series` have to be, each for itself and beside what else is published."""

from collections.abc import Sequence

from msgspec import structs

from infrahub_exporter.app.configuration.places import Place, SettingError
from infrahub_exporter.domain.asking.series import SeriesSpec, check
from infrahub_exporter.domain.errors import ConfigError

_OWN = "infrahub_exporter_"
"""What the names of the exporter's own metrics begin with."""
_KEYS = frozenset(field.name for field in structs.fields(SeriesSpec))


def check_series(specs: Sequence[SeriesSpec], *, kinds: Sequence[str], prefix: str) -> None:
    """Raise SettingError, below `metrics`, for an entry that cannot be, or whose name stands for something else."""
    units: dict[str, tuple[str, int]] = {}
    for index, spec in enumerate(specs):
        place: Place = ("series", index)
        try:
            check(spec)
        except ConfigError as error:
            raise _placed(place, str(error)) from None
        name = prefix + spec.name
        if name.startswith(_OWN):
            raise SettingError((*place, "name"), f"{name!r}: names that begin with {_OWN} are the exporter's own")
        if name in kinds:
            raise SettingError((*place, "name"), f"{name!r} is how the entry of metrics.kind is named")
        if spec.unit is not None:
            unit, first = units.setdefault(spec.name, (spec.unit, index))
            if unit != spec.unit:
                raise SettingError(
                    (*place, "unit"), f"expected {unit!r} as in metrics.series[{first}].unit, got {spec.unit!r}"
                )


def _placed(place: Place, problem: str) -> SettingError:
    """Put the key that a problem begins with into its place."""
    key, colon, rest = problem.partition(": ")
    steps = tuple(key.split("."))
    return SettingError((*place, *steps), rest) if colon and steps[0] in _KEYS else SettingError(place, problem)
