"""Repair of one phone call, decided from the call and what LiveKit knows of its leg (rules 11, 14 and 16).

Every write is conditional on the version read before the look-up, so that a change in between always wins.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from livekit.protocol.models import ParticipantInfo

from trunkline.calls.agent_transitions import agent_found, agent_overdue, end_agent_lost, replacement_overdue
from trunkline.calls.leg_end import end_found, end_overdue, end_without_confirmation, settle_leg
from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import adopt_call, end_call, finish_attempt, requeue
from trunkline.calls.value_objects import Channel, Ending
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.livekit.fail_fast import PhoneLookups
from trunkline.livekit.rooms import AGENT_PREFIX
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.call_repair import CallRepairFrame, Repair
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS
from trunkline.trunks.models import TrunkState

HANG_UP_PATIENCE_MS = 60_000
"""How long LiveKit may take to confirm a hang-up before the call ends without it."""

_SETTLE_FIRST_MS = 30_000


@dataclass(frozen=True)
class PhoneCallRepair:
    """Repairs one phone call at a time, in `frame`."""

    frame: CallRepairFrame
    lanes: LaneLeaseRepository
    livekit: PhoneLookups

    async def repair(
        self, call_id: str, state: TrunkState | None = None, known: Call | None = None
    ) -> str | None:
        """Repair a call, and return the name of the repair; `known` is the call as it was just read.

        With its trunk's state, slots of a limit that was set during the call are taken, too.
        """

        async def decide(call: Call, now_ms: int) -> Repair | None:
            if call.channel is Channel.WEB:
                return None
            if call.is_terminal:
                return await self._remove_leg(call, now_ms)
            found = await self._decide(call, now_ms)
            return found or (_missing_slots(call, state) if state else None)

        return await self.frame.repair(call_id, decide, self._clean_up, known)

    async def _decide(self, call: Call, now_ms: int) -> Repair | None:
        """Decide which repair a call needs; what needs no LiveKit is decided before it is asked."""
        if call.phase is None:
            return _expiry(call, now_ms)
        if call.phase is Phase.PREPARED:
            is_alive = await self._lease_is_alive(call)
            return None if is_alive else ("claim_returned", requeue(call, now_ms, why="dialer_lost"))
        if call.hard_end_ms is not None and now_ms >= call.hard_end_ms:
            return "overdue", end_overdue(call, now_ms)
        if call.phase is Phase.SENT:
            return await self._repair_unanswered(call, now_ms)
        return await self._repair_active(call, now_ms)

    async def _repair_unanswered(self, call: Call, now_ms: int) -> Repair | None:
        """Repair a dial whose dialer has ended, or whose answer never arrived (rule 11)."""
        if await self._lease_is_alive(call):
            return None
        if known := _known_result(call, now_ms):
            return known
        is_confirmed = await self._hang_up_if_requested(call, now_ms)
        if now_ms < (call.token_expires_at_ms or 0) + LOOK_UP_DELAY_MS:
            return None
        return await self._look_up(call, now_ms, is_confirmed=is_confirmed)

    async def _look_up(self, call: Call, now_ms: int, *, is_confirmed: bool) -> Repair | None:
        """Decide by what LiveKit knows of the leg, now that no INVITE can follow."""
        callee = await self._callee(call) if is_confirmed else ParticipantInfo()
        if callee is None:
            return "dial_unknown", finish_attempt(call, Ending(State.FAILED, Reason.DIAL_UNKNOWN), now_ms)
        if _hang_up_is_overdue(call, now_ms):
            return "hang_up_unconfirmed", end_without_confirmation(call, now_ms)
        if callee.attributes.get("sip.callStatus") != "active":
            return None
        ids = {"sip_participant_id": callee.sid, "sip_call_id": callee.attributes.get("sip.callID")}
        return "adopted", adopt_call(call, now_ms, **ids)

    async def _repair_active(self, call: Call, now_ms: int) -> Repair | None:
        """End an active call whose end was not reported; one just answered is left to the webhooks."""
        is_confirmed = await self._hang_up_if_requested(call, now_ms)
        if _is_without_agent(call, now_ms):
            return await self._repair_agent(call, now_ms)
        if now_ms < (call.answered_at_ms or call.connecting_at_ms or 0) + min(
            _SETTLE_FIRST_MS, call.agent.max_call_duration_s * 1000
        ):
            return None
        if is_confirmed and await self._callee(call) is None:
            return "end_found", end_found(call, now_ms)
        if _hang_up_is_overdue(call, now_ms):
            return "hang_up_unconfirmed", end_without_confirmation(call, now_ms)
        if call.has_reached_limit(now_ms):
            # Its `participant_left` then says that the limit was reached.
            await self._hang_up(call)
        return None

    async def _remove_leg(self, call: Call, now_ms: int) -> Repair | None:
        """Remove the leg of an ended call, until LiveKit no longer shows it or none can be left (rule 11)."""
        if now_ms < (call.hard_end_ms or 0) and await self._callee(call) is not None:
            await self._hang_up(call)
            if await self._callee(call) is not None:
                return None
        settled = settle_leg(call)
        return ("leg_settled", settled) if settled else None

    async def _repair_agent(self, call: Call, now_ms: int) -> Repair | None:
        """Hang up a call whose agent did not come, or left by itself and was not followed by another.

        Its `participant_left` then says how it ended.
        """
        if replacement_overdue(call, now_ms) and (lost := end_agent_lost(call, now_ms)):
            await self._hang_up(call)
            return "agent_lost", lost
        identity = await self.livekit.agent_in_room(call.room_name or "")
        if identity is not None:
            return "agent_found", agent_found(call, identity.removeprefix(AGENT_PREFIX))
        if await self._callee(call) is None:
            return "end_found", end_found(call, now_ms)
        await self._hang_up(call)
        return None

    async def _hang_up_if_requested(self, call: Call, now_ms: int) -> bool:
        """Remove the leg after a cancel or a lost agent (rule 14); removing it twice is harmless.

        Returns:
            False if LiveKit has not confirmed it for a minute: a restarted server answers 200 for
            participants that are gone, and 503 for removing them.
        """
        if not call.cancel_requested_at_ms and not call.agent_lost_at_ms:
            return True
        try:
            await self._hang_up(call)
        except LiveKitUnavailable:
            if not _hang_up_is_overdue(call, now_ms):
                raise
            return False
        return True

    async def _hang_up(self, call: Call) -> None:
        await self.livekit.remove_callee(call.room_name or "", call.claim)

    async def _callee(self, call: Call) -> ParticipantInfo | None:
        return await self.livekit.callee(call.room_name or "", call.claim)

    async def _lease_is_alive(self, call: Call) -> bool:
        return bool(call.owner) and await self.frame.offload(self.lanes.run_is_alive, call.owner)

    async def _clean_up(self, call: Call, after: Call) -> None:
        """Close the room of a claim that has ended; on failure LiveKit closes the empty room."""
        if call.room_name and (after.is_terminal or after.is_waiting):
            with suppress(LiveKitUnavailable):
                await self.livekit.delete_room(call.room_name)


def _expiry(call: Call, now_ms: int) -> Repair | None:
    if now_ms < call.expires_at_ms:
        return None
    return "expired", end_call(call, Ending(State.TIMEOUT, Reason.EXPIRED), now_ms)


def _known_result(call: Call, now_ms: int) -> Repair | None:
    """Apply what a webhook or the agent told of a dial whose own answer is lost."""
    if call.pending_ending:
        return "kept_ending_applied", finish_attempt(call, call.pending_ending, now_ms)
    if call.answer_reported_at_ms and not call.cancel_requested_at_ms:
        return "adopted", adopt_call(call, now_ms)
    return None


def _is_without_agent(call: Call, now_ms: int) -> bool:
    if call.agent_lost_at_ms is not None or call.cancel_requested_at_ms is not None:
        return False
    return replacement_overdue(call, now_ms) or agent_overdue(call, now_ms)


def _hang_up_is_overdue(call: Call, now_ms: int) -> bool:
    requested_ms = call.cancel_requested_at_ms or call.agent_lost_at_ms
    return requested_ms is not None and now_ms >= requested_ms + HANG_UP_PATIENCE_MS


def _missing_slots(call: Call, state: TrunkState) -> Repair | None:
    """Take the slots of a limit that was set during the call, even if that overfills the pool.

    A preparing claim is left alone: a write would make it lose its position.
    """
    missing = set(state.limits(call.tenant_id, batch=call.is_batch)) - set(call.slots)
    if call.phase not in (Phase.SENT, Phase.SETTLED) or not missing:
        return None
    return "slot_taken", Change(replace(call, slots=(*call.slots, *sorted(missing))))
