"""The suite of the port `SchemaSource`."""

from collections.abc import Mapping, Sequence

import msgspec
import pytest

from infrahub_exporter.domain.errors import SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import AttributeSchema, KindSchema
from infrahub_exporter.domain.ports import SchemaSource
from infrahub_exporter.testing.contract import Act, Contract
from infrahub_exporter.testing.inventory import KINDS

__all__ = ["RemoteSchemaSourceContract", "SchemaSourceContract"]


class SchemaSourceContract(Contract):
    """What every `SchemaSource` does.

    Fixture: `schema`, which knows the kinds of the known inventory.
    """

    @pytest.mark.anyio
    async def test_it_is_a_schema_source(self, schema: SchemaSource) -> None:
        assert isinstance(schema, SchemaSource)

    @pytest.mark.anyio
    @pytest.mark.parametrize("known", KINDS.values(), ids=list(KINDS))
    async def test_a_kind_is_described_with_what_it_inherits(self, schema: SchemaSource, known: KindSchema) -> None:
        described = await schema.kind(known.kind)
        assert described.kind == known.kind
        assert described.human_friendly_id == known.human_friendly_id
        assert _in_any_order(described.attributes) == _in_any_order(known.attributes)
        relationships = {name: described.relationships.get(name) for name in known.relationships}
        assert relationships == known.relationships
        assert set(described.used_by) == set(known.used_by)

    @pytest.mark.anyio
    @pytest.mark.parametrize("wanted", [["ContractTag", "ContractDevise"], list(KINDS)], ids=["few", "many"])
    async def test_kinds_are_described_together_and_unknown_ones_left_out(
        self, schema: SchemaSource, wanted: Sequence[str]
    ) -> None:
        described = await schema.kinds(wanted)
        known = [kind for kind in wanted if kind in KINDS]
        assert set(known) <= described.keys()
        assert "ContractDevise" not in described
        assert {kind: described[kind] for kind in known} == {kind: await schema.kind(kind) for kind in known}

    @pytest.mark.anyio
    async def test_an_unknown_kind_is_rejected_with_the_nearest(self, schema: SchemaSource) -> None:
        with pytest.raises(SourceRejectedError, match=r"'ContractDevise'.*'ContractDevice'"):
            await schema.kind("ContractDevise")

    @pytest.mark.anyio
    async def test_an_unknown_kind_with_no_near_one_is_rejected(self, schema: SchemaSource) -> None:
        with pytest.raises(SourceRejectedError, match=r"'Xyzzy'[^']*\Z"):
            await schema.kind("Xyzzy")

    @pytest.mark.anyio
    async def test_the_fingerprint_stays_while_the_schema_does(self, schema: SchemaSource) -> None:
        fingerprint = await schema.fingerprint()
        assert fingerprint
        assert await schema.fingerprint() == fingerprint


class RemoteSchemaSourceContract(SchemaSourceContract):
    """What a `SchemaSource` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_kind_that_cannot_be_asked_for_is_raised(self, schema: SchemaSource, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await schema.kind("ContractRegion")
        with pytest.raises(SourceUnavailableError):
            await schema.kinds(["ContractRegion"])
        with pytest.raises(SourceUnavailableError):
            await schema.fingerprint()


def _in_any_order(attributes: Mapping[str, AttributeSchema]) -> Mapping[str, AttributeSchema]:
    return {
        name: msgspec.structs.replace(each, choices=tuple(sorted(each.choices))) for name, each in attributes.items()
    }
