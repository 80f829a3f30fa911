"""Whether Infrahub has what a configuration reads: where it can be asked before anything is served."""

from collections.abc import Iterator, Sequence
from functools import partial
from typing import Protocol

from infrahub_exporter.app.configuration.everything import Settings
from infrahub_exporter.app.configuration.places import Place, SettingError
from infrahub_exporter.app.refreshing.pool import Source
from infrahub_exporter.domain.asking import stored
from infrahub_exporter.domain.asking.answerable import unasked
from infrahub_exporter.domain.asking.outlines import Outlined
from infrahub_exporter.domain.asking.querying import QuerySource
from infrahub_exporter.domain.asking.series import SeriesSpec
from infrahub_exporter.domain.asking.specs import DiscoverySpec, MetricSpec, UncoveredSpec
from infrahub_exporter.domain.errors import DerivationError, ExporterError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.replica.kinds import Kinds
from infrahub_exporter.domain.views import discovery, queried
from infrahub_exporter.domain.views.outcomes import check_schema


class _Check(Protocol):
    """Look whether an entry fits. Raises as reading it would."""

    async def __call__(self, kinds: Kinds) -> None: ...


async def misfits(settings: Settings, source: Source) -> tuple[SettingError, ...]:
    """Plan every entry as a run does; return what is wrong with those that do not fit.

    Paths and filters are resolved. A document is looked through, and run where a URL does not have to say more. Raises
    SourceUnavailableError where Infrahub does not answer.
    """
    kinds = Kinds(source)
    found = []
    for place, check in _checks(settings, source):
        if (fault := await _fault(check, kinds)) is not None:
            found.append(SettingError(place, fault))
    return tuple(found)


def unanswerable(settings: Settings) -> Iterator[SettingError]:
    """Yield the paths that no answer of a query file can contain; what is no query is told elsewhere."""
    for index, listed in enumerate(settings.discoveries):
        if (outlined := _outlined(listed.document)) is not None:
            yield from _unanswerable(("service_discovery", "queries", index), listed, outlined)
    for index, series in enumerate(settings.series_specs):
        if series.query is not None and (outlined := _outlined(series.query.document)) is not None:
            yield from _unasked(("metrics", "series", index), outlined, series.rows, list(series.places()))


def _outlined(document: str | None) -> Outlined | None:
    """Look through a query; None where there is none, or no query."""
    if document is None:
        return None
    from infrahub_exporter.adapters.infrahub.outline import outline  # noqa: PLC0415 - a tenth of a second

    try:
        return outline(document)
    except SourceRejectedError:
        return None


def _unasked(
    at: Place, outlined: Outlined, rows: str | None, written: Sequence[tuple[str, str]]
) -> Iterator[SettingError]:
    wrong = unasked(outlined, rows, [path for _, path in written])
    for key, path in (("rows", rows or ""), *written):
        if path in wrong:
            yield SettingError((*at, key), f"the query does not ask for {path!r}{wrong[path]}")


def _unanswerable(at: Place, listed: DiscoverySpec, outlined: Outlined) -> Iterator[SettingError]:
    yield from _unasked(at, outlined, listed.rows, list(discovery.places(listed)))
    for key, problem in queried.ends(listed, outlined):
        yield SettingError((*at, key), problem)


async def _fault(check: _Check, kinds: Kinds) -> str | None:
    try:
        await check(kinds)
    except SourceUnavailableError:
        raise
    except ExporterError as error:
        return str(error)
    return None


def _checks(settings: Settings, source: Source) -> Iterator[tuple[Place, _Check]]:
    for index, metric in enumerate(settings.metric_specs):
        yield ("metrics", "kind", index), partial(_by_paths, metric)
    for index, series in enumerate(settings.series_specs):
        check = partial(_by_rows, series) if series.query is None else partial(_by_document, series.query, source)
        yield ("metrics", "series", index), check
    for index, listed in enumerate(settings.discoveries):
        check = partial(_by_document, listed, source) if listed.kind is None else partial(_by_kind, listed)
        yield ("service_discovery", "queries", index), check
    for index, each in enumerate(settings.uncovered):
        yield ("service_discovery", "uncovered", index), partial(_by_paths, each)


async def _by_paths(spec: MetricSpec | UncoveredSpec, kinds: Kinds) -> None:
    await kinds.select(spec.kind, spec.paths, spec.filters)


async def _by_rows(spec: SeriesSpec, kinds: Kinds) -> None:
    selection = await kinds.select(str(spec.kind), dict.fromkeys(spec.paths()), spec.filters, spec.rows)
    check_schema(spec, selection, kinds.attributes(selection))


async def _by_kind(spec: DiscoverySpec, kinds: Kinds) -> None:
    selection = await kinds.select(str(spec.kind), discovery.paths(spec), spec.filters, spec.rows)
    discovery.check_columns(spec, selection.columns)


async def _by_document(spec: DiscoverySpec | QuerySource, source: Source, kinds: Kinds) -> None:
    from infrahub_exporter.adapters.infrahub.outline import outline  # noqa: PLC0415 - a tenth of a second

    text, variables = spec.document, spec.variables
    if spec.stored is not None:
        text = stored.text_of(spec.stored, await source.run(stored.TEXT_BY_NAME, {"name": spec.stored}))
    outlined = outline(text or "")
    await kinds.read_by(outlined.fields)
    if spec.stored is not None and isinstance(spec, DiscoverySpec):
        faults = list(_unanswerable((), spec, outlined))
        if faults:
            raise DerivationError("; ".join(map(str, faults)))
    if spec.parameters:
        return
    if spec.stored is not None:
        variables = stored.settled(spec, outlined.variables)
    await source.run(text or "", variables)
