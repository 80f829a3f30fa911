"""Plan what a spec asks for against the schema, and run discoveries' queries: port calls around pure functions."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from copy import copy

from infrahub_exporter.domain.asking.attributes import attributes
from infrahub_exporter.domain.asking.outlines import Field, kinds_read
from infrahub_exporter.domain.asking.selection import Selection, missing_kinds, select
from infrahub_exporter.domain.asking.specs import Filters
from infrahub_exporter.domain.errors import ExporterError, SourceRejectedError, UnknownKindError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema
from infrahub_exporter.domain.ports import ChangeProbe, SchemaSource
from infrahub_exporter.domain.replica.dependencies import NONE, Dependencies, dependencies
from infrahub_exporter.domain.replica.plan import Plan, plan, whole

_ANY_NODE = "CoreNode"
"""The generic of nearly all nodes, which their schemas do not name."""


class Kinds:
    """The kinds' schema, each asked for once, unknown ones too: while this lives, the schema is taken not to change.

    What was refused for any other reason (401, 403, 500) is asked for again, and all once it has been doubted.
    """

    def __init__(self, source: SchemaSource) -> None:
        self._source = source
        self._known: dict[str, KindSchema] = {}
        self._unknown: dict[str, UnknownKindError] = {}
        self._is_doubted = False

    def doubt(self) -> None:
        """Ask again from the next turn on: what does not fit may have been answered in an outage."""
        self._is_doubted = True

    def begin_turn(self) -> None:
        """Forget what has been doubted; what is planned stays as it is."""
        if self._is_doubted:
            self._known, self._unknown, self._is_doubted = {}, {}, False

    async def select(self, kind: str, include: Iterable[str], filters: Filters, rows: str | None = None) -> Selection:
        """Resolve paths and filters. Raises SourceError, SourceRejectedError for what the schema does not have."""
        paths = tuple(include)
        while missing := missing_kinds(kind, paths, filters, self._known, rows):
            await self._learn_for((*paths, rows or ""), missing)
        return select(kind, paths, filters, self._known, rows)

    def lacking(self, kind: str, include: Iterable[str], filters: Filters, rows: str | None = None) -> frozenset[str]:
        """Name the kinds to ask for before paths and filters can be resolved and planned, as far as they are known."""
        paths = tuple(include)
        try:
            missing: Collection[str] = missing_kinds(kind, paths, filters, self._known, rows)
            if not missing:
                missing = plan(select(kind, paths, filters, self._known, rows)).peers.keys() - self._known.keys()
        except ExporterError:
            return frozenset()  # who plans hears of it
        return frozenset(missing) - self._unknown.keys()

    async def learn(self, kinds: Collection[str]) -> None:
        """Ask for kinds. Raises SourceError, also where one is unknown."""
        await self._learn(kinds)

    def attributes(self, selection: Selection) -> Mapping[str, AttributeSchema]:
        """Describe the attribute at the end of each path that takes the value of one, by the path."""
        return attributes(selection, self._known)

    async def plan(self, selection: Selection, *, in_pieces: bool) -> tuple[Plan, Dependencies]:
        """Take a selection apart, with what it then depends on; or, not `in_pieces`, read it as it is.

        What has rows is in pieces in any case.
        """
        if not in_pieces and selection.rows is None:
            return whole(selection), NONE
        if not in_pieces and not isinstance(self._source, ChangeProbe):
            raise SourceRejectedError("rows: expected a source that tells what has changed (a ChangeProbe)")
        planned = plan(selection)
        await self._learn(planned.peers.keys() - self._known.keys())
        return planned, dependencies(planned, self._known)

    async def read_by(self, roots: Sequence[Field]) -> frozenset[str] | None:
        """Name the kinds that a document reads, None where no probe covers all of it.

        Raises SourceError where a kind cannot be asked for, DerivationError where the document asks for a secret.
        """
        while isinstance(found := kinds_read(roots, self._known, self._unknown), str):
            with suppress(UnknownKindError):
                await self._learn((found,))
        return found

    async def lineages(self, kinds: Iterable[str]) -> frozenset[str]:
        """Name kinds and the generics that they inherit from. Raises SourceError, also where one is unknown."""
        wanted = frozenset(kinds)
        await self._learn(wanted - self._known.keys())
        return wanted.union({_ANY_NODE}, *(self._known[kind].inherit_from for kind in wanted))

    async def _learn_for(self, paths: Iterable[str], missing: Collection[str]) -> None:
        """Ask for kinds that paths need; where one that a path chooses peers by is unknown, name the path."""
        try:
            await self._learn(missing)
        except UnknownKindError as error:
            chosen = [f"[{each}]" for each in missing if each in self._unknown]
            named = next((path for path in paths if any(each in path for each in chosen)), None)
            if named is None:
                raise
            raise UnknownKindError(f"{named!r}: {error}") from error

    async def _learn(self, missing: Iterable[str]) -> None:
        wanted = sorted(missing)
        for kind in wanted:
            if kind in self._unknown:
                raise UnknownKindError(str(self._unknown[kind]))
        if len(wanted) > 1:
            self._known |= await self._source.kinds(wanted)
        for kind in wanted:
            if kind in self._known:
                continue
            try:
                self._known[kind] = await self._source.kind(kind)
            except UnknownKindError as error:
                self._unknown[kind] = copy(error)  # without the answer that its traceback holds on to
                raise
