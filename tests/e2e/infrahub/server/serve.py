"""Serve Infrahub's API from this one process, without Redis, a message broker or workers: `serve.py PORT`.

Infrahub reaches cache and message bus through interfaces that its settings let a test replace. The cache, which holds
the locks too, is a dictionary here; the bus is Infrahub's own simulator, which runs a message where it is sent.
"""
# mypy: ignore-errors
# Infrahub is installed in an environment of its own, which type checkers do not see.

import sys
import time
from fnmatch import fnmatchcase

import uvicorn
from infrahub import config

config.SETTINGS.initialize_and_exit()  # the other modules of Infrahub read the settings when they are imported

from infrahub.server import app  # noqa: E402  # the settings come first
from infrahub.services.adapters.cache import InfrahubCache  # noqa: E402
from infrahub.services.adapters.message_bus.local import BusSimulator  # noqa: E402

NEVER = float("inf")


class DictionaryCache(InfrahubCache):
    """A cache for one process: key, value and the monotonic second at which it is forgotten."""

    def __init__(self) -> None:
        self._values: dict[str, str] = {}
        self._ends: dict[str, float] = {}

    def _forget_expired(self) -> None:
        now = time.monotonic()
        for key in [key for key, end in self._ends.items() if end <= now]:
            del self._values[key], self._ends[key]

    async def get(self, key: str) -> str | None:
        self._forget_expired()
        return self._values.get(key)

    async def get_values(self, keys: list[str]) -> list[str | None]:
        self._forget_expired()
        return [self._values.get(key) for key in keys]

    async def list_keys(self, filter_pattern: str) -> list[str]:
        self._forget_expired()
        return [key for key in self._values if fnmatchcase(key, filter_pattern)]

    async def set(
        self,
        key: str,
        value: str,
        expires: object = None,
        not_exists: bool = False,  # noqa: FBT001, FBT002 - the signature is Infrahub's
    ) -> bool | None:
        self._forget_expired()
        if not_exists and key in self._values:
            return None
        seconds = getattr(expires, "value", expires)  # a number, an enumeration of numbers, or none
        self._values[key] = value
        self._ends[key] = NEVER if seconds is None else time.monotonic() + float(seconds)
        return True

    async def delete(self, key: str) -> None:
        self._values.pop(key, None)
        self._ends.pop(key, None)

    async def close_connection(self) -> None:
        return


config.OVERRIDE.cache = DictionaryCache()
config.OVERRIDE.message_bus = BusSimulator()

if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), log_level="info")
