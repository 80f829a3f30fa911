"""An Infrahub inside: Infrahub's own schema and object files, answered as Infrahub answers GraphQL.

The application that serves it over HTTP is `infrahub_exporter.adapters.embedded.server.create_app`.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infrahub_exporter.adapters.embedded.infrahub import EmbeddedInfrahub
    from infrahub_exporter.adapters.embedded.transport import EmbeddedTransport

__all__ = ["EmbeddedInfrahub", "EmbeddedTransport"]


def __getattr__(name: str) -> object:
    """Import the parts when they are asked for: graphql-core costs a tenth of a second."""
    if name == "EmbeddedInfrahub":
        from infrahub_exporter.adapters.embedded.infrahub import EmbeddedInfrahub  # noqa: PLC0415 - lazy on purpose

        return EmbeddedInfrahub
    if name == "EmbeddedTransport":
        from infrahub_exporter.adapters.embedded.transport import EmbeddedTransport  # noqa: PLC0415 - lazy on purpose

        return EmbeddedTransport
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
