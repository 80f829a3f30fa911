"""The query that the rows of a metric come from, in place of a kind."""

from typing import Annotated

from msgspec import Meta, Struct

from infrahub_exporter.domain.asking.specs import Variables


class QuerySource(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A GraphQL document, stored in Infrahub under a name or written here, and values of its variables."""

    stored: Annotated[str, Meta(pattern=r"^\S(.*\S)?\Z", description="the name of a query in Infrahub")] | None = None
    document: str | None = None
    variables: Variables = {}

    @property
    def parameters(self) -> tuple[str, ...]:
        """Name what a URL may give: a metric has none."""
        return ()
