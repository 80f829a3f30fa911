"""Snapshots to an OpenTelemetry collector: encoding, packing, calls, and the sink that drives them."""

from infrahub_exporter.adapters.otlp.sink import OtlpSink

__all__ = ["OtlpSink"]
