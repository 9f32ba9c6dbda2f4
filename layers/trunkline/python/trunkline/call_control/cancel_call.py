"""Cancelling a call, or hanging it up, in any state (rule 14)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from trunkline.auth.principal import Principal
from trunkline.calls.access import parse_call_id, require_own
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.transitions import request_cancel
from trunkline.calls.value_objects import Channel
from trunkline.core.clock import Clock
from trunkline.dial_queue.notifier import LaneNotifier


@dataclass(frozen=True)
class CancelCallService:
    """Cancels calls. `hang_up` removes a phone call's leg or closes a web call's room, and may fail.

    The lane run and the reconciler repeat it until the leg is settled, or the room closed. A web caller is
    removed at the next join.
    """

    calls: CallRepository
    notifier: LaneNotifier
    clock: Clock
    hang_up: Callable[[Call], None]

    def cancel(self, principal: Principal, call_id: str) -> Call:
        """End a call that has not ended, and return it as it is then.

        A waiting call ends at once and never rings; a ringing one gets a CANCEL; an active one is
        hung up. Asking twice, or after the end, changes nothing.

        Raises:
            NotFound: no such call, or not the principal's.
        """
        call = require_own(self.calls.load(parse_call_id(call_id)), principal)
        now_ms = self.clock.wall_ms()
        after = self.calls.update(call.id, lambda current: request_cancel(current, now_ms), now_ms)
        if after:
            self.notifier.notify_change(call, after)
        if after and (not after.is_terminal or _has_a_room(call)):
            self.hang_up(after)
        return after or call


def _has_a_room(before: Call) -> bool:
    """Tell whether somebody is in the room of a web call."""
    return before.channel is Channel.WEB and not before.is_terminal and before.caller_joined_at_ms is not None
