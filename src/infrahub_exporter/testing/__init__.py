"""Contract suites: what each port promises, as pytest classes that adapters of any origin subclass.

A suite is bound by a subclass whose name begins with `Test` and which provides the fixtures that the suite's docstring
names. `inventory` is what a source under test must hold. Needs pytest; imports no adapter.
"""

import pytest

pytest.register_assert_rewrite(
    f"{__name__}.clocks", f"{__name__}.sinks", f"{__name__}.sources", f"{__name__}.stores", f"{__name__}.transports"
)

from infrahub_exporter.testing import inventory  # noqa: E402 - pytest explains only the asserts of modules named before
from infrahub_exporter.testing.clocks import ClockContract  # noqa: E402
from infrahub_exporter.testing.probes import ChangedRowsContract, ChangeProbeContract, RemoteChangeProbeContract  # noqa: E402
from infrahub_exporter.testing.queries import QueryRunnerContract, RemoteQueryRunnerContract  # noqa: E402
from infrahub_exporter.testing.schemas import RemoteSchemaSourceContract, SchemaSourceContract  # noqa: E402
from infrahub_exporter.testing.sinks import RemoteSnapshotSinkContract, SnapshotSinkContract  # noqa: E402
from infrahub_exporter.testing.sources import NodeSourceContract, RemoteNodeSourceContract  # noqa: E402
from infrahub_exporter.testing.stores import LastingSnapshotStoreContract, SnapshotStoreContract  # noqa: E402
from infrahub_exporter.testing.transports import RemoteTransportContract, TransportContract  # noqa: E402

__all__ = [
    "ChangeProbeContract",
    "ChangedRowsContract",
    "ClockContract",
    "LastingSnapshotStoreContract",
    "NodeSourceContract",
    "QueryRunnerContract",
    "RemoteChangeProbeContract",
    "RemoteNodeSourceContract",
    "RemoteQueryRunnerContract",
    "RemoteSchemaSourceContract",
    "RemoteSnapshotSinkContract",
    "RemoteTransportContract",
    "SchemaSourceContract",
    "SnapshotSinkContract",
    "SnapshotStoreContract",
    "TransportContract",
    "inventory",
]
