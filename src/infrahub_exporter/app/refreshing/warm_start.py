"""Keep what is published over a restart."""

import logging
from functools import partial

from infrahub_exporter.app.refreshing import succession
from infrahub_exporter.app.refreshing.inventory import Inventory
from infrahub_exporter.app.refreshing.pace import Pace
from infrahub_exporter.app.refreshing.ports import Store
from infrahub_exporter.domain.counts import noun
from infrahub_exporter.domain.ports import Clock
from infrahub_exporter.domain.publishing.saved import Saved, StoreStatus

logger = logging.getLogger("infrahub_exporter")

_CONFIRM_SECONDS = 600.0
"""How much older than the last good look what is kept may say it is, as long as nothing has changed."""
_SAVE_SECONDS = 30.0
"""How often what is published is kept for the next start, if anything of it is new."""
_FIRST_SAVE_SECONDS = 5.0
"""When that is done first: a process that does not live for long shall have kept something, too."""


class WarmStart:
    """Restore an inventory from a store, and save it there when anything of it is new. Without a store it does nothing.

    `source_id` tells the Infrahub and branch apart: what came from another one is not restored.
    """

    def __init__(self, store: Store | None, *, source_id: str) -> None:
        self._store = store
        self._source_id = source_id
        self._stored = Saved(source_id, "")

    @property
    def is_needed(self) -> bool:
        """Tell whether there is a store."""
        return self._store is not None

    @property
    def status(self) -> StoreStatus | None:
        """Tell how saving goes; None without a store."""
        return None if self._store is None else self._store.status

    async def restore(self, inventory: Inventory) -> None:
        """Publish what was kept, of entries that have nothing yet."""
        saved = None if self._store is None or not inventory.entries.lacks_data else await self._store.load()
        if saved is not None and saved.source == self._source_id and (restored := await inventory.restore(saved)):
            what = noun(restored, "kind or query", "kinds and queries")
            logger.info("served from before the restart until read again: %d %s", restored, what)

    async def keep(self, inventory: Inventory, clock: Clock) -> None:
        """Save now and then until cancelled."""
        pace = Pace(_SAVE_SECONDS, clock=clock, stretch=lambda seconds: seconds, delay_seconds=_FIRST_SAVE_SECONDS)
        await pace.keep(partial(self.save, inventory))

    async def save(self, inventory: Inventory, *, last: bool = False) -> None:
        """Keep what is published, where it is new; and now and then, or a last time, also when it was found true."""
        if self._store is None:
            return
        saved = succession.saved(inventory.entries, self._source_id)
        age = (saved.read_at or 0.0) - (self._stored.read_at or 0.0)
        is_new = saved.content != self._stored.content or age > (0 if last else _CONFIRM_SECONDS)
        if saved.entries and is_new:
            await self._store.save(saved)
            self._stored = saved
