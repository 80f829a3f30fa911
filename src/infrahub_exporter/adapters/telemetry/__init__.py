"""The exporter's own metrics, from a registry of its own."""

from infrahub_exporter.adapters.telemetry.registry import Telemetry

__all__ = ["Telemetry"]
