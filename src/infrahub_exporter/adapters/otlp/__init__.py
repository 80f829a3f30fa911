"""Snapshots to receivers of OTLP: encoding, packing, calls by either protocol, and the sinks that drive them."""

from infrahub_exporter.adapters.otlp.connection import Destination
from infrahub_exporter.adapters.otlp.destinations import OtlpSinks
from infrahub_exporter.adapters.otlp.sink import OtlpSink

__all__ = ["Destination", "OtlpSink", "OtlpSinks"]
