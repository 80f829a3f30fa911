"""How the exporter behaves towards an Infrahub, and how it goes with it."""

from infrahub_exporter.adapters.infrahub.patience import PatientTransport
from infrahub_exporter.adapters.infrahub.reader import InfrahubReader
from infrahub_exporter.domain.publishing.pressure import Pressure
from infrahub_exporter.domain.publishing.status import SourceStatus


class GoodNeighbour:
    """What a patient transport and the reader over it know of Infrahub's state."""

    def __init__(self, transport: PatientTransport, reader: InfrahubReader) -> None:
        self._transport = transport
        self._reader = reader

    def after_work(self, pressure: Pressure, *, base_seconds: float) -> Pressure:
        """Return what becomes of the pressure: more where something was shed since the last time, else less in time."""
        return self._transport.after_work(pressure, base_seconds=base_seconds)

    def status(self) -> SourceStatus:
        """Tell what was asked, how often again, what came of it, and how far the clocks are apart."""
        tally = self._reader.tally
        return SourceStatus(
            dict(tally.requests),
            self._transport.retries,
            self._reader.skew_seconds,
            read_bytes=tally.read_bytes,
            version=self._reader.version,
            retrying=self._transport.trouble,
        )
