"""Transitions of a call: each returns the change that one transaction writes. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.calls.attempt_end import (
    attempt_record,
    ended_ms_of,
    ending_of_talk,
    may_redial,
    with_reported_answer,
)
from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State, may_follow
from trunkline.calls.value_objects import Channel, Ending, WaitsFor
from trunkline.core.timestamps import iso_from_ms

_CANCELLED = Ending(State.CANCELLED, Reason.CANCELLED)
_HUNG_UP = Ending(State.COMPLETED, Reason.HANGUP_REQUESTED)
_CLAIM_ONLY = (
    "phase",
    "owner",
    "intent",
    "token_expires_at_ms",
    "pending_ending",
    "room_name",
    "dispatch_id",
    "agent_job_id",
    "sip_participant_id",
    "sip_call_id",
    "claimed_at_ms",
    "connecting_at_ms",
    "answer_reported_at_ms",
    "agent_left_at_ms",
)
_TALK_ONLY = ("answered_at_ms", "redispatched_at_ms", "handover_at_ms")
"""Attributes of an answered attempt, which its redial clears."""


MAX_RETURNS = 20
"""Returns of one call by a carrier that refuses the pace; with their waits, about a quarter of an hour."""

_MAX_RETURN_WAIT_MS = 60_000


class IllegalTransition(Exception):
    """The state table does not have the requested step: a defect in the calling code."""


def return_wait_ms(returns: int) -> int:
    """Return the wait before the next INVITE: a second, doubled by each earlier return, up to a minute."""
    return min(1_000 << returns, _MAX_RETURN_WAIT_MS)


def move(call: Call, to: State, now_ms: int, **attributes: Any) -> Call:
    """Return the call in another state, with the times that go with it.

    Raises:
        IllegalTransition: the state table has no such step.
    """
    if not may_follow(call.state, to):
        raise IllegalTransition(f"{call.state} -> {to}")
    if to is State.CONNECTING:
        attributes.setdefault("connecting_at_ms", now_ms)
    if to is State.ACTIVE:
        attributes.setdefault("answered_at_ms", now_ms)
    if to in TERMINAL:
        attributes.setdefault("ended_at_ms", now_ms)
    return replace(call, state=to, **attributes)


def claim_call(
    call: Call,
    owner: str,
    room_name: str,
    limits: Mapping[str, int] | None = None,
    claimed_at_ms: int | None = None,
) -> Change:
    """Claim a queued call for a lane run, with a slot of every limited pool (rule 5); it stays `queued`.

    `claimed_at_ms` is only shown. What an earlier claim's agent said of its callee and end no longer counts.
    """
    limits = limits or {}
    marks: dict[str, Any] = {
        "phase": Phase.PREPARED,
        "owner": owner,
        "room_name": room_name,
        "claimed_at_ms": claimed_at_ms,
        "slots": tuple(limits),
        **dict.fromkeys(("answering_machine", "agent_metrics_json", "agent_end_reason")),
    }
    return Change(replace(call, claim=call.claim + 1, **marks), limits=limits)


def defer(call: Call, until_ms: int, waits_for: WaitsFor) -> Change:
    """Take the call out of the queue until a time; `enqueue_due` puts it back."""
    after = replace(call, due_ms=until_ms, waits_for=waits_for)
    return Change(after, (NewEvent("queued", {"reason": waits_for, "until": iso_from_ms(until_ms)}),))


def enqueue_due(call: Call, queue_position: str, now_ms: int) -> Change:
    """Put a due call into the queue, at the end of its priority; a scheduled call becomes `queued`."""
    after = replace(call, due_ms=None, waits_for=None, queue_position=queue_position)
    if call.state is State.SCHEDULED:
        return Change(move(after, State.QUEUED, now_ms), (NewEvent("queued"),))
    return Change(after)


def record_intent(call: Call, now_ms: int, *, intent: str, token_expires_at_ms: int, **ids: Any) -> Change:
    """Record the intent to dial (rule 8), the point of no return; after a missed slot without a new event."""
    marks = {"phase": Phase.SENT, "intent": intent, "token_expires_at_ms": token_expires_at_ms, **ids}
    marks |= {"sip_status_code": None, "detail": None}  # an earlier INVITE's
    if call.phase is Phase.SENT:
        return Change(replace(call, **marks))
    prepared = {"preparing_at": iso_from_ms(call.claimed_at_ms)} if call.claimed_at_ms else {}
    return Change(move(call, State.CONNECTING, now_ms, **marks), (NewEvent("connecting", prepared),))


def requeue(call: Call, now_ms: int, *, why: str) -> Change:
    """Return the call to its position in the queue (rule 10); the next claim has another room and identity.

    A call with a requested cancel is cancelled instead.
    """
    if call.cancel_requested_at_ms:
        return end_call(call, _CANCELLED, now_ms)
    cleared: dict[str, Any] = dict.fromkeys(_CLAIM_ONLY) | {"slots": ()}
    if call.state is State.CONNECTING:
        back = NewEvent("queued", {"reason": why})
        return Change(move(call, State.QUEUED, now_ms, **cleared), (back,))
    return Change(replace(call, **cleared))


def return_refused(
    call: Call, now_ms: int, *, sip_status_code: int | None, detail: str | None = None
) -> Change:
    """Return a call whose pace the carrier refused to its position, after a wait that grows by return.

    After `MAX_RETURNS`, or if it would expire in the wait, the attempt ends as `trunk_rejected`.
    """
    returns = sum(record.returned for record in call.attempts)
    due_ms = now_ms + int(return_wait_ms(returns) / call.test_speed)
    back = requeue(call, now_ms, why="carrier_too_fast")
    if back.call.is_terminal:
        return back
    told: dict[str, Any] = {"sip_status_code": sip_status_code, "detail": detail}
    if returns >= MAX_RETURNS or due_ms >= call.expires_at_ms:
        return finish_attempt(call, Ending(State.FAILED, Reason.TRUNK_REJECTED), now_ms, **told)
    record = replace(attempt_record(call, Reason.TRUNK_REJECTED, now_ms, told), returned=True)
    after = replace(
        back.call,
        due_ms=due_ms,
        waits_for=WaitsFor.CARRIER,
        sip_status_code=sip_status_code,
        detail=detail,
        attempts=(*call.attempts, record),
    )
    data: dict[str, Any] = {"reason": "carrier_too_fast", "until": iso_from_ms(due_ms)}
    if sip_status_code:
        data["sip_status_code"] = sip_status_code
    return Change(after, (NewEvent("queued", data),))


def finish_attempt(
    call: Call,
    ending: Ending,
    now_ms: int,
    *,
    sip_status_code: int | None = None,
    detail: str | None = None,
    **ids: Any,
) -> Change:
    """End the call with its attempt, unless nobody or a machine answered and its policy allows a redial."""
    call = with_reported_answer(call, ending)
    ending = ending_of_talk(ending, call)
    due_ms = call.redial.due_ms(call.attempts_made + 1, ending.reason, now_ms)
    if not may_redial(call, ending):
        due_ms = None
    if due_ms is not None:
        due_ms = now_ms + int((due_ms - now_ms) / call.test_speed)
    if due_ms is None or due_ms >= call.expires_at_ms:
        return end_call(call, ending, now_ms, sip_status_code=sip_status_code, detail=detail, **ids)
    told = {"sip_status_code": sip_status_code, "detail": detail, **ids}
    record = attempt_record(call, ending.reason, ended_ms_of(call, ending, now_ms), told)
    marks: dict[str, Any] = dict.fromkeys((*_CLAIM_ONLY, *_TALK_ONLY))
    marks |= {"slots": (), "due_ms": due_ms, "waits_for": WaitsFor.RETRY}
    marks["attempts"] = (*call.attempts, record)
    after = replace(call, **marks)
    if call.state is not State.QUEUED:
        after = move(call, State.QUEUED, now_ms, **marks)
    data: dict[str, Any] = {"reason": ending.reason, "attempt": record.number, "until": iso_from_ms(due_ms)}
    if sip_status_code:
        data["sip_status_code"] = sip_status_code
    return Change(after, (NewEvent("queued", data),))


def answer_call(call: Call, now_ms: int, **ids: Any) -> Change:
    """Activate the call: the callee answered, at the latest when the agent said so."""
    answered_ms = min(now_ms, call.answer_reported_at_ms or now_ms)
    after = move(call, State.ACTIVE, answered_ms, phase=Phase.SETTLED, owner=None, **ids)
    return Change(after, (NewEvent("active"),))


def adopt_call(call: Call, now_ms: int, **ids: Any) -> Change:
    """Activate a call whose dial's answer was lost; since when it is known only if its agent reported it."""
    ids |= {"answered_at_ms": call.answer_reported_at_ms}
    after = move(call, State.ACTIVE, now_ms, phase=Phase.SETTLED, owner=None, **ids)
    return Change(after, (NewEvent("active"),))


