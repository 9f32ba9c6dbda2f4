"""Cancels a call, or hangs it up, whatever state it is in (rule 14)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from trunkline.calls.changes import cancelled
from trunkline.calls.model import Call
from trunkline.calls.read import visible
from trunkline.calls.store import CallStore
from trunkline.clock import Clock
from trunkline.errors import NotFound
from trunkline.tenants.keys import Principal
from trunkline.validation import UUID


@dataclass(frozen=True)
class CancelDesk:
    """Takes cancels in. `hang_up` removes a sent call's leg and may fail: the lane's run and the
    caretaker ask again until the leg is settled."""

    calls: CallStore
    clock: Clock
    hang_up: Callable[[Call], None]

    def cancel(self, principal: Principal, call_id: str) -> None:
        """End a call that has not ended.

        A waiting call ends at once and never rings; a ringing one gets a CANCEL; an active one is
        hung up. Asking twice, or after the end, changes nothing.

        Raises:
            NotFound: no such call, or not the principal's.
        """
        call = self.calls.load(call_id.lower()) if re.fullmatch(UUID, call_id) else None
        if call is None or not visible(call, principal):
            raise NotFound("Call not found")
        now_ms = self.clock.wall_ms()
        after = self.calls.settle(call.id, lambda current: cancelled(current, now_ms), now_ms)
        if after and not after.ended:
            self.hang_up(after)
