"""What Trunkline does not have yet: turns and changes of the agent, in the order in which they happened."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from trunkline_agent.responses import FINAL_REFUSALS, Refused
from trunkline_agent.turns import next_report

_log = logging.getLogger("trunkline_agent")
_FLUSH_INTERVAL_S = 1.0


class Outbox:
    """Sends its entries in their order, about once a second; `send` sends one report.

    Once Trunkline takes nothing more from this agent, it drops what it has and what is still added.
    """

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
        self._send = send
        self._entries: list[dict[str, Any]] = []
        self._sending = asyncio.Lock()
        self._flusher: asyncio.Task[None] | None = None
        self._is_refused = False

    def add(self, entry: dict[str, Any]) -> None:
        """Add a turn, or a report, which has a `type`."""
        if not self._is_refused:
            self._entries.append(entry)

    def open(self) -> None:
        self._flusher = asyncio.create_task(self._flush_periodically(), name="trunkline_agent outbox")

    async def close(self) -> None:
        """Send what is left."""
        if self._flusher:
            self._flusher.cancel()
        await self.flush()

    async def flush(self) -> None:
        """Send all entries; one that cannot be sent stays, with those behind it."""
        async with self._sending:
            while self._entries:
                report, count = next_report(self._entries)
                try:
                    await self._send(report)
                except Refused as error:
                    if error.type not in FINAL_REFUSALS:
                        raise
                    self._drop_all(error)
                del self._entries[:count]

    def _drop_all(self, error: Refused) -> None:
        self._is_refused = True
        _log.warning("transcript dropped, Trunkline takes no more of it: %s: %s", error.type, error)
        self._entries.clear()

    async def _flush_periodically(self) -> None:
        while not self._is_refused:
            await asyncio.sleep(_FLUSH_INTERVAL_S)
            try:
                await self.flush()
            except Exception as error:  # noqa: BLE001 - a task that ends would lose all later turns
                # The next flush sends the same turns again.
                _log.warning("transcript not sent yet: %s: %s", type(error).__name__, error)