def end_call(
    call: Call,
    ending: Ending,
    now_ms: int,
    *,
    sip_status_code: int | None = None,
    detail: str | None = None,
    confirmed: bool = True,
    **ids: Any,
) -> Change:
    """End the call and release its slots; its leg, if it had one, has left.

    A requested cancel or a lost agent takes precedence over the leg's own reason. An end that LiveKit has
    not `confirmed` is marked, and has no duration.
    """
    call = with_reported_answer(call, ending)
    ended_ms = ended_ms_of(call, ending, now_ms)
    if call.cancel_requested_at_ms:
        ending = _CANCELLED if call.state is not State.ACTIVE else _HUNG_UP
    elif call.agent_lost_at_ms is not None:
        ending = Ending(State.DISCONNECTED, Reason.AGENT_LOST)
    else:
        ending = ending_of_talk(ending, call)
    attempts = call.attempts
    if call.channel is Channel.PHONE and (call.connecting_at_ms or ending.reason is Reason.AGENT_UNAVAILABLE):
        told = {"sip_status_code": sip_status_code, "detail": detail, **ids}
        attempts += (attempt_record(call, ending.reason, ended_ms, told),)
    after = move(
        call,
        ending.state,
        ended_ms,
        end_unconfirmed=None if confirmed else True,
        reason=ending.reason,
        sip_status_code=sip_status_code or call.sip_status_code,
        detail=detail or call.detail,
        phase=Phase.SETTLED if call.phase else None,
        owner=None,
        pending_ending=None,
        due_ms=None,
        waits_for=None,
        slots=(),
        attempts=attempts,
        **ids,
    )
    data: dict[str, Any] = {"reason": ending.reason}
    if after.sip_status_code:
        data["sip_status_code"] = after.sip_status_code
    if not confirmed:
        data["confirmed"] = False
    return Change(after, (NewEvent(ending.state.value, data),))


