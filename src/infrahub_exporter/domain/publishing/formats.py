"""The formats in which metrics are exposed."""

from enum import Enum


class Format(Enum):
    """A text format, by what an answer in it says of itself without its charset (TX-01, OM-01)."""

    TEXT = "text/plain; version=0.0.4"
    OPENMETRICS = "application/openmetrics-text; version=1.0.0"
