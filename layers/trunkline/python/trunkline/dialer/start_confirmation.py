"""Confirmation of a start: asks LiveKit for its participant until it is seen or answered (rule 9)."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from trunkline.calls.models import Call
from trunkline.dial_queue.lease import HeldLane
from trunkline.dial_queue.start_history import Start
from trunkline.dialer.context import DialerContext
from trunkline.livekit.client import TOKEN_LEEWAY_MS
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

TOKEN_LIFE_MS = 5_000
"""A dial's token expires this long after its slot (rule 8)."""

_FIRST_LOOK_S = 0.1
_LOOK_EVERY_S = 0.25
_NO_CLAIM = 0


class StartConfirmation:
    """Looks for the participant of an attempt's start while its dial waits for an answer."""

    def __init__(self, context: DialerContext) -> None:
        self._context = context
        self._call: Call | None = None
        self._start: Start | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self, call: Call, now_us: int) -> None:
        """Record the start, and begin to look for it; does not wait."""
        self._call = call
        self._start = self._context.starts.add(now_us)
        self._context.metrics.started(call)
        self._looking = asyncio.create_task(self._look_until_seen(call, self._start))

    async def stop(self) -> None:
        """Stop looking."""
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def answered(self) -> None:
        """Confirm the start by its answer."""
        if self._start:
            self._context.starts.confirm_answered(self._start, self._context.clock.monotonic_us())

    async def wait_for_sign_of_life(self) -> None:
        """Confirm a start whose reply was lost when LiveKit next answers anything, or its token is dead.

        Until then its INVITE may still be in a LiveKit that hangs.
        """
        call, start, clock = self._call, self._start, self._context.clock
        if call is None or start is None:
            return
        dead_ms = (call.token_expires_at_ms or 0) + TOKEN_LEEWAY_MS
        while not start.is_confirmed and clock.wall_ms() < dead_ms:
            if await self._look(call, start):
                break
            await asyncio.sleep(_LOOK_EVERY_S)
        self._context.starts.confirm(start, clock.monotonic_us())

    async def _look_until_seen(self, call: Call, start: Start) -> None:
        await asyncio.sleep(_FIRST_LOOK_S)
        while not start.is_confirmed:
            await self._look(call, start)
            await asyncio.sleep(_LOOK_EVERY_S)

    async def _look(self, call: Call, start: Start) -> bool:
        """Look once; return whether LiveKit answered. An absent participant proves nothing: ask again."""
        try:
            joined_ms = await self._context.livekit.callee_joined_ms(call.room_name or "", call.claim)
        except LiveKitUnavailable:
            return False
        if joined_ms is not None:
            self._context.starts.confirm_joined(start, self._context.clock.monotonic_us(), joined_ms)
        return True


async def confirm_inherited(context: DialerContext, lane: HeldLane) -> None:
    """Confirm the starts of the run that died when LiveKit answers anything, or their tokens are dead.

    The room need not exist: LiveKit says so, and that is an answer.
    """
    if lane.dead_run_id is None:
        return
    dead_us = lane.taken_at_us + (TOKEN_LIFE_MS + TOKEN_LEEWAY_MS) * 1000
    while context.clock.monotonic_us() < dead_us:
        with suppress(LiveKitUnavailable):
            await context.livekit.callee_joined_ms(f"lane-{lane.trunk_id}", _NO_CLAIM)
            break
        await asyncio.sleep(_LOOK_EVERY_S)
    context.starts.confirm_inherited(context.clock.monotonic_us())
