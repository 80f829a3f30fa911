"""Contract suites: what each port promises, as pytest classes that adapters of any origin subclass.

A suite is bound by a subclass whose name begins with `Test` and which provides the fixtures that the suite's docstring
names. `inventory` is what a source under test must hold. Needs pytest; imports no adapter.
"""

import pytest

pytest.register_assert_rewrite(
    f"{__name__}.clocks", f"{__name__}.sinks", f"{__name__}.sources", f"{__name__}.transports"
)

from infrahub_exporter.testing import inventory  # noqa: E402 - pytest explains only the asserts of modules named before
from infrahub_exporter.testing.clocks import ClockContract  # noqa: E402
from infrahub_exporter.testing.sinks import RemoteSnapshotSinkContract, SnapshotSinkContract  # noqa: E402
from infrahub_exporter.testing.sources import (  # noqa: E402
    NodeSourceContract,
    QueryRunnerContract,
    RemoteNodeSourceContract,
    RemoteQueryRunnerContract,
    RemoteSchemaSourceContract,
    SchemaSourceContract,
)
from infrahub_exporter.testing.transports import RemoteTransportContract, TransportContract  # noqa: E402

__all__ = [
    "ClockContract",
    "NodeSourceContract",
    "QueryRunnerContract",
    "RemoteNodeSourceContract",
    "RemoteQueryRunnerContract",
    "RemoteSchemaSourceContract",
    "RemoteSnapshotSinkContract",
    "RemoteTransportContract",
    "SchemaSourceContract",
    "SnapshotSinkContract",
    "TransportContract",
    "inventory",
]
