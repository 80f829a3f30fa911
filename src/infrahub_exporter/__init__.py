"""Infrahub's inventory as Prometheus metrics, Prometheus targets and OpenTelemetry metrics."""

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from infrahub_exporter.adapters.memory import MemorySource
    from infrahub_exporter.app.configuration.settings import Settings, load_settings
    from infrahub_exporter.app.container import build_exporter
    from infrahub_exporter.app.exporter import Exporter
    from infrahub_exporter.app.serving.plugin import ExporterPlugin
    from infrahub_exporter.app.serving.server import create_app
    from infrahub_exporter.domain.errors import ExporterError
    from infrahub_exporter.domain.publishing.formats import Format

__all__ = [
    "Exporter",
    "ExporterError",
    "ExporterPlugin",
    "Format",
    "MemorySource",
    "Settings",
    "build_exporter",
    "create_app",
    "load_settings",
]

_HOMES = {
    "Exporter": "app.exporter",
    "ExporterError": "domain.errors",
    "ExporterPlugin": "app.serving.plugin",
    "Format": "domain.publishing.formats",
    "MemorySource": "adapters.memory",
    "Settings": "app.configuration.settings",
    "build_exporter": "app.container",
    "create_app": "app.serving.server",
    "load_settings": "app.configuration.settings",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
