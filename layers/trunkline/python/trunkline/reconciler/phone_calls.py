"""Phone call reconciler: repairs calls, slots and wake-ups that were lost, once a minute (rule 16).

Every write is conditional on the version read before the look-up, so that a change in between always wins.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.agent_transitions import end_agent_lost, replacement_overdue
from trunkline.calls.models import Call, Change, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import Phase, State
from trunkline.calls.transitions import answer_call, end_call, finish_attempt, requeue
from trunkline.calls.value_objects import Channel, Ending
from trunkline.core.clock import Clock
from trunkline.dial_queue.lease import LaneLeaseRepository
from trunkline.dial_queue.messages import DialWakeup, WakeQueue, WakeupNotSent
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.dial_queue.repository import DialQueue
from trunkline.dial_queue.status import QueueCheckpoints
from trunkline.dialer.queue_reader import enqueue_due_calls
from trunkline.dialer.simulation_hook import Simulation
from trunkline.livekit.fail_fast import PhoneLookups
from trunkline.livekit.sdk_boundary import LiveKitUnavailable
from trunkline.reconciler.open_calls import repair_open_calls
from trunkline.trunks.models import TrunkState
from trunkline.trunks.repository import TrunkRepository

TOKEN_LEEWAY_MS = 60_000
"""How long LiveKit still accepts a token after its expiry."""

LOOK_UP_DELAY_MS = TOKEN_LEEWAY_MS + 5_000
"""How long after `dead_after` a missing participant proves that no INVITE will follow (rule 11)."""

_SETTLE_FIRST_MS = 30_000
_WAKE_AHEAD_MS = 75_000
"""Longer than the interval between two passes."""


@dataclass(frozen=True)
class PhoneCallReconciler:
    """Reconciles the trunks of one LiveKit project; `offload` runs a blocking call outside the event loop."""

    calls: CallRepository
    lanes: LaneLeaseRepository
    queue: DialQueue
    checkpoints: QueueCheckpoints
    trunks: TrunkRepository
    wakes: WakeQueue
    notifier: LaneNotifier
    livekit: PhoneLookups
    simulation: Simulation
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    log: Logger

    async def reconcile(self, states: Iterable[TrunkState], repairs: Counter[str]) -> None:
        """Repair the trunks' calls and wake unserved trunks; count each repair in `repairs`."""
        for state in states:
            try:
                await self._reconcile_trunk(state, repairs)
            except (BotoCoreError, ClientError) as error:
                # A failure of one trunk must not stop the repair of others; the next pass retries.
                trunk_id = state.declared.id
                self.log.error("trunk not reconciled", trunk_id=trunk_id, cause=type(error).__name__)

    async def _reconcile_trunk(self, state: TrunkState, repairs: Counter[str]) -> None:
        trunk_id = state.declared.id
        if state.declared.test:
            await self.offload(self.simulation.advance, trunk_id)
        await repair_open_calls(
            self.calls,
            self.offload,
            trunk_id,
            self.clock.wall_ms(),
            lambda call_id: self._repair(call_id, state, repairs),
        )
        await self._free_orphaned_slots(state, repairs)
        await self._release_due(trunk_id, repairs)
        for tenant_id in state.tenants:
            await self.offload(self.checkpoints.update, trunk_id, tenant_id)
        await self._wake_if_unserved(state, repairs)

    async def _repair(self, call_id: str, state: TrunkState, repairs: Counter[str]) -> None:
        try:
            call = await self.offload(self.calls.load, call_id)
            if call is None or call.is_terminal or call.channel is Channel.WEB:
                return
            found = await self._repair_for(call) or _missing_slots(call, state)
            if found is None:
                return
            name, change = found
            after = await self.offload(self.calls.apply, call, change, self.clock.wall_ms())
            await self.offload(self.notifier.notify_change, call, after)
        except StaleCall:
            return
        except LiveKitUnavailable as error:
            self.log.warning("look-up failed", call_id=call_id, cause=str(error))
            return
        repairs[name] += 1
        self.log.info("repaired", call_id=call_id, tenant_id=call.tenant_id, repair=name)
        await self._clean_up(call, change)

    async def _repair_for(self, call: Call) -> tuple[str, Change] | None:
        """Decide which repair a call needs, if any."""
        now_ms = self.clock.wall_ms()
        if call.phase is None:
            if now_ms < call.expires_at_ms:
                return None
            return "expired", end_call(call, Ending(State.TIMEOUT, Reason.EXPIRED), now_ms)
        if call.phase is Phase.PREPARED:
            if await self._lease_is_alive(call):
                return None
            return "claim_returned", requeue(call, now_ms, why="dialer_lost")
        if call.phase is Phase.SENT:
            return await self._repair_unanswered(call, now_ms)
        return await self._repair_active(call, now_ms)

    async def _repair_unanswered(self, call: Call, now_ms: int) -> tuple[str, Change] | None:
        """Repair a dial whose dialer has ended, or whose answer never arrived (rule 11)."""
        if await self._lease_is_alive(call):
            return None
        if call.pending_ending:
            return "kept_ending_applied", finish_attempt(call, call.pending_ending, now_ms)
        await self._hang_up_if_requested(call)
        if now_ms < (call.token_expires_at_ms or 0) + LOOK_UP_DELAY_MS:
            return None
        callee = await self.livekit.callee(call.room_name or "", call.claim)
        if callee is None:
            return "dial_unknown", finish_attempt(call, Ending(State.FAILED, Reason.DIAL_UNKNOWN), now_ms)
        if callee.attributes.get("sip.callStatus") != "active":
            return None
        ids = {"sip_participant_id": callee.sid, "sip_call_id": callee.attributes.get("sip.callID")}
        return "adopted", answer_call(call, now_ms, **ids)

    async def _repair_active(self, call: Call, now_ms: int) -> tuple[str, Change] | None:
        """End an active call whose end was not reported; one just answered is left to the webhooks."""
        await self._hang_up_if_requested(call)
        if (
            replacement_overdue(call, now_ms)
            and call.agent_lost_at_ms is None
            and (lost := end_agent_lost(call, now_ms))
        ):
            await self.livekit.remove_callee(call.room_name or "", call.claim)
            return "agent_lost", lost
        if now_ms < (call.answered_at_ms or 0) + _SETTLE_FIRST_MS:
            return None
        if await self.livekit.callee(call.room_name or "", call.claim):
            return None
        ending = Ending(State.COMPLETED, Reason.END_NOT_REPORTED)
        return "end_found", end_call(call, ending, now_ms)

    async def _hang_up_if_requested(self, call: Call) -> None:
        """Remove the leg after a cancel or a lost agent (rule 14); removing it twice is harmless."""
        if call.cancel_requested_at_ms or call.agent_lost_at_ms:
            await self.livekit.remove_callee(call.room_name or "", call.claim)

    async def _lease_is_alive(self, call: Call) -> bool:
        return bool(call.owner) and await self.offload(self.lanes.run_is_alive, call.owner)

    async def _clean_up(self, call: Call, change: Change) -> None:
        """Close the room of a claim that has ended; on failure LiveKit closes the empty room."""
        if call.room_name and (change.call.is_terminal or change.call.is_waiting):
            with suppress(LiveKitUnavailable):
                await self.livekit.delete_room(call.room_name)

    async def _free_orphaned_slots(self, state: TrunkState, repairs: Counter[str]) -> None:
        """Free the slots of claims that have ended, which their transaction should have freed (rule 15)."""
        for pool in state.pools():
            for call_id, claim in await self.offload(lambda pool=pool: list(self.trunks.slots(pool))):
                call = await self.offload(self.calls.load, call_id)
                if call is None or (call.claim, pool in call.slots) != (claim, True):
                    await self.offload(self.trunks.free_slot, pool, call_id, claim)
                    repairs["slot_freed"] += 1

    async def _release_due(self, trunk_id: str, repairs: Counter[str]) -> None:
        moved = await self.offload(enqueue_due_calls, self.calls, trunk_id, self.clock.wall_ms())
        if moved:
            repairs["due_let_in"] += moved
        # SQS delays a message by 15 minutes at most: wake-ups for later times are sent from here.
        until_ms = self.clock.wall_ms() + _WAKE_AHEAD_MS
        moments = await self.offload(self.calls.due_times, trunk_id, until_ms)
        for second in sorted({-(-moment_ms // 1000) for moment_ms in moments}):
            await self.offload(self.notifier.wake_at, trunk_id, second * 1000)

    async def _wake_if_unserved(self, state: TrunkState, repairs: Counter[str]) -> None:
        """Wake a trunk with waiting calls and no run; an extra wake-up does nothing."""
        trunk_id = state.declared.id
        now_ms = self.clock.wall_ms()
        if state.paused_because(now_ms):
            return
        if not await self.offload(
            self.queue.peek_tenants, trunk_id, state.tenants, 1, state.active_holds(now_ms)
        ):
            return
        if await self.offload(self.lanes.is_held, trunk_id):
            return
        try:
            await self.offload(self.wakes.send, DialWakeup(trunk_id))
            repairs["line_woken"] += 1
        except WakeupNotSent as error:
            self.log.error("wake not sent", trunk_id=trunk_id, cause=str(error))


def _missing_slots(call: Call, state: TrunkState) -> tuple[str, Change] | None:
    """Take the slots of a limit that was set during the call, even if that overfills the pool.

    A preparing claim is left alone: a write would make it lose its position.
    """
    missing = set(state.limits(call.tenant_id, batch=call.is_batch)) - set(call.slots)
    if call.phase not in (Phase.SENT, Phase.SETTLED) or not missing:
        return None
    return "slot_taken", Change(replace(call, slots=(*call.slots, *sorted(missing))))
