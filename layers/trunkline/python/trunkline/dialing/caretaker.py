"""Repairs what fell through, once a minute (rule 16). Every write is conditional on the version that
was read before the look-up, so that what happened meanwhile always wins."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol

from aws_lambda_powertools import Logger
from livekit.protocol.models import ParticipantInfo

from trunkline.calls.changes import answered, ended, returned
from trunkline.calls.model import Call, Change, Ending, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.states import Phase, State
from trunkline.calls.store import CallStore
from trunkline.clock import Clock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.line import Line
from trunkline.dialing.trunks import TrunkStore
from trunkline.dialing.wake import Wake, WakeNotSent, WakeQueue
from trunkline.livekit.client import LiveKitUnavailable

LEEWAY_MS = 60_000
"""How long after its expiry LiveKit still takes a token."""

LOOK_UP_AFTER_MS = LEEWAY_MS + 5_000
"""Rule 11: how long after `dead_after` an absent participant proves that no INVITE will come."""

_SETTLE_FIRST_MS = 30_000
_AT_ONCE = 16


class LiveKit(Protocol):
    """What the caretaker asks of LiveKit."""

    async def callee(self, room: str, claim: int) -> ParticipantInfo | None: ...
    async def delete_room(self, room: str) -> None: ...
    async def remove_callee(self, room: str, claim: int) -> None: ...


@dataclass(frozen=True)
class Caretaker:
    """One pass over every trunk. `offload` runs a blocking store call off the loop."""

    calls: CallStore
    lanes: LaneStore
    line: Line
    trunks: TrunkStore
    wakes: WakeQueue
    livekit: LiveKit
    clock: Clock
    offload: Callable[..., Awaitable[Any]]
    log: Logger

    async def walk(self) -> Counter[str]:
        """Repair every trunk's calls and wake every line that no lane serves.

        Returns:
            How often each repair was made.
        """
        repairs: Counter[str] = Counter()
        for trunk_id in await self.offload(self.trunks.ids):
            await self._repair_calls(trunk_id, repairs)
            await self._wake_if_unserved(trunk_id, repairs)
        return repairs

    async def _repair_calls(self, trunk_id: str, repairs: Counter[str]) -> None:
        gate = asyncio.Semaphore(_AT_ONCE)

        async def one(call_id: str) -> None:
            async with gate:
                await self._repair(call_id, repairs)

        call_ids = await self.offload(lambda: list(self.calls.open_call_ids(trunk_id)))
        await asyncio.gather(*(one(call_id) for call_id in call_ids))

    async def _repair(self, call_id: str, repairs: Counter[str]) -> None:
        try:
            call = await self.offload(self.calls.load, call_id)
            found = await self._finding(call) if call and not call.ended else None
            if found is None:
                return
            name, change = found
            await self.offload(self.calls.change, call, change, self.clock.wall_ms())
        except StaleCall:
            return
        except LiveKitUnavailable as error:
            self.log.warning("look-up failed", call_id=call_id, cause=str(error))
            return
        repairs[name] += 1
        self.log.info("repaired", call_id=call_id, repair=name)
        await self._tidy(call, change)

    async def _finding(self, call: Call) -> tuple[str, Change] | None:
        """Decide what is wrong with a call, if anything."""
        now_ms = self.clock.wall_ms()
        if call.phase is None:
            if now_ms < call.expires_at_ms:
                return None
            return "expired", ended(call, Ending(State.TIMEOUT, Reason.EXPIRED), now_ms)
        if call.phase is Phase.PREPARED:
            if await self._owner_lives(call):
                return None
            return "claim_returned", returned(call, now_ms, why="dialer_lost")
        if call.phase is Phase.SENT:
            return await self._unanswered(call, now_ms)
        return await self._active(call, now_ms)

    async def _unanswered(self, call: Call, now_ms: int) -> tuple[str, Change] | None:
        """Rule 11: a dial whose dialer is gone, or whose answer never came."""
        if await self._owner_lives(call):
            return None
        if call.kept_ending:
            return "kept_ending_applied", ended(call, call.kept_ending, now_ms)
        await self._hang_up_if_asked(call)
        if now_ms < (call.dead_after_ms or 0) + LOOK_UP_AFTER_MS:
            return None
        callee = await self.livekit.callee(call.room_name or "", call.claim)
        if callee is None:
            return "dial_unknown", ended(call, Ending(State.FAILED, Reason.DIAL_UNKNOWN), now_ms)
        if callee.attributes.get("sip.callStatus") != "active":
            return None
        ids = {"sip_participant_id": callee.sid, "sip_call_id": callee.attributes.get("sip.callID")}
        return "adopted", answered(call, now_ms, **ids)

    async def _active(self, call: Call, now_ms: int) -> tuple[str, Change] | None:
        """An active call whose end nobody reported; one that was just answered is left to the webhooks."""
        await self._hang_up_if_asked(call)
        if now_ms < (call.answered_at_ms or 0) + _SETTLE_FIRST_MS:
            return None
        if await self.livekit.callee(call.room_name or "", call.claim):
            return None
        ending = Ending(State.COMPLETED, Reason.END_NOT_REPORTED)
        return "end_found", ended(call, ending, now_ms)

    async def _hang_up_if_asked(self, call: Call) -> None:
        """Rule 14: removing a leg again, or one that is gone, is harmless."""
        if call.cancel_requested_at_ms:
            await self.livekit.remove_callee(call.room_name or "", call.claim)

    async def _owner_lives(self, call: Call) -> bool:
        return bool(call.owner) and await self.offload(self.lanes.run_is_alive, call.owner)

    async def _tidy(self, call: Call, change: Change) -> None:
        """Close the room of a claim that is over. Failing is harmless: LiveKit closes an empty room."""
        if call.room_name and (change.call.ended or change.enters_line):
            try:
                await self.livekit.delete_room(call.room_name)
            except LiveKitUnavailable:
                return

    async def _wake_if_unserved(self, trunk_id: str, repairs: Counter[str]) -> None:
        """A wake too many finds the lane held and does nothing."""
        if not await self.offload(self.line.head, trunk_id, 1):
            return
        if await self.offload(self.lanes.is_held, trunk_id):
            return
        try:
            await self.offload(self.wakes.send, Wake(trunk_id))
            repairs["line_woken"] += 1
        except WakeNotSent as error:
            self.log.error("wake not sent", trunk_id=trunk_id, cause=str(error))
