"""Whether the schema has what a configuration reads: where it can be asked before anything is served."""

from infrahub_exporter.app.configuration.everything import Settings
from infrahub_exporter.app.configuration.places import Place, SettingError
from infrahub_exporter.domain.errors import SourceError
from infrahub_exporter.domain.ports import SchemaSource
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.views import discovery
from infrahub_exporter.domain.views.outcomes import check_schema


async def misfit(settings: Settings, schema: SchemaSource) -> SettingError | None:
    """Resolve the paths and filters of all entries by kind; return what is wrong with the first that does not fit."""
    kinds = Kinds(schema)
    place: Place = ()
    try:
        for index, entry in enumerate(settings.metrics.kind):
            place = "metrics", "kind", index
            await kinds.select(entry.kind, entry.paths, entry.filters)
        for index, measured in enumerate(settings.metrics.series):
            if measured.kind is None:
                continue
            place = "metrics", "series", index
            asked = dict.fromkeys(measured.paths())
            selection = await kinds.select(measured.kind, asked, measured.filters, measured.rows)
            check_schema(measured, selection, kinds.attributes(selection))
        for index, spec in enumerate(settings.discoveries):
            if spec.kind is not None:
                place = "service_discovery", "queries", index
                selection = await kinds.select(spec.kind, discovery.paths(spec), spec.filters, spec.rows)
                discovery.check_columns(spec, selection.columns)
        for index, each in enumerate(settings.uncovered):
            place = "service_discovery", "uncovered", index
            await kinds.select(each.kind, each.paths, each.filters)
    except SourceError as error:
        return SettingError(place, str(error))
    return None
