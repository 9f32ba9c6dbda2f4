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
    if now_ms >= call.expires_at_ms:
        return end_call(call, Ending(State.TIMEOUT, Reason.EXPIRED), now_ms)
    trunk = state.trunk
    if call.caller_id not in trunk.numbers and not trunk.test:
        return end_call(call, Ending(State.FAILED, Reason.CALLER_ID_REVOKED), now_ms)
    opens_ms = call.window.opens_ms(now_ms) if call.window else now_ms
    if opens_ms != now_ms:
        # A window that never opens is checked again when the call expires, by the reconciler.
        return defer(call, min(opens_ms or call.expires_at_ms, call.expires_at_ms), WaitsFor.WINDOW)
    return None
