"""Calls that the run before has left: prepared ones go back to the queue, sent ones count in the pace."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.states import Phase
from trunkline.calls.transitions import requeue
from trunkline.core.concurrency import gather_bounded
from trunkline.core.item_guard import ItemGuard
from trunkline.dial_queue.lease import HeldLane
from trunkline.dialer.context import DialerContext
from trunkline.dialer.start_confirmation import LOOK_EVERY_S, confirm_lost, may_be_in_livekit
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

_AT_ONCE = 32
"""Calls looked at together: a busy trunk has thousands of answered ones beside the few that were prepared."""

_FAILURES = (BotoCoreError, ClientError, StaleCall)


@dataclass
class InheritedCalls:
    """What was found of the run before.

    `returned` are prepared calls as they were claimed: their rooms are still open. `unconfirmed` are sent
    calls whose INVITE LiveKit may still hold. `is_complete` is false if calls could not be read.
    """

    returned: list[Call] = field(default_factory=list)
    unconfirmed: list[Call] = field(default_factory=list)
    is_complete: bool = True


async def inherit_calls(context: DialerContext, lane: HeldLane) -> InheritedCalls:
    """Return the prepared calls of a dead run to the queue, and find what may still be in LiveKit.

    The write is the opposite of the intent's: conditional on the same version, so that only one of them
    succeeds, also if the run is not dead but slow. What fails is left to the reconciler.
    """
    calls = InheritedCalls()
    if not lane.inherits:
        return calls
    try:
        call_ids = await context.offload(lambda: list(context.calls.in_progress_ids(lane.trunk_id)))
    except _FAILURES as error:
        context.log.warning("orphans not read", trunk_id=lane.trunk_id, cause=type(error).__name__)
        return InheritedCalls(is_complete=False)
    await gather_bounded(_AT_ONCE, partial(_inherit_one, context, lane, calls), call_ids)
    return calls


async def close_rooms(context: DialerContext, orphans: list[Call]) -> None:
    """Delete the rooms of returned claims; LiveKit closes a room that stays empty."""
    for orphan in orphans:
        with suppress(LiveKitUnavailable):
            await context.livekit.delete_room(orphan.room_name or "")


async def confirm_inherited(context: DialerContext, lane: HeldLane, calls: InheritedCalls) -> None:
    """Count the starts of the run before, and wait until each is confirmed.

    Nothing starts until all calls are read. One that was seen, answered or ended has left LiveKit by then.
    """
    if not lane.inherits:
        return
    while not calls.is_complete:
        await asyncio.sleep(LOOK_EVERY_S)
        calls = await inherit_calls(context, lane)
    starts = context.starts.add_inherited(context.clock.monotonic_us(), len(calls.unconfirmed))
    context.log.info("starts inherited", trunk_id=lane.trunk_id, unconfirmed=len(starts))
    limit = asyncio.Semaphore(_AT_ONCE)
    await asyncio.gather(
        *(
            confirm_lost(context, call, start, limit)
            for call, start in zip(calls.unconfirmed, starts, strict=True)
        )
    )


async def _inherit_one(context: DialerContext, lane: HeldLane, calls: InheritedCalls, call_id: str) -> None:
    now_ms, seen = context.clock.wall_ms(), None

    def if_orphaned(call: Call) -> Change | None:
        nonlocal seen
        seen = call
        return requeue(call, now_ms, why="dialer_lost") if _is_orphaned(call, lane) else None

    try:
        # A call that nobody can read was not dialled by the run before.
        with ItemGuard("dialer", context.log).item("orphan", call_id, passes=_FAILURES):
            await context.offload(context.calls.update, call_id, if_orphaned, now_ms)
    except _FAILURES as error:
        context.log.warning("orphan not returned", call_id=call_id, cause=type(error).__name__)
        calls.is_complete = False
        return
    if seen is None:
        return
    if _is_orphaned(seen, lane):
        calls.returned.append(seen)
        context.log.info("orphan returned", call_id=call_id, tenant_id=seen.tenant_id)
    elif seen.owner != context.run_id and may_be_in_livekit(seen, now_ms):
        calls.unconfirmed.append(seen)


def _is_orphaned(call: Call, lane: HeldLane) -> bool:
    return call.phase is Phase.PREPARED and call.owner is not None and call.owner == lane.dead_run_id
