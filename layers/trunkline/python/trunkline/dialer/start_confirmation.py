"""Confirmation of a start: asks LiveKit for its participant until it is known to have left (rule 9)."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager, nullcontext

from botocore.exceptions import BotoCoreError, ClientError

from trunkline.calls.models import Call
from trunkline.calls.states import Phase, State
from trunkline.dial_queue.lease import MAX_CLOCK_SKEW_MS
from trunkline.dial_queue.start_history import Start
from trunkline.dialer.context import DialerContext
from trunkline.livekit.client import TOKEN_LEEWAY_MS
from trunkline.livekit.dial_result import DialResult, DialResultKind
from trunkline.livekit.sdk_boundary import LiveKitUnavailable

TOKEN_LIFE_MS = 5_000
"""A dial's token expires this long after its slot (rule 8)."""

LOOK_EVERY_S = 0.25
_FIRST_LOOK_S = 0.1


class StartConfirmation:
    """Looks for the participant of an attempt's start while its dial waits for an answer."""

    def __init__(self, context: DialerContext) -> None:
        self._context = context
        self._call: Call | None = None
        self._start: Start | None = None
        self._looking: asyncio.Task[None] | None = None

    def begin(self, call: Call, now_us: int) -> None:
        """Record the start, and begin to look for it; does not wait."""
        self._call = call
        self._start = self._context.starts.add(now_us)
        self._context.metrics.started(call)
        self._looking = asyncio.create_task(self._look_until_confirmed(call, self._start))

    async def stop(self) -> None:
        """Stop looking."""
        if self._looking:
            self._looking.cancel()
            await asyncio.gather(self._looking, return_exceptions=True)

    def answered(self, result: DialResult) -> None:
        """Confirm the start by its answer, if that says that LiveKit holds the start no longer."""
        if self._start is None:
            return
        now_us = self._context.clock.monotonic_us()
        if result.is_of_sip_service:
            self._context.starts.confirm_answered(self._start, now_us)
        elif result.kind is DialResultKind.NOT_SENT:
            self._context.starts.confirm(self._start, now_us)

    async def wait(self) -> None:
        """Wait until a start whose reply was lost is confirmed."""
        if self._call and self._start:
            await confirm_lost(self._context, self._call, self._start)

    async def _look_until_confirmed(self, call: Call, start: Start) -> None:
        await asyncio.sleep(_FIRST_LOOK_S)
        while not start.is_confirmed:
            await _look(self._context, call, start)
            _confirm_in_the_end(self._context, call, start)
            await asyncio.sleep(LOOK_EVERY_S)


async def confirm_lost(
    context: DialerContext, call: Call, start: Start, limit: AbstractAsyncContextManager[None] | None = None
) -> None:
    """Wait until a start to which no reply will come is confirmed; `limit` bounds what is asked at once.

    It is confirmed by its participant, by what was written about its call meanwhile, by a later start, or by
    the end of its token. That livekit-server answers proves nothing: its SIP service may hang alone.
    """
    while not start.is_confirmed:
        async with limit or nullcontext():
            await _read_news(context, call, start)
            if not start.is_confirmed:
                await _look(context, call, start)
        _confirm_in_the_end(context, call, start)
        if not start.is_confirmed:
            await asyncio.sleep(LOOK_EVERY_S)


def may_be_in_livekit(call: Call, now_ms: int) -> bool:
    """Tell whether LiveKit may still hold the INVITE of a call: nobody has seen its participant."""
    is_seen = call.sip_participant_id or call.pending_ending or call.answer_reported_at_ms
    is_sent = call.phase is Phase.SENT and call.state is State.CONNECTING
    return is_sent and not is_seen and now_ms < _dead_ms(call)


async def _read_news(context: DialerContext, call: Call, start: Start) -> None:
    """Confirm a start whose call was seen, answered, returned or ended; a failed read is repeated."""
    try:
        current = await context.offload(context.calls.load, call.id)
    except (BotoCoreError, ClientError) as error:
        context.log.warning("call not read", call_id=call.id, cause=type(error).__name__)
        return
    is_held = current and current.claim == call.claim and may_be_in_livekit(current, context.clock.wall_ms())
    if not is_held:
        context.starts.confirm(start, context.clock.monotonic_us())


async def _look(context: DialerContext, call: Call, start: Start) -> None:
    """Look for the participant once. An absent one proves nothing: ask again."""
    try:
        joined_ms = await context.livekit.callee_joined_ms(call.room_name or "", call.claim)
    except LiveKitUnavailable:
        return
    if joined_ms is not None:
        context.starts.confirm_joined(start, context.clock.monotonic_us(), joined_ms)


def _confirm_in_the_end(context: DialerContext, call: Call, start: Start) -> None:
    """Confirm a start that a later one proves to have left, or whose token is dead."""
    now_us = context.clock.monotonic_us()
    if context.starts.is_proven(start, now_us) or context.clock.wall_ms() >= _dead_ms(call):
        context.starts.confirm(start, now_us)


def _dead_ms(call: Call) -> int:
    return (call.token_expires_at_ms or 0) + TOKEN_LEEWAY_MS + MAX_CLOCK_SKEW_MS
