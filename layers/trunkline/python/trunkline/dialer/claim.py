"""What a claim writes: each step on condition that the claim is still mine."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.repository import NoFreeSlot
from trunkline.calls.transitions import requeue
from trunkline.dialer.context import DialerContext
from trunkline.livekit.client import LiveKitUnavailable

_SETTLE_FOR_S = 20


class Claim:
    """One run's claim of one call."""

    def __init__(self, context: DialerContext) -> None:
        self._context = context
        self._has_room = False

    async def take(self, call: Call, change: Change, now_ms: int) -> Call | None:
        """Take the call from the line; None if it was lost, or a slot is missing after all."""
        taken = await self.write(call, change, now_ms)
        self._has_room = taken is not None
        return taken

    async def write(self, call: Call, change: Change, now_ms: int) -> Call | None:
        """Write a step before the INVITE.

        When the call has changed (a cancel, the reconciler), or the table does not say whether it was
        written, nothing has been sent: what is still mine of it is undone, and the agent sent home.
        """
        try:
            stored: Call = await self._context.offload(self._context.calls.apply, call, change, now_ms)
        except NoFreeSlot:
            return None
        except (StaleCall, BotoCoreError, ClientError) as error:
            self._context.log.warning(
                "step not taken", call_id=call.id, tenant_id=call.tenant_id, cause=type(error).__name__
            )
            await self.give_back(change.call, why="step_not_taken")
            return None
        return stored

    async def give_back(self, call: Call, *, why: str) -> None:
        """Return the call to its place in the line."""
        await self.settle(call, lambda current, now_ms: requeue(current, now_ms, why=why))
        if self._has_room:
            # A claim that was lost to another run names that run's room: not mine to close.
            await self.drop_room(call)

    async def settle(
        self, call: Call, decide: Callable[[Call, int], Change | None], known: Call | None = None
    ) -> Call | None:
        """Write what came of this claim; if another claim or an end stands there, it stays."""
        now_ms = self._context.clock.wall_ms()
        seen = call

        def if_still_mine(current: Call) -> Change | None:
            nonlocal seen
            seen = current
            mine = (current.claim, current.owner) == (call.claim, self._context.run_id)
            return decide(current, now_ms) if mine and not current.is_terminal else None

        # The answer is known only here: a table that fails for a moment must not lose it.
        retry = AsyncRetrying(
            retry=retry_if_exception_type((BotoCoreError, ClientError)),
            wait=wait_exponential_jitter(multiplier=0.1, max=2),
            stop=stop_after_delay(_SETTLE_FOR_S),
            reraise=True,
        )
        # What was last written is what most often still stands; a stale one is read anew.
        work = partial(self._context.calls.update, call.id, if_still_mine, now_ms, known=known)
        settled: Call | None = await retry(self._context.offload, work)
        if settled and self._context.notifier.needs_wakeup(seen, settled):
            await self._context.offload(self._context.notifier.notify_change, seen, settled)
        return settled

    async def drop_room(self, call: Call) -> None:
        """Send the agent home. Failing is harmless: LiveKit closes a room that stays empty."""
        try:
            await self._context.livekit.delete_room(call.room_name or "")
        except LiveKitUnavailable as error:
            self._context.log.warning(
                "room not deleted", call_id=call.id, tenant_id=call.tenant_id, cause=str(error)
            )
