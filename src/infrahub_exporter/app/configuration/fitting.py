"""Whether the schema has what a configuration reads: where it can be asked before anything is served."""

from collections.abc import Iterable, Iterator

from infrahub_exporter.app.configuration.places import Place, SettingError
from infrahub_exporter.app.configuration.settings import Settings
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import SourceError
from infrahub_exporter.domain.ports import SchemaSource
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.views import discovery


async def misfit(settings: Settings, schema: SchemaSource) -> SettingError | None:
    """Resolve the paths and filters of all entries by kind; return what is wrong with the first that does not fit."""
    kinds = Kinds(schema)
    place: Place = ()
    try:
        for place, kind, paths, filters in _read_by_kind(settings):  # noqa: B007 - read where one does not fit
            await kinds.select(kind, paths, filters)
    except SourceError as error:
        return SettingError(place, str(error))
    return None


def _read_by_kind(settings: Settings) -> Iterator[tuple[Place, str, Iterable[str], Filters]]:
    for index, entry in enumerate(settings.metrics.kind):
        yield ("metrics", "kind", index), entry.kind, entry.paths, entry.filters
    for index, spec in enumerate(settings.discoveries):
        if spec.kind is not None:
            yield ("service_discovery", "queries", index), spec.kind, discovery.paths(spec), spec.filters
