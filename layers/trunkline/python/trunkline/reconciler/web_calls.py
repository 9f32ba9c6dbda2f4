"""Web call reconciler: ends web calls that nobody joined or whose room has ended, once a minute."""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property

from trunkline.calls.agent_transitions import agent_found, agent_overdue, end_agent_lost, replacement_overdue
from trunkline.calls.leg_end import settle_leg
from trunkline.calls.models import WEB_LANES, Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import close_web_call, end_call
from trunkline.calls.value_objects import Ending
from trunkline.calls.web_transitions import on_room_finished
from trunkline.core.item_guard import ItemGuard
from trunkline.livekit.fail_fast import WebLookups
from trunkline.livekit.rooms import AGENT_PREFIX
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.call_repair import CallRepairFrame, Repair
from trunkline.reconciler.open_calls import OpenCalls, RepairCall
from trunkline.reconciler.tasks import CallRange

_SETTLE_FIRST_MS = 30_000

_CLOSE_FOR_MS = 24 * 3_600_000
"""How long the closing of a room is repeated; a project that is silent for longer is gone."""


@dataclass(frozen=True)
class WebCallReconciler:
    """Reconciles the live web calls, in `frame`.

    `livekit(call)` opens the project of a call's room.
    """

    frame: CallRepairFrame
    livekit: Callable[[Call], Awaitable[WebLookups]]
    guard: ItemGuard
    looks: OpenCalls | None = None

    @cached_property
    def _looks(self) -> OpenCalls:
        return self.looks or OpenCalls(self.frame.calls, self.frame.offload, self.guard)

    async def reconcile(self, repairs: Counter[str], lanes: Sequence[str] = WEB_LANES) -> None:
        """Repair every web call that has not ended; count each repair in `repairs`."""
        repair = self._repair(repairs)
        for lane in lanes:
            with self.guard.item("web_calls", lane):
                await self._looks.look_at_lane(lane, self.frame.clock.wall_ms(), lane, repair)

    async def reconcile_range(self, part: CallRange, repairs: Counter[str]) -> bool:
        """Repair a range of a lane's calls; return whether nothing of it is left."""
        return await self._looks.look_at_range(part, part.lane, self._repair(repairs))

    def _repair(self, repairs: Counter[str]) -> RepairCall:
        async def repair(call: Call) -> None:
            with self.guard.item("web_call", call.id):
                if name := await self.repair(call.id, call):
                    repairs[name] += 1

        return repair

    async def repair(self, call_id: str, known: Call | None = None) -> str | None:
        """Repair a call, and return the name of the repair; `known` is the call as it was just read."""
        return await self.frame.repair(call_id, self._decide, self._clean_up, known)

    async def _decide(self, call: Call, now_ms: int) -> Repair | None:
        if call.is_terminal:
            return await self._close_room(call, now_ms)
        change = await self._repair_for(call, now_ms)
        return (f"web_{change.call.reason or 'agent_found'}", change) if change else None

    async def _repair_for(self, call: Call, now_ms: int) -> Change | None:
        """Decide which repair a call needs, if any."""
        if call.state is State.PENDING:
            if now_ms < call.expires_at_ms:
                return None
            return end_call(call, Ending(State.TIMEOUT, Reason.NOT_JOINED), now_ms)
        if overdue := _overdue(call, now_ms):
            return overdue
        if agent_overdue(call, now_ms):
            return await self._repair_agent(call, now_ms)
        joined_ms = call.caller_joined_at_ms or call.created_at_ms
        if now_ms < joined_ms + _SETTLE_FIRST_MS or await self._caller_is_in(call):
            return None
        return on_room_finished(call, now_ms)

    async def _repair_agent(self, call: Call, now_ms: int) -> Change:
        """End a call whose agent left by itself, unless another is in the room."""
        identity = await (await self.livekit(call)).agent_in_room(call.room_name or "")
        if identity is not None:
            return agent_found(call, identity.removeprefix(AGENT_PREFIX))
        return close_web_call(call, Ending(State.COMPLETED, Reason.AGENT_HANGUP), now_ms)

    async def _close_room(self, call: Call, now_ms: int) -> Repair | None:
        """Close the room of an ended call again, whose closing LiveKit may not have done."""
        if now_ms < (call.ended_at_ms or 0) + _CLOSE_FOR_MS:
            await (await self.livekit(call)).delete_room(call.room_name or "")
        settled = settle_leg(call)
        return ("web_room_closed", settled) if settled else None

    async def _caller_is_in(self, call: Call) -> bool:
        return await (await self.livekit(call)).caller_is_in(call.room_name or "")

    async def _clean_up(self, call: Call, after: Call) -> None:
        """Close the room of a call that has ended; a failure is repeated while somebody may be in it."""
        if call.is_terminal or not after.is_terminal:
            return
        with suppress(LiveKitUnavailable):
            await (await self.livekit(call)).delete_room(call.room_name or "")


def _overdue(call: Call, now_ms: int) -> Change | None:
    """End a call whose agent did not join in time, or that exceeds its maximum duration."""
    joined_ms = call.caller_joined_at_ms or call.created_at_ms
    if call.state is State.CONNECTING and now_ms > joined_ms + call.agent.agent_join_timeout_s * 1000:
        return close_web_call(call, Ending(State.FAILED, Reason.AGENT_UNAVAILABLE), now_ms)
    if replacement_overdue(call, now_ms):
        return end_agent_lost(call, now_ms)
    if call.has_reached_limit(now_ms):
        return close_web_call(call, Ending(State.COMPLETED, Reason.MAX_DURATION_REACHED), now_ms)
    return None