def close_web_call(call: Call, ending: Ending, now_ms: int) -> Change:
    """End a web call whose room is to be closed: the reconciler repeats it until LiveKit confirms it.

    An empty room needs none: LiveKit closes it. Nor does a simulated one.
    """
    ended = end_call(call, ending, now_ms)
    if call.caller_joined_at_ms is None or not call.livemode:
        return ended
    return replace(ended, call=replace(ended.call, hang_up_pending=True))


def release_ownership(call: Call) -> Change:
    """Give up ownership when the dial's result is unknown (rule 11): events or the reconciler decide."""
    return Change(replace(call, owner=None))


def store_pending_ending(call: Call, ending: Ending) -> Change:
    """Store an end that arrived before the dial's answer (rule 12); whoever ends the wait applies it."""
    return Change(replace(call, pending_ending=ending))


def request_cancel(call: Call, now_ms: int) -> Change | None:
    """Cancel a call (rule 14): one that was not sent ends at once, otherwise its leg is to be removed.

    Repeats, also after the end, change nothing.
    """
    if call.is_terminal or call.cancel_requested_at_ms:
        return None
    if call.channel is Channel.WEB:
        return close_web_call(call, _HUNG_UP if call.state is State.ACTIVE else _CANCELLED, now_ms)
    if call.phase in (None, Phase.PREPARED):
        return end_call(call, _CANCELLED, now_ms)
    requested = replace(call, cancel_requested_at_ms=now_ms)
    return Change(requested, (NewEvent("cancel_requested"),))
