"""Since when a call is overdue for a repair, by what is stored of it."""

from __future__ import annotations

from dataclasses import dataclass

from trunkline.calls.models import Call
from trunkline.calls.states import Phase, State
from trunkline.livekit.client import TOKEN_LEEWAY_MS

LOOK_UP_DELAY_MS = TOKEN_LEEWAY_MS + 5_000
"""How long after `dead_after` a missing participant proves that no INVITE will follow (rule 11)."""


@dataclass
class OverdueGauge:
    """How long the oldest thing has waited for its repair when a pass came to it."""

    oldest_ms: int = 0

    def see(self, now_ms: int, since_ms: int | None) -> None:
        """Take notice of a thing that is to be repaired since a time; None: it is not."""
        if since_ms is not None:
            self.oldest_ms = max(self.oldest_ms, now_ms - since_ms)


def overdue_since_ms(call: Call, now_ms: int) -> int | None:
    """Return the earliest time that has passed at which the call should have been ended; None: it is in time.

    It says nothing of calls that LiveKit alone knows to be over, nor of legs that ended calls may have left.
    """
    if call.is_terminal:
        return None
    moments = [call.hard_end_ms, call.limit_ends_ms, call.cancel_requested_at_ms]
    if call.phase is None and call.state in (State.QUEUED, State.SCHEDULED, State.PENDING):
        moments = [call.expires_at_ms]
    elif call.phase is Phase.SENT and call.token_expires_at_ms is not None:
        moments.append(call.token_expires_at_ms + LOOK_UP_DELAY_MS)
    return min((moment for moment in moments if moment is not None and moment <= now_ms), default=None)
