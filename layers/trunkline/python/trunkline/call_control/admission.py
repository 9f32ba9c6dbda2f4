"""Admission of a call: quotas, one transaction, one wake-up (rules 1 and 2)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from trunkline.call_control.quotas import QuotaService
from trunkline.calls.models import Call, StaleCall
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import AlreadyCreated, CallRepository, NoFreeSlot, RuleConditionFailed
from trunkline.calls.states import State
from trunkline.calls.transitions import end_call
from trunkline.calls.value_objects import Channel, Ending
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.clock import Clock
from trunkline.core.errors import (
    ConcurrencyExceeded,
    DailyLimitReached,
    NumberSuppressed,
    QueueFull,
    QueueUnavailable,
)
from trunkline.core.idempotency_errors import IdempotencyInProgress
from trunkline.dial_queue.messages import DialWakeup, WakeQueue, WakeupNotSent
from trunkline.dial_queue.notifier import LaneNotifier
from trunkline.storage.idempotency import IdempotencyKey
from trunkline.storage.keys.item import TTL
from trunkline.storage.table import Check, Put, TransactionConflict, Write
from trunkline.trunks.models import total_pool

_LIMITS = (QueueFull, ConcurrencyExceeded, DailyLimitReached)
_LOOKS = 20
_LOOK_EVERY_S = 0.05
"""A request that meets its own first one in flight, which holds the last place of a limit, waits for it."""


@dataclass(frozen=True)
class AdmittedCall:
    """An accepted call; `replayed`: an earlier request with the same idempotency key stored it."""

    call: Call
    replayed: bool = False


@dataclass(frozen=True)
class CallAdmission:
    """Stores calls and wakes the lanes of phone calls."""

    calls: CallRepository
    wake_queue: WakeQueue
    notifier: LaneNotifier
    clock: Clock
    quotas: QuotaService
    compliance: CompliancePolicy
    sleep: Callable[[float], None] = time.sleep

    def accept(self, call: Call, once: IdempotencyKey | None, more: Sequence[Put] = ()) -> AdmittedCall:
        """Store a call with its other items and wake its lane; a repeat of an idempotency key does neither.

        Raises:
            QueueUnavailable: the wake was not sent; the call was withdrawn, so a retry is safe.
            QueueFull, ConcurrencyExceeded, DailyLimitReached: a limit of the tenant is reached.
            NumberNotAllowed, NumberSuppressed: the number must not be called.
            IdempotencyConflict: the key was used with another body.
            IdempotencyInProgress: another request with the key is running.
        """
        facts = self.quotas.settings.get(call.tenant_id)
        call = replace(call, ttl=facts.ttl(call.latest_end_ms))
        if call.channel is Channel.WEB and facts.max_calls_in_progress is not None:
            call = replace(call, slots=(total_pool(call.tenant_id, livemode=call.livemode),))
        kept = {TTL: call.ttl} if call.ttl else {}
        if earlier := self._accept(call, once, [replace(put, item=put.item | kept) for put in more]):
            return earlier
        if not call.trunk_id:
            return AdmittedCall(call)
        if call.due_ms:
            self.notifier.wake_at(call.trunk_id, call.due_ms)
            return AdmittedCall(call)
        # A simulated web call must be in the index when the lane runs.
        delay_s = 1 if call.channel is Channel.WEB else 0
        try:
            self.wake_queue.send(DialWakeup(call.trunk_id), delay_s)
        except WakeupNotSent as error:
            return AdmittedCall(self._roll_back(call, str(error), once))
        return AdmittedCall(call)

    def earlier(self, once: IdempotencyKey | None) -> AdmittedCall | None:
        """Return the call of a key's first request, if there was one.

        Callers look for it before anything that could refuse a repeat: a limit that the first request itself
        filled, a time that has passed since, an agent that was deleted.

        Raises:
            IdempotencyConflict: the key was used with another body.
        """
        before = self.calls.find_by_idempotency_key(once) if once else None
        return AdmittedCall(before, replayed=True) if before else None

    def _accept(self, call: Call, once: IdempotencyKey | None, more: Sequence[Write]) -> AdmittedCall | None:
        """Store the call, or return the one that another request with the key stored at the same time."""
        try:
            self._reserve_and_store(call, once, more)
        except (AlreadyCreated, IdempotencyInProgress, *_LIMITS) as error:
            for _ in range(_LOOKS if once else 0):
                if earlier := self.earlier(once):
                    return earlier
                self.sleep(_LOOK_EVERY_S)
            if isinstance(error, AlreadyCreated):
                raise IdempotencyInProgress from error
            raise
        return None

    def _reserve_and_store(self, call: Call, once: IdempotencyKey | None, more: Sequence[Write]) -> None:
        checks = self.compliance.conditions(call)
        self.quotas.reserve(call)
        try:
            self._store(call, once, more, checks)
        except Exception:
            self.quotas.release(call)
            raise

    def _store(
        self, call: Call, once: IdempotencyKey | None, more: Sequence[Write], checks: Sequence[Check]
    ) -> None:
        most = self.quotas.settings.get(call.tenant_id).max_calls_in_progress or 0
        try:
            self.calls.create(call, once, more, limits=dict.fromkeys(call.slots, most), checks=checks)
        except NoFreeSlot as error:
            raise ConcurrencyExceeded(most) from error
        except RuleConditionFailed as error:
            raise NumberSuppressed from error
        except TransactionConflict as error:
            if once is None:
                raise
            raise IdempotencyInProgress from error

    def _roll_back(self, call: Call, cause: str, once: IdempotencyKey | None) -> Call:
        """Fail the call and remove it from the queue in one transaction (rule 2).

        If the entry is gone, a running lane has claimed the call: it will ring, so it was accepted.
        """
        now_ms = self.clock.wall_ms()
        ending = Ending(State.FAILED, Reason.QUEUE_UNAVAILABLE)
        try:
            self.calls.apply(call, end_call(call, ending, now_ms), now_ms, release_key=once)
        except StaleCall:
            return call
        raise QueueUnavailable(cause)
