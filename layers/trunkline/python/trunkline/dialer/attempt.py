"""Attempt: one claim of one call, from the queue to its dial result (rules 5, 6 and 8 to 12)."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from enum import StrEnum
from typing import Any

from trunkline.calls.log_ids import log_ids
from trunkline.calls.models import Call, Change
from trunkline.calls.queue_position import QueuePosition
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import (
    claim_call,
    defer,
    end_call,
    finish_attempt,
    record_intent,
    release_ownership,
)
from trunkline.calls.value_objects import Ending, WaitsFor
from trunkline.dial_queue.pacing import MAX_LATE_US
from trunkline.dialer.apply_result import apply_dial_result
from trunkline.dialer.attempt_errors import ReleaseClaim, SlotExpired
from trunkline.dialer.claim import Claim
from trunkline.dialer.context import DialerContext
from trunkline.dialer.dialling_rules import rejection
from trunkline.dialer.final_check import may_ring
from trunkline.dialer.start_confirmation import TOKEN_LIFE_MS, StartConfirmation
from trunkline.livekit.dial_result import DialAnswer, DialResult, DialResultKind
from trunkline.livekit.rooms import room_name
from trunkline.livekit.sdk_boundary import UNAUTHENTICATED, LiveKitUnavailable
from trunkline.trunks.models import TrunkState

_AGENT_POLL_S = 0.1


class Stage(StrEnum):
    CLAIMING = "claiming"
    PREPARING = "preparing"
    READY = "ready"
    STARTING = "starting"
    RINGING = "ringing"
    DONE = "done"


class Attempt:
    """Claims one call, prepares its agent, waits for a start and dials.

    `sequence` is its number in the order of claiming; `trunk` returns the trunk's present state. `changed`
    is called at each change of stage, `record_latency` with the microseconds that the intent took.
    """

    def __init__(
        self,
        position: QueuePosition,
        sequence: int,
        trunk: Callable[[], TrunkState],
        context: DialerContext,
        changed: Callable[[], None],
        record_latency: Callable[[int], None],
    ) -> None:
        self.position = position
        self.sequence = sequence
        self.stage = Stage.CLAIMING
        self.started_us = context.clock.monotonic_us()
        self.result: DialResult | None = None
        self.prepare_took_us: int | None = None
        self._state = trunk
        self._claim = Claim(context)
        self._context = context
        self._changed = changed
        self._record_latency = record_latency
        self._ids: dict[str, Any] = {}
        self._ringing: Call | None = None
        self._slot: asyncio.Future[int] | None = None
        self._releasing = False
        self._confirmation = StartConfirmation(context)

    def grant(self, slot_us: int) -> None:
        """Give the attempt a reserved start."""
        if self._slot and not self._slot.done():
            self._slot.set_result(slot_us)
            self._enter(Stage.STARTING)

    def release(self) -> None:
        """Return the call to the queue, unless it is being sent."""
        self._releasing = True
        if self._slot and not self._slot.done():
            self._slot.set_exception(ReleaseClaim())

    async def run(self) -> None:
        """Run the attempt to its result; the reconciler repairs one that is cut off."""
        try:
            call = await self._take()
            if call:
                self._enter(Stage.PREPARING)
                await self._prepare_and_dial(call)
        finally:
            self._enter(Stage.DONE)

    async def confirm_start(self) -> None:
        """Wait until what the attempt started is confirmed, however the attempt ended."""
        await self._confirmation.wait()

    async def _take(self) -> Call | None:
        context = self._context
        call = await context.offload(context.calls.load, self.position.call_id)
        if call is None or not call.is_waiting or call.due_ms is not None:
            return None
        now_ms = context.clock.wall_ms()
        reason = await context.offload(context.compliance.rejection_reason, call)
        if change := rejection(call, self._state(), now_ms, reason) or await self._frequency_deferral(
            call, now_ms
        ):
            after = await self._claim.write(call, change, now_ms)
            if after:
                await context.offload(context.notifier.notify_change, call, after)
            return None
        limits = self._state().limits(call.tenant_id, batch=call.is_batch)
        change = claim_call(call, context.run_id, room_name(call.id, call.claim + 1), limits, now_ms)
        return await self._claim.take(call, change, now_ms)

    async def _frequency_deferral(self, call: Call, now_ms: int) -> Change | None:
        """Count the attempt; defer the call if its number has reached the frequency cap."""
        opens_ms = await self._context.offload(self._context.compliance.next_allowed_ms, call, now_ms)
        if opens_ms <= now_ms:
            return None
        return defer(call, min(opens_ms, call.expires_at_ms), WaitsFor.FREQUENCY)

    async def _prepare_and_dial(self, call: Call) -> None:
        try:
            if await self._prepare(call):
                self.prepare_took_us = self._context.clock.monotonic_us() - self.started_us
                await self._dial(call)
                return
            ending = Ending(State.FAILED, Reason.AGENT_UNAVAILABLE)
            await self._claim.settle(
                call, lambda current, now: finish_attempt(current, ending, now, **self._ids)
            )
            await self._claim.delete_room(call)
        except ReleaseClaim:
            await self._claim.release(call, why="run_ended")
        except LiveKitUnavailable as error:
            refusal = str(error) if error.code == UNAUTHENTICATED else ""
            self.result = DialResult(DialResultKind.NOT_SENT, refusal=refusal)
            self._context.metrics.livekit_failed(error)
            self._context.log.warning("agent not dispatched", **log_ids(call), cause=str(error))
            await self._claim.release(call, why="livekit_unavailable")

    async def _prepare(self, call: Call) -> bool:
        """Dispatch the agent and wait until it has joined, so that nobody answers to silence."""
        livekit, agent = self._context.livekit, call.agent
        room = call.room_name or ""
        self._ids["dispatch_id"] = await livekit.dispatch_agent(room, agent.livekit_agent_name, call.id)
        if not agent.wait_for_agent:
            return True
        timeout_us = int(agent.agent_join_timeout_s * 1_000_000 / call.test_speed)
        deadline_us = self._context.clock.monotonic_us() + timeout_us
        while self._context.clock.monotonic_us() < deadline_us:
            if self._releasing:
                raise ReleaseClaim
            if identity := await livekit.agent_in_room(room):
                self._ids["agent_job_id"] = identity.removeprefix("agent-")
                return True
            await asyncio.sleep(_AGENT_POLL_S)
        return False

    async def _dial(self, call: Call) -> None:
        while True:
            slot_us = await self._wait_for_slot()
            began_us = self._context.clock.monotonic_us()
            starts_ms = self._context.clock.wall_ms() + max(0, slot_us - began_us) // 1000
            if not await may_ring(self._context, self._claim, call, self._state(), starts_ms):
                return
            self._ringing, token = await self._write_intent(call, slot_us)
            if self._ringing is None:
                return
            call = self._ringing
            took_us = self._context.clock.monotonic_us() - began_us
            self._record_latency(took_us)
            try:
                answer = await self._send(call, slot_us, token)
            except SlotExpired:
                # Nothing was sent: wait for a new slot, with a new token and a new intent.
                late_ms = (self._context.clock.monotonic_us() - slot_us) // 1000
                self._context.metrics.slot_missed(call)
                self._log("slot missed", call, late_ms=late_ms, intent_took_ms=took_us // 1000)
                continue
            await self._settle(call, answer)
            return

    async def _wait_for_slot(self) -> int:
        self._slot = asyncio.get_running_loop().create_future()
        if self._releasing:
            raise ReleaseClaim
        self._enter(Stage.READY)
        return await self._slot

    async def _write_intent(self, call: Call, slot_us: int) -> tuple[Call | None, str]:
        """Sign the dial token, then write the intent (rule 8).

        The write excludes other runs, cancel and the reconciler. A failure here sends nothing, and the token
        expires at `dead_after`.
        """
        clock = self._context.clock
        now_ms = clock.wall_ms()
        lifetime_ms = max(0, slot_us - clock.monotonic_us()) // 1000 + TOKEN_LIFE_MS
        token = self._context.sign_dial_token(lifetime_ms / 1000)
        change = record_intent(
            call, now_ms, intent=secrets.token_hex(8), token_expires_at_ms=now_ms + lifetime_ms, **self._ids
        )
        return await self._claim.write(call, change, now_ms), token

    async def _send(self, call: Call, slot_us: int, token: str) -> DialAnswer:
        clock, starts = self._context.clock, self._context.starts
        confirmation = self._confirmation

        def early_us() -> int:
            now_us = clock.monotonic_us()
            return max(slot_us, starts.not_before_us(now_us, self._state().trunk.cps)) - now_us

        async def at_the_slot() -> None:
            wait_us = early_us()
            while wait_us > 0:
                await asyncio.sleep(wait_us / 1_000_000)
                wait_us = early_us()
            if self._releasing or self._state().paused_because(clock.wall_ms()):
                raise ReleaseClaim
            now_us = clock.monotonic_us()
            if now_us > slot_us + MAX_LATE_US or starts.is_blocked(now_us, self._state().trunk.cps):
                raise SlotExpired
            confirmation.begin(call, now_us)
            self._enter(Stage.RINGING)

        sip_trunk_id = self._state().trunk.sip_trunk_id
        try:
            return await self._context.livekit.dial(call, sip_trunk_id, token, at_the_slot)
        finally:
            await confirmation.stop()

    async def _settle(self, call: Call, answer: DialAnswer) -> None:
        self.result = answer.result
        self._context.metrics.answered(call, answer.result)
        self._confirmation.answered(answer.result)
        await self._apply(call, answer)

    async def _apply(self, call: Call, answer: DialAnswer) -> None:
        kind, code = answer.result.kind, answer.result.sip_status_code
        self._log("dial answered", call, result=kind, sip_status_code=code)
        if kind is DialResultKind.NOT_SENT:
            await self._claim.release(call, why="not_sent")
            return
        settled = await self._claim.settle(
            call, lambda current, now_ms: apply_dial_result(current, answer, now_ms), known=call
        )
        is_marked = settled and settled.cancel_requested_at_ms and not settled.is_terminal
        if kind is DialResultKind.ANSWERED and is_marked:
            await self._hang_up_answered(call)
        if kind in (DialResultKind.FAILED, DialResultKind.TOO_FAST):
            await self._claim.delete_room(call)

    async def hang_up(self) -> None:
        """Remove the leg of a call whose cancel was requested (rule 14).

        A missing leg proves nothing, so the run repeats this until the leg is settled.
        """
        if self.stage is not Stage.RINGING or self._ringing is None:
            return
        try:
            await self._context.livekit.remove_callee(self._ringing.room_name or "", self._ringing.claim)
        except LiveKitUnavailable as error:
            self._context.log.warning("not hung up", call_id=self._ringing.id, cause=str(error))

    async def _hang_up_answered(self, call: Call) -> None:
        """Hang up a callee who answered after the cancel; if LiveKit fails, the reconciler does it."""
        try:
            await self._context.livekit.remove_callee(call.room_name or "", call.claim)
        except LiveKitUnavailable:
            await self._claim.settle(call, lambda current, _: release_ownership(current))
            return
        ending = Ending(State.CANCELLED, Reason.CANCELLED)
        await self._claim.settle(call, lambda current, now_ms: end_call(current, ending, now_ms))

    def _log(self, message: str, call: Call, **fields: Any) -> None:
        self._context.log.info(message, **log_ids(call), **fields)

    def _enter(self, stage: Stage) -> None:
        self.stage = stage
        self._changed()
