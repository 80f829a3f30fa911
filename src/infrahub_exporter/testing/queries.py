"""The suite of the port `QueryRunner`."""

from collections.abc import Mapping

import pytest

from infrahub_exporter.domain.errors import SourceError, SourceRejectedError, SourceUnavailableError
from infrahub_exporter.domain.model import JSON
from infrahub_exporter.domain.ports import QueryRunner
from infrahub_exporter.testing.contract import Act, Contract
from infrahub_exporter.testing.inventory import ANSWERS, FILLED

__all__ = ["QueryRunnerContract", "RemoteQueryRunnerContract"]


class QueryRunnerContract(Contract):
    """What every `QueryRunner` does.

    Fixture: `runner`, which holds the known inventory; one that cannot run documents keeps `inventory.ANSWERS` and
    `inventory.FILLED`.
    """

    @pytest.mark.anyio
    async def test_it_is_a_query_runner(self, runner: QueryRunner) -> None:
        assert isinstance(runner, QueryRunner)

    @pytest.mark.anyio
    @pytest.mark.parametrize(("document", "data"), ANSWERS.items(), ids=["one root field", "several"])
    async def test_the_answer_is_the_whole_data(
        self, runner: QueryRunner, document: str, data: Mapping[str, JSON]
    ) -> None:
        assert await runner.run(document) == data

    @pytest.mark.anyio
    @pytest.mark.parametrize("names", [["alps"], ["void", "alps"], ["nowhere"]])
    async def test_the_variables_that_a_document_declares_are_filled_in(
        self, runner: QueryRunner, names: list[JSON]
    ) -> None:
        for document, answer in FILLED.items():
            assert await runner.run(document, {"names": names}) == answer({"names": names})

    @pytest.mark.anyio
    @pytest.mark.parametrize(
        "document",
        [
            "query { ContractNothing { count } }",
            "query { ContractRegion { edges { node { colour { value } } } } }",
            "query { ContractRegion(colour__value: 1) { count } }",
            "query { ContractRegion {",
            "no GraphQL at all",
        ],
    )
    async def test_a_refused_document_is_rejected_in_one_line_without_its_text(
        self, runner: QueryRunner, document: str
    ) -> None:
        with pytest.raises(SourceRejectedError) as caught:
            await runner.run(document)
        assert "\n" not in str(caught.value)
        assert document not in str(caught.value)

    @pytest.mark.anyio
    async def test_a_partial_answer_is_an_error(self, runner: QueryRunner) -> None:
        """Infrahub cannot count the addresses of an IPv6 network: it answers null beside an error."""
        with pytest.raises(SourceError):
            await runner.run("query { ContractSite { edges { node { name { value } network { num_addresses } } } } }")


class RemoteQueryRunnerContract(QueryRunnerContract):
    """What a `QueryRunner` that can lose its Infrahub does beside that.

    Fixtures: also `cut`, an asynchronous callable after which Infrahub cannot be reached any more.
    """

    @pytest.mark.anyio
    async def test_a_document_that_cannot_be_sent_is_raised(self, runner: QueryRunner, cut: Act) -> None:
        await cut()
        with pytest.raises(SourceUnavailableError):
            await runner.run("query { ContractRegion { count } }")
