"""Ends that LiveKit does not tell: found by asking, or because no leg can last longer. Pure."""

from __future__ import annotations

from dataclasses import replace

from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Ending


def end_found(call: Call, now_ms: int) -> Change:
    """End an active call that LiveKit no longer knows and never told the end of.

    When it ended is unknown, unless it was hung up by request just now.
    """
    is_hung_up = call.cancel_requested_at_ms is not None or call.agent_lost_at_ms is not None
    ending = Ending(State.DISCONNECTED, Reason.CONNECTION_LOST)
    if call.has_reached_limit(now_ms):
        ending = Ending(State.COMPLETED, Reason.MAX_DURATION_REACHED)
    return end_call(call, ending, now_ms, confirmed=is_hung_up)


def end_overdue(call: Call, now_ms: int) -> Change:
    """End a call whose leg cannot last longer, whatever LiveKit says or does not say of it (rule 16)."""
    ending = Ending(State.FAILED, Reason.DIAL_UNKNOWN)
    if call.state is State.ACTIVE:
        ending = Ending(State.DISCONNECTED, Reason.CONNECTION_LOST)
    return end_call(call, call.pending_ending or ending, now_ms, confirmed=False)


def end_without_confirmation(call: Call, now_ms: int) -> Change:
    """End a call for its owner though LiveKit did not confirm the hang-up (rule 14).

    The hang-up is repeated, and its slots stay taken, until its leg has left (`settle_leg`) or no leg can be
    left (rules 11 and 15).
    """
    ended = end_overdue(call, now_ms)
    return replace(ended, call=replace(ended.call, slots=call.slots, hang_up_pending=True))


def end_restored(call: Call, now_ms: int) -> Change:
    """End a call that was open in a table restored to an earlier time: nobody knows what became of it.

    It may have been dialled since, so nothing of it is dialled again. A leg that is still there is hung up,
    and its slots stay taken until then, as after every end that LiveKit did not confirm.
    """
    state = State.DISCONNECTED if call.state is State.ACTIVE else State.FAILED
    ended = end_call(call, Ending(state, Reason.RESTORED), now_ms, confirmed=False)
    left = True if call.room_name else None
    return replace(ended, call=replace(ended.call, slots=call.slots, hang_up_pending=left))


def settle_leg(call: Call) -> Change | None:
    """Note that nothing of an ended call is left at LiveKit, and release the slots it kept (rule 15).

    Nothing else of the call changes.
    """
    if not call.may_have_leg_left:
        return None
    return Change(replace(call, slots=(), hang_up_pending=None))
