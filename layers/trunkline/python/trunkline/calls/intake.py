"""Takes an accepted call in: one transaction, one wake (rules 1 and 2)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from trunkline.calls.changes import ended
from trunkline.calls.model import Call, StaleCall
from trunkline.calls.parts import Channel, Ending
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.store import AcceptedBefore, CallStore
from trunkline.clock import Clock
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.wake import Wake, WakeNotSent, WakeQueue
from trunkline.errors import IdempotencyInProgress, QueueUnavailable
from trunkline.idempotency import Once
from trunkline.item_keys import TTL
from trunkline.table import Put, TransactionConflict, Write
from trunkline.tenants.retention import Retention


@dataclass(frozen=True)
class Placed:
    """An accepted call; `replayed`: an earlier request with the same idempotency key made it."""

    call: Call
    replayed: bool = False


@dataclass(frozen=True)
class Intake:
    """Stores calls, and wakes the lane of a phone call."""

    calls: CallStore
    wakes: WakeQueue
    nudge: Nudge
    clock: Clock
    retention: Retention

    def take(self, call: Call, once: Once | None, more: Sequence[Put] = ()) -> Placed:
        """Store a call with what else belongs to it, and wake its lane; with an idempotency key only the
        first time.

        Raises:
            QueueUnavailable: the wake was not sent; the call was withdrawn, so a retry is safe.
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: a request with the key is being carried out.
        """
        over_by_ms = call.expires_at_ms + call.agent.max_call_duration_s * 1000
        call = replace(call, ttl=self.retention.ttl(call.tenant_id, over_by_ms))
        kept = {TTL: call.ttl} if call.ttl else {}
        if before := self._accept(call, once, [replace(put, item=put.item | kept) for put in more]):
            return Placed(before, replayed=True)
        if call.channel is Channel.WEB:
            return Placed(call)
        if call.due_ms:
            self.nudge.wake_at(call.trunk_id, call.due_ms)
            return Placed(call)
        try:
            self.wakes.send(Wake(call.trunk_id))
        except WakeNotSent as error:
            return Placed(self._withdraw(call, str(error), once))
        return Placed(call)

    def _accept(self, call: Call, once: Once | None, more: Sequence[Write]) -> Call | None:
        """Store the call; the one that its key's first request made, if this is not the first."""
        try:
            self.calls.accept(call, once, more)
        except TransactionConflict as error:
            if once is None:
                raise
            raise IdempotencyInProgress from error
        except AcceptedBefore as error:
            before = self.calls.accepted(once) if once else None
            if before is None:
                raise IdempotencyInProgress from error
            return before
        return None

    def _withdraw(self, call: Call, cause: str, once: Once | None) -> Call:
        """Rule 2: fail the call and take it from the line in one transaction.

        If the entry is gone, a running lane has claimed the call: it will ring, so it was accepted.
        """
        now_ms = self.clock.wall_ms()
        ending = Ending(State.FAILED, Reason.QUEUE_UNAVAILABLE)
        try:
            self.calls.change(call, ended(call, ending, now_ms), now_ms, forget=once)
        except StaleCall:
            return call
        raise QueueUnavailable(cause)
