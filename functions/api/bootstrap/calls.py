"""Builds the services that read and change calls."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import cache, partial

from trunkline.call_control.cancel_call import CancelCallService
from trunkline.call_control.cancel_calls import CancelCallsService
from trunkline.call_control.dispatches import Dispatches, DispatchService
from trunkline.call_control.erase_call import EraseCallService
from trunkline.call_control.get_call import CallReader
from trunkline.call_control.join_tokens import JoinTokenService
from trunkline.call_control.list_calls import CallLister
from trunkline.call_control.reschedule_call import RescheduleCallService
from trunkline.calls.models import Call
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.value_objects import Channel
from trunkline.core.errors import LiveKitFailed, LiveKitNotConfigured
from trunkline.core.item_guard import ItemGuard
from trunkline.core.logging import logger
from trunkline.simulator.dispatches import SimulatedDispatches
from trunkline.tool_runtime.recorder import recorded_payloads

from .base import agents, calls, clock, lane_notifier, livekit_projects, long_polls, table, tenant_settings
from .queue import queue_status

log = logger("api")
_CANCELLED_AT_ONCE = 10


@cache
def call_reader() -> CallReader:
    return CallReader(
        calls(),
        TranscriptRepository(table()),
        CallLister(table(), ItemGuard("api", log)),
        queue_status(),
        long_polls(),
        partial(recorded_payloads, table()),
    )


@cache
def join_token_service() -> JoinTokenService:
    return JoinTokenService(calls(), livekit_projects().for_call, clock())


@cache
def erase_call_service() -> EraseCallService:
    return EraseCallService(calls(), table(), clock())


@cache
def cancel_call_service() -> CancelCallService:
    return CancelCallService(calls(), lane_notifier(), clock(), _hang_up)


@cache
def cancel_calls_service() -> CancelCallsService:
    return CancelCallsService(cancel_call_service(), clock(), log, ThreadPoolExecutor(_CANCELLED_AT_ONCE).map)


@cache
def reschedule_call_service() -> RescheduleCallService:
    return RescheduleCallService(calls(), tenant_settings(), lane_notifier(), clock())


@cache
def dispatch_service() -> DispatchService:
    return DispatchService(calls(), agents(), _dispatches_for)


def _dispatches_for(call: Call) -> Dispatches:
    if not call.livemode:
        return SimulatedDispatches(table(), clock())
    # Only these routes speak to LiveKit: the others do not pay for its import.
    from trunkline.livekit.dispatches import LiveKitDispatches  # noqa: PLC0415

    return LiveKitDispatches(livekit_projects().for_call)


def _hang_up(call: Call) -> None:
    """Ask LiveKit at once; when that fails, the lane's run and the reconciler ask again."""
    if not call.livemode:
        lane_notifier().wake(call.trunk_id)
        return
    # Only this route speaks to LiveKit: the others do not pay for its import on a cold start.
    from trunkline.livekit.sync_client import close_room, hang_up  # noqa: PLC0415

    project, room_name = partial(livekit_projects().for_call, call), call.room_name or ""
    try:
        if call.channel is Channel.WEB:
            close_room(project(), room_name)
        else:
            hang_up(project(), room_name, call.claim)
    except (LiveKitFailed, LiveKitNotConfigured) as error:
        log.warning("not hung up yet", call_id=call.id, cause=str(error))
