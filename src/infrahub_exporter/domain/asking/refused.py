"""Columns that Infrahub refuses though its schema lists them."""

from collections.abc import Mapping

from infrahub_exporter.domain.asking.columns import Column
from infrahub_exporter.domain.errors import SourceRejectedError


class RefusedColumnsError(SourceRejectedError):
    """Infrahub refuses some columns of a selection; `reasons` says why, by column. Without them it may answer."""

    def __init__(self, reasons: Mapping[Column, str]) -> None:
        super().__init__(next(iter(reasons.values())))
        self.reasons = reasons
