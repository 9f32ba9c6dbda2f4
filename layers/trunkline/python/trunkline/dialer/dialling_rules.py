"""Rules of time and caller ID for an accepted call, at its claim and right before its intent. Pure."""

from __future__ import annotations

from trunkline.calls.models import Call, Change
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.transitions import defer, end_call
from trunkline.calls.value_objects import Ending, WaitsFor
from trunkline.trunks.models import TrunkState


def rejection(call: Call, state: TrunkState, now_ms: int, ruled_out: Reason | None = None) -> Change | None:
    """Decide whether an accepted call must end or wait instead of being dialled at `now_ms`."""
    if ruled_out:
        return end_call(call, Ending(State.FAILED, ruled_out), now_ms)
    if ending := _ending(call, state, now_ms):
        return end_call(call, ending, now_ms)
    opens_ms = _opens_ms(call, now_ms)
    if opens_ms != now_ms:
        # A window that never opens is checked again when the call expires, by the reconciler.
        return defer(call, min(opens_ms or call.expires_at_ms, call.expires_at_ms), WaitsFor.WINDOW)
    return None


def may_start(call: Call, state: TrunkState, now_ms: int) -> bool:
    """Tell whether a claimed call may be dialled at `now_ms`; its intent may be written, its slot missed."""
    return _ending(call, state, now_ms) is None and _opens_ms(call, now_ms) == now_ms


def _ending(call: Call, state: TrunkState, now_ms: int) -> Ending | None:
    if now_ms >= call.expires_at_ms:
        return Ending(State.TIMEOUT, Reason.EXPIRED)
    if call.caller_id not in state.trunk.numbers and not state.trunk.test:
        return Ending(State.FAILED, Reason.CALLER_ID_REVOKED)
    return None


def _opens_ms(call: Call, now_ms: int) -> int | None:
    return call.window.opens_ms(now_ms) if call.window else now_ms
