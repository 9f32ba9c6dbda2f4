"""Orphaned claims: calls that a run which has died had prepared go back to the queue."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.states import Phase
from trunkline.calls.transitions import requeue
from trunkline.dial_queue.lease import HeldLane
from trunkline.dialer.context import DialerContext
from trunkline.livekit.sdk_boundary import LiveKitUnavailable


async def return_orphaned_claims(context: DialerContext, lane: HeldLane) -> None:
    """Return the prepared calls of the run whose lane was taken over; what fails is left to the reconciler.

    The write is the opposite of the intent's: conditional on the same version, so that only one of them
    succeeds, also if the run is not dead but slow.
    """
    if lane.dead_run_id is None:
        return
    try:
        call_ids = await context.offload(lambda: list(context.calls.in_progress_ids(lane.trunk_id)))
        for call_id in call_ids:
            await _return_one(context, call_id, lane.dead_run_id)
    except (BotoCoreError, ClientError, StaleCall) as error:
        context.log.warning("orphans not returned", trunk_id=lane.trunk_id, cause=type(error).__name__)


async def _return_one(context: DialerContext, call_id: str, dead_run_id: str) -> None:
    now_ms, orphan = context.clock.wall_ms(), None

    def if_orphaned(call: Call) -> Change | None:
        nonlocal orphan
        orphan = call if (call.phase, call.owner) == (Phase.PREPARED, dead_run_id) else None
        return requeue(call, now_ms, why="dialer_lost") if orphan else None

    await context.offload(context.calls.update, call_id, if_orphaned, now_ms)
    if orphan is None:
        return
    context.log.info("orphan returned", call_id=call_id, tenant_id=orphan.tenant_id)
    try:
        await context.livekit.delete_room(orphan.room_name or "")
    except LiveKitUnavailable:
        return  # LiveKit closes a room that stays empty
