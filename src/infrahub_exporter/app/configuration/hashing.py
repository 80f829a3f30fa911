"""A number by which configurations are compared."""

import hashlib

from infrahub_exporter.app.configuration.everything import Settings

_BYTES = 6
"""A number of 48 bits is exact as a sample's value."""


def hash_of(settings: Settings) -> int:
    """Return a number that is equal for equal settings and documents.

    Secrets have no part in it: it is public, and they may be short.
    """
    said = repr((settings, settings.discoveries, settings.series_specs))
    return int.from_bytes(hashlib.sha256(said.encode()).digest()[:_BYTES], "big")
