"""Simulation hook of a lane run: advances the simulated calls of a test trunk; does nothing on a live one."""

from __future__ import annotations

from typing import Protocol

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.dialer.context import DialerContext

_KEEP_LANE_MS = 5_000
_INTERVAL_US = 200_000


class Simulation(Protocol):
    """Advances the simulated calls of a trunk; `simulator.player` implements it."""

    def advance(self, trunk_id: str) -> int | None:
        """Run the steps that are due; return when the next one is due (ms), or None."""


class SimulationHook:
    """Advances one run's simulated calls."""

    def __init__(self, context: DialerContext, simulation: Simulation | None) -> None:
        self._context = context
        self._simulation = simulation
        self._advanced_us: int | None = None
        self._next_ms: int | None = None

    async def advance(self, trunk_id: str, *, fresh: bool = False) -> None:
        """Run the steps that are due, at most every 200 ms unless `fresh`.

        A failure is retried at the next poll, or by the reconciler.
        """
        now_us = self._context.clock.monotonic_us()
        seen = self._advanced_us is not None and now_us < self._advanced_us + _INTERVAL_US
        if self._simulation is None or (seen and not fresh):
            return
        self._advanced_us = now_us
        try:
            self._next_ms = await self._context.offload(self._simulation.advance, trunk_id)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning(
                "simulation not advanced", trunk_id=trunk_id, cause=type(error).__name__
            )

    @property
    def is_due_soon(self) -> bool:
        """Tell whether a step is due so soon that the run should keep the lane."""
        return self._next_ms is not None and self._next_ms < self._context.clock.wall_ms() + _KEEP_LANE_MS

    async def schedule_wakeup(self, trunk_id: str) -> None:
        """Wake the trunk when the next step is due; the reconciler runs steps far ahead."""
        if self._next_ms is not None:
            await self._context.offload(self._context.notifier.wake_at, trunk_id, self._next_ms)
