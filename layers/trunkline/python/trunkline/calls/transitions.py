"""The pure functions that change a call: each returns what one transaction is to write."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from trunkline.calls.models import Call, Change, NewEvent
from trunkline.calls.reasons import Reason
from trunkline.calls.states import TERMINAL, Phase, State, may_follow
from trunkline.calls.value_objects import AttemptRecord, Channel, Ending, WaitsFor
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
    "connecting_at_ms",
)


class IllegalTransition(Exception):
    """A caller asked for a change that the state table does not know: a defect, never the world's doing."""


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


def claim_call(call: Call, owner: str, room_name: str, limits: Mapping[str, int] | None = None) -> Change:
    """Rule 5: taken from the line by a run, with a slot of every limited pool; stays `queued`."""
    limits = limits or {}
    marks: dict[str, Any] = {
        "phase": Phase.PREPARED,
        "owner": owner,
        "room_name": room_name,
        "slots": tuple(limits),
    }
    return Change(replace(call, claim=call.claim + 1, **marks), limits=limits)


def defer(call: Call, until_ms: int, waits_for: WaitsFor) -> Change:
    """Out of the line until a moment; it comes back with `came_due`."""
    after = replace(call, due_ms=until_ms, waits_for=waits_for)
    return Change(after, (NewEvent("queued", {"reason": waits_for, "until": iso_from_ms(until_ms)}),))


def enqueue_due(call: Call, queue_position: str, now_ms: int) -> Change:
    """Into the line, at the end of its priority as of its moment: a scheduled call is `queued` by then."""
    after = replace(call, due_ms=None, waits_for=None, queue_position=queue_position)
    if call.state is State.SCHEDULED:
        return Change(move(after, State.QUEUED, now_ms), (NewEvent("queued"),))
    return Change(after)


def record_intent(call: Call, now_ms: int, *, intent: str, token_expires_at_ms: int, **ids: Any) -> Change:
    """Rule 8: the point of no return. A slot that was missed is intended again, without a new event."""
    marks = {"phase": Phase.SENT, "intent": intent, "token_expires_at_ms": token_expires_at_ms, **ids}
    if call.phase is Phase.SENT:
        return Change(replace(call, **marks))
    return Change(move(call, State.CONNECTING, now_ms, **marks), (NewEvent("connecting"),))


def requeue(call: Call, now_ms: int, *, why: str) -> Change:
    """Rule 10: back to its own place in the line; the next claim has another room and identity.

    A call whose cancel was asked for does not go back: it is cancelled.
    """
    if call.cancel_requested_at_ms:
        return end_call(call, _CANCELLED, now_ms)
    cleared: dict[str, Any] = dict.fromkeys(_CLAIM_ONLY) | {"slots": ()}
    if call.state is State.CONNECTING:
        back = NewEvent("queued", {"reason": why})
        return Change(move(call, State.QUEUED, now_ms, **cleared), (back,))
    return Change(replace(call, **cleared))


def finish_attempt(
    call: Call, ending: Ending, now_ms: int, *, sip_status_code: int | None = None, **ids: Any
) -> Change:
    """An attempt's end is the call's, unless nobody answered and the redial policy wants another."""
    may_redial = ending.state is State.FAILED and not call.answered_at_ms and not call.cancel_requested_at_ms
    due_ms = call.redial.due_ms(len(call.attempts) + 1, ending.reason, now_ms) if may_redial else None
    if due_ms is not None:
        due_ms = now_ms + int((due_ms - now_ms) / call.test_speed)
    if due_ms is None or due_ms >= call.expires_at_ms:
        return end_call(call, ending, now_ms, sip_status_code=sip_status_code, **ids)
    record = _record(call, ending.reason, now_ms, sip_status_code)
    marks: dict[str, Any] = dict.fromkeys(_CLAIM_ONLY)
    marks |= {"slots": (), "due_ms": due_ms, "waits_for": WaitsFor.RETRY}
    marks["attempts"] = (*call.attempts, record)
    after = replace(call, **marks)
    if call.state is State.CONNECTING:
        after = move(call, State.QUEUED, now_ms, **marks)
    data: dict[str, Any] = {"reason": ending.reason, "attempt": record.number, "until": iso_from_ms(due_ms)}
    if sip_status_code:
        data["sip_status_code"] = sip_status_code
    return Change(after, (NewEvent("queued", data),))


def _record(call: Call, reason: Reason, now_ms: int, sip_status_code: int | None) -> AttemptRecord:
    return AttemptRecord(
        number=len(call.attempts) + 1,
        room_name=call.room_name,
        connecting_at_ms=call.connecting_at_ms,
        answered_at_ms=call.answered_at_ms,
        ended_at_ms=now_ms,
        reason=reason,
        sip_status_code=sip_status_code,
    )


def answer_call(call: Call, now_ms: int, **ids: Any) -> Change:
    """The callee picked up."""
    after = move(call, State.ACTIVE, now_ms, phase=Phase.SETTLED, owner=None, **ids)
    return Change(after, (NewEvent("active"),))


def end_call(
    call: Call, ending: Ending, now_ms: int, *, sip_status_code: int | None = None, **ids: Any
) -> Change:
    """The call reached its end, and its leg, if it had one, is settled: its slots are free.

    Once a cancel was asked for, or the agent was lost, that is why it ended, whatever the leg says.
    """
    if call.cancel_requested_at_ms:
        ending = _CANCELLED if call.state is not State.ACTIVE else _HUNG_UP
    elif call.agent_lost_at_ms is not None:
        ending = Ending(State.DISCONNECTED, Reason.AGENT_LOST)
    elif ending.reason is Reason.AGENT_HANGUP and call.answering_machine == "machine":
        ending = Ending(ending.state, Reason.VOICEMAIL_REACHED)
    attempts = call.attempts
    if call.channel is Channel.PHONE and (call.connecting_at_ms or ending.reason is Reason.AGENT_UNAVAILABLE):
        attempts += (_record(call, ending.reason, now_ms, sip_status_code),)
    after = move(
        call,
        ending.state,
        now_ms,
        reason=ending.reason,
        sip_status_code=sip_status_code or call.sip_status_code,
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
    return Change(after, (NewEvent(ending.state.value, data),))


def release_ownership(call: Call) -> Change:
    """Rule 11: nobody knows what came of the dial; news and the reconciler may decide it from here."""
    return Change(replace(call, owner=None))


def store_pending_ending(call: Call, ending: Ending) -> Change:
    """Rule 12: news of an end while the dial's answer is still awaited; whoever ends the wait applies it."""
    return Change(replace(call, pending_ending=ending))


def request_cancel(call: Call, now_ms: int) -> Change | None:
    """Rule 14: a call that was not sent ends at once; one that was is asked to, and its leg removed.

    Asking again, or after the end, changes nothing.
    """
    if call.is_terminal or call.cancel_requested_at_ms:
        return None
    if call.channel is Channel.WEB:
        return end_call(call, _HUNG_UP if call.state is State.ACTIVE else _CANCELLED, now_ms)
    if call.phase in (None, Phase.PREPARED):
        return end_call(call, _CANCELLED, now_ms)
    asked = replace(call, cancel_requested_at_ms=now_ms)
    return Change(asked, (NewEvent("cancel_requested"),))
