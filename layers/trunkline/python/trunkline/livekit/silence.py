"""Silence of LiveKit projects, shared by all passes of the reconciler.

One pass waits for a project that does not answer. The others leave it alone until the mark is over, so that
it cannot take up the functions that look at the trunks of other projects.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

from trunkline.core.clock import Clock
from trunkline.storage.keys.item import TTL, Item
from trunkline.storage.keys.reconciler import livekit_silence_key
from trunkline.storage.table import Put, Table, Update

SILENCE_MS = 40_000
"""Shorter than a minute, so that the next minute's pass asks again."""

SILENT_PASSES = 2
"""Passes that got no answer: one alone may have had rooms that hang, and no others."""


@dataclass(frozen=True)
class ProjectSilence:
    """The silence of one project; `tenant_id` is None for the deployment's."""

    table: Table
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    tenant_id: str | None

    async def is_silent(self) -> bool:
        """Tell whether a pass found the project silent a moment ago."""
        item = await self.offload(self.table.get, livekit_silence_key(self.tenant_id))
        return self._is_live(item) and item["passes"] >= SILENT_PASSES

    async def record(self) -> None:
        """Count a pass without an answer: after two of them, the others leave the project alone."""
        key = livekit_silence_key(self.tenant_id)
        if self._is_live(await self.offload(self.table.get, key)):
            await self.offload(self.table.write, Update(key, add={"passes": 1}))
            return
        until_ms = self.clock.wall_ms() + SILENCE_MS
        item = key.as_item() | {"passes": 1, "until_ms": until_ms, TTL: until_ms // 1000}
        await self.offload(self.table.write, Put(item))

    def _is_live(self, item: Item | None) -> bool:
        return bool(item) and (item or {})["until_ms"] > self.clock.wall_ms()
