"""Claim of one call: writes each step on condition that this run still owns the claim."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError
from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_exponential_jitter

from trunkline.calls.agent_transitions import AGENT_GRACE_MS
from trunkline.calls.log_ids import log_ids
from trunkline.calls.models import RECONCILER_REACH_MS, Call, Change, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import NoFreeSlot
from trunkline.calls.states import State
from trunkline.calls.transitions import requeue
from trunkline.dialer.context import DialerContext
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

_SETTLE_FOR_S = 20


class Claim:
    """One run's claim of one call."""

    def __init__(self, context: DialerContext) -> None:
        self._context = context
        self._has_room = False

    async def take(self, call: Call, change: Change, now_ms: int) -> Call | None:
        """Take the call from the queue; None if it was lost, or no slot is free after all."""
        taken = await self.write(call, change, now_ms)
        self._has_room = taken is not None
        return taken

    async def write(self, call: Call, change: Change, now_ms: int) -> Call | None:
        """Write a step before the INVITE.

        If the call has changed (a cancel, the reconciler), or the table does not confirm the write, nothing
        has been sent: the claim is released and its room closed.
        """
        try:
            stored: Call = await self._context.offload(self._context.calls.apply, call, change, now_ms)
        except NoFreeSlot:
            return None
        except (StaleCall, BotoCoreError, ClientError) as error:
            self._context.log.warning("step not taken", **log_ids(call), cause=type(error).__name__)
            await self.release(change.call, why="step_not_taken")
            return None
        return stored

    async def release(self, call: Call, *, why: str) -> None:
        """Return the call to its position in the queue."""
        await self.settle(call, lambda current, now_ms: requeue(current, now_ms, why=why))
        if self._has_room:
            # A claim that was lost to another run names that run's room, which must stay open.
            await self.delete_room(call)

    async def settle(
        self, call: Call, decide: Callable[[Call, int], Change | None], known: Call | None = None
    ) -> Call | None:
        """Write the outcome of this claim, unless the call has ended or belongs to another claim."""
        now_ms = self._context.clock.wall_ms()
        seen = call

        def if_owned(current: Call) -> Change | None:
            nonlocal seen
            seen = current
            owned = (current.claim, current.owner) == (call.claim, self._context.run_id)
            return decide(current, now_ms) if owned and not current.is_terminal else None

        # The answer is known only here: a table that fails briefly must not lose it.
        retry = AsyncRetrying(
            retry=retry_if_exception_type((BotoCoreError, ClientError)),
            wait=wait_exponential_jitter(multiplier=0.1, max=2),
            stop=stop_after_delay(_SETTLE_FOR_S),
            reraise=True,
        )
        # The last written version is usually still current; a stale one is read again.
        work = partial(self._context.calls.update, call.id, if_owned, now_ms, known=known)
        settled: Call | None = await retry(self._context.offload, work)
        if settled and self._context.notifier.needs_wakeup(seen, settled):
            await self._context.offload(self._context.notifier.notify_change, seen, settled)
        if settled and settled.state is State.ACTIVE:
            await self._check_later(settled)
        if settled and _is_newly_blocked(seen, settled):
            await self._record_block(settled)
        return settled

    async def _record_block(self, call: Call) -> None:
        """Count a block by the carrier; a failed write is dropped: the count is a figure for people."""
        try:
            await self._context.offload(self._context.record_block, call)
        except (BotoCoreError, ClientError) as error:
            self._context.log.warning("block not counted", call_id=call.id, cause=type(error).__name__)

    async def _check_later(self, call: Call) -> None:
        """Have a talk looked at: at a limit the reconciler might see too late, or if its agent has left."""
        check_at, answered_ms = self._context.check_at, call.answered_at_ms
        if call.limit_ends_ms and call.limit_ends_ms <= self._context.clock.wall_ms() + RECONCILER_REACH_MS:
            await self._context.offload(check_at, call.id, call.limit_ends_ms)
        if call.agent_left_at_ms and answered_ms:
            await self._context.offload(check_at, call.id, answered_ms + AGENT_GRACE_MS)

    async def delete_room(self, call: Call) -> None:
        """Close the claim's room, which removes the agent; on failure LiveKit closes the empty room."""
        try:
            await self._context.livekit.delete_room(call.room_name or "")
        except LiveKitUnavailable as error:
            self._context.log.warning("room not deleted", **log_ids(call), cause=str(error))


def _is_newly_blocked(before: Call, after: Call) -> bool:
    """Tell whether the carrier blocked the attempt that has just ended."""
    has_ended = len(after.attempts) > len(before.attempts)
    return has_ended and after.attempts[-1].reason is Reason.BLOCKED_BY_CARRIER
