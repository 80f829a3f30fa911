"""Read what a spec asks for and derive what is published from it: port calls around pure functions."""

from collections.abc import Iterable

from infrahub_exporter.domain import discovery, metrics
from infrahub_exporter.domain.discovery import Discovery
from infrahub_exporter.domain.model import KindSchema, Row, Section
from infrahub_exporter.domain.ports import NodeSource, QueryRunner, SchemaSource
from infrahub_exporter.domain.selection import Selection, missing_kinds, select
from infrahub_exporter.domain.specs import DiscoverySpec, Filters, MetricSpec


class Kinds:
    """The kinds' schema, each asked for once: as long as one of these lives, the schema is taken not to change."""

    def __init__(self, source: SchemaSource) -> None:
        self._source = source
        self._known: dict[str, KindSchema] = {}

    async def select(self, kind: str, include: Iterable[str], filters: Filters) -> Selection:
        """Resolve paths and filters. Raises SourceError, SourceRejectedError for what the schema does not have."""
        paths = tuple(include)
        while missing := missing_kinds(kind, paths, filters, self._known):
            for each in sorted(missing):
                self._known[each] = await self._source.kind(each)
        return select(kind, paths, filters, self._known)


async def collect(spec: MetricSpec, *, nodes: NodeSource, kinds: Kinds) -> Section:
    """Read an entry's nodes and make its samples. Raises SourceError or DerivationError."""
    selection = await kinds.select(spec.kind, spec.include, spec.filters)
    return metrics.derive(spec, await _read(selection, nodes))


async def discover(spec: DiscoverySpec, *, nodes: NodeSource, queries: QueryRunner, kinds: Kinds) -> Discovery:
    """Read a discovery, by its document or by its kind, and make its groups. Raises SourceError or DerivationError."""
    if spec.document is not None:
        return discovery.derive_answer(spec, await queries.run(spec.document))
    selection = await kinds.select(str(spec.kind), discovery.paths(spec), spec.filters)
    return discovery.derive_rows(spec, await _read(selection, nodes))


async def _read(selection: Selection, nodes: NodeSource) -> list[Row]:
    return [row async for page in nodes.rows(selection) for row in page]


def entry_names(kinds: Iterable[str]) -> tuple[str, ...]:
    """Name the entries of `metrics.kind`: the kind, from its second entry on with a number (`InfraDevice#2`)."""
    counted: dict[str, int] = {}
    names = []
    for kind in kinds:
        counted[kind] = counted.get(kind, 0) + 1
        names.append(kind if counted[kind] == 1 else f"{kind}#{counted[kind]}")
    return tuple(names)
