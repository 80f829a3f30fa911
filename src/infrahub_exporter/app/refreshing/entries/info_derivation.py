"""The info samples of a kind's nodes, kept right as those change."""

from collections.abc import Mapping

from infrahub_exporter.app.refreshing.entries.derivation import Derivation
from infrahub_exporter.domain.asking.specs import MetricSpec
from infrahub_exporter.domain.model import Sample
from infrahub_exporter.domain.replica.views import Delta
from infrahub_exporter.domain.views.metrics import Sampler


class InfoDerivation(Derivation[Sample]):
    """The info sample of each node; `longest` is how long a label of any may be at most."""

    def __init__(self, spec: MetricSpec) -> None:
        super().__init__(spec.kind, spec.paths, spec.filters, derive=self._sampled)
        self._samples = Sampler(spec)

    @property
    def longest(self) -> int:
        """Return the length of the longest label that has been made since everything was derived."""
        return self._samples.longest

    def _sampled(self, delta: Delta) -> Mapping[str, Sample]:
        if delta.whole:
            self._samples.longest = 0
        return self._samples(delta.batches())
