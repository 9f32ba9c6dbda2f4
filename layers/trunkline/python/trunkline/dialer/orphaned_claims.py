"""Orphaned claims: calls that a run which has died had prepared go back to the queue."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.states import Phase
from trunkline.calls.transitions import requeue
from trunkline.core.concurrency import gather_bounded
from trunkline.dial_queue.lease import HeldLane
from trunkline.dialer.context import DialerContext
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

_AT_ONCE = 32
"""Calls looked at together: a busy trunk has thousands of answered ones beside the few that were prepared."""

_FAILURES = (BotoCoreError, ClientError, StaleCall)


async def return_orphaned_claims(context: DialerContext, lane: HeldLane) -> list[Call]:
    """Return the prepared calls of the run whose lane was taken over; what fails is left to the reconciler.

    The write is the opposite of the intent's: conditional on the same version, so that only one of them
    succeeds, also if the run is not dead but slow.

    Returns:
        The calls as they were claimed: their rooms are still open.
    """
    if lane.dead_run_id is None:
        return []
    try:
        call_ids = await context.offload(lambda: list(context.calls.in_progress_ids(lane.trunk_id)))
    except _FAILURES as error:
        context.log.warning("orphans not read", trunk_id=lane.trunk_id, cause=type(error).__name__)
        return []
    found = await gather_bounded(_AT_ONCE, partial(_return_one, context, lane.dead_run_id), call_ids)
    return [orphan for orphan in found if orphan]


async def close_rooms(context: DialerContext, orphans: list[Call]) -> None:
    """Delete the rooms of returned claims; LiveKit closes a room that stays empty."""
    for orphan in orphans:
        with suppress(LiveKitUnavailable):
            await context.livekit.delete_room(orphan.room_name or "")


async def _return_one(context: DialerContext, dead_run_id: str, call_id: str) -> Call | None:
    now_ms, orphan = context.clock.wall_ms(), None

    def if_orphaned(call: Call) -> Change | None:
        nonlocal orphan
        orphan = call if (call.phase, call.owner) == (Phase.PREPARED, dead_run_id) else None
        return requeue(call, now_ms, why="dialer_lost") if orphan else None

    try:
        await context.offload(context.calls.update, call_id, if_orphaned, now_ms)
    except _FAILURES as error:
        context.log.warning("orphan not returned", call_id=call_id, cause=type(error).__name__)
        return None
    if orphan is not None:
        context.log.info("orphan returned", call_id=call_id, tenant_id=orphan.tenant_id)
    return orphan
