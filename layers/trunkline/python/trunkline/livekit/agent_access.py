"""Check that an agent's token belongs to its call's current attempt."""

from __future__ import annotations

from trunkline.calls.models import Call
from trunkline.calls.value_objects import Channel
from trunkline.core.errors import NotFound, StaleAttempt
from trunkline.livekit.rooms import CallAttemptRef


def require_current_attempt(call: Call | None, claim: CallAttemptRef) -> Call:
    """Return the call if the agent's attempt is the current one.

    Raises:
        NotFound: the call does not exist.
        StaleAttempt: the call has moved on to another attempt, or was erased.
    """
    if call is None:
        raise NotFound("Call not found")
    if call.claim != claim.claim or call.erased_at_ms is not None:
        raise StaleAttempt
    if call.channel is Channel.PHONE and not call.is_terminal and call.phase is None:
        raise StaleAttempt
    return call
