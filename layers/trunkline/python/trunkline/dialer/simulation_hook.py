"""What a run does for the played calls of a test trunk; on a live trunk nothing."""

from __future__ import annotations

from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.dialer.context import DialerContext

_STAYS_FOR_MS = 5_000
_EVERY_US = 200_000


class Simulation(Protocol):
    """Plays what is due on a trunk; `trunkline.played.player` does it."""

    def play(self, trunk_id: str) -> int | None:
        """Returns when the next thing is due, or None if there is none."""


class SimulationHook:
    """One run's."""

    def __init__(self, context: DialerContext, player: Simulation | None) -> None:
        self._context = context
        self._player = player
        self._looked_us: int | None = None
        self._next_ms: int | None = None

    async def go_on(self, trunk_id: str, *, fresh: bool = False) -> None:
        """Play what is due, now and then, or `fresh` at once.

        What fails is played at the next look, or by the reconciler.
        """
        now_us = self._context.clock.monotonic_us()
        seen = self._looked_us is not None and now_us < self._looked_us + _EVERY_US
        if self._player is None or (seen and not fresh):
            return
        self._looked_us = now_us
        try:
            self._next_ms = await self._context.offload(self._player.play, trunk_id)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("not played", trunk_id=trunk_id, cause=type(error).__name__)

    @property
    def soon(self) -> bool:
        """Say whether something is due so soon that the run had better stay."""
        return self._next_ms is not None and self._next_ms < self._context.clock.wall_ms() + _STAYS_FOR_MS

    async def leave(self, trunk_id: str) -> None:
        """Have the trunk woken when the next thing is due; one far ahead the reconciler plays."""
        if self._next_ms is not None:
            await self._context.offload(self._context.notifier.wake_at, trunk_id, self._next_ms)
