"""Where the last good data outlives the process."""

from infrahub_exporter.adapters.stores.file import FileStore
from infrahub_exporter.adapters.stores.memory import MemoryStore

__all__ = ["FileStore", "MemoryStore"]
