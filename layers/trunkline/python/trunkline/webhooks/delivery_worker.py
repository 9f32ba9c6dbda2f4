"""Worker of a delivery's execution: one step is an attempt, a wait or the end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from botocore.exceptions import BotoCoreError, ClientError
from typing_extensions import TypedDict

from trunkline.core.clock import Clock
from trunkline.core.metrics import DELIVERIES_GIVEN_UP, DELIVERY_AGE, DELIVERY_ATTEMPTS, MetricWriter
from trunkline.egress.messages import Response
from trunkline.webhooks.attempt_sender import AttemptSender, PreparedAttempt
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker
from trunkline.webhooks.delivery_models import Attempt, Delivery, DeliveryState
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.delivery_slots import DeliverySlots, Slot
from trunkline.webhooks.disable import EndpointDisabler
from trunkline.webhooks.events import EventType
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.rate_limiter import EndpointRateLimiter, Start
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.retry_policy import AttemptOutcome, RetryDecision, RetryPolicy

MAX_DELIVERY_AGE_MS = 6 * 86_400_000
"""A delivery that is older, because it waited for an open circuit, is given up."""

_MAX_SLOT_WAIT_S = 300
_SLOT_LEAD_MS = 60
"""A slot of the endpoint is taken this long before the start, not for the whole wait for it."""


class Step(TypedDict):
    """The next state of the execution: `wait` for `wait_s` seconds, or `done`.

    `version` is the delivery's when the execution left it.
    """

    delivery_id: str
    next: str
    wait_s: int
    version: int


@dataclass(frozen=True)
class DeliveryWorker:
    """Runs one delivery attempt, or schedules the next. `jitter()` returns 0 to 1.

    A crash between the request and its record repeats the attempt with the same ids: the endpoint receives
    it at least once. The record comes first after the request; nothing that follows it can undo it.
    """

    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    slots: DeliverySlots
    rate_limiter: EndpointRateLimiter
    health: EndpointHealthRepository
    sender: AttemptSender
    disabler: EndpointDisabler
    clock: Clock
    sleep: Callable[[float], None]
    jitter: Callable[[], float]
    log: Logger
    meter: MetricWriter

    def step(self, delivery_id: str, version: int | None = None) -> Step:
        """Run the next step of a delivery, unless another execution changed it since `version`."""
        delivery = self.deliveries.load(delivery_id)
        if delivery is None or delivery.state is not DeliveryState.PENDING:
            return _done(delivery_id)
        if version is not None and version != delivery.version:
            return _done(delivery_id)
        endpoint = self.endpoints.load(delivery.tenant_id, delivery.endpoint_id)
        now_ms = self.clock.wall_ms()
        failure = _failure_without_attempt(delivery, endpoint, now_ms)
        if endpoint is None or failure:
            self.deliveries.save(replace(delivery, state=DeliveryState.FAILED, failure=failure))
            self.meter.add(DELIVERIES_GIVEN_UP, reason=failure)
            return _done(delivery_id)
        return self._attempt_if_allowed(delivery, endpoint, now_ms)

    def _attempt_if_allowed(self, delivery: Delivery, endpoint: Endpoint, now_ms: int) -> Step:
        """Make an attempt unless the circuit is open, its start is far away, or no slot is free."""
        health = self.health.load(endpoint.id)
        # A user waits for a ping to see whether the endpoint works: it only needs a slot of the tenant.
        is_ping = delivery.event_type is EventType.WEBHOOK_PING
        if not is_ping and (open_ms := health.open_for_ms(now_ms)):
            return self._wait(delivery, open_ms / 1000 * (1 + self.jitter() / 2), held=True)
        slot = self.slots.take_of_tenant(endpoint, now_ms)
        if not slot.keys:
            return self._wait_for_slot(delivery, endpoint, share=slot.share)
        try:
            # After the slot: a start that is reserved for a delivery without one is lost.
            start = Start(now_ms) if is_ping else self.rate_limiter.reserve(endpoint, self.clock.wall_ms())
            if start.wait_s:
                return self._wait(delivery, start.wait_s)
            prepared = self.sender.prepare(delivery, endpoint, now_ms)
            if is_ping:
                return self._attempt(delivery, endpoint, health, prepared)
            return self._attempt_at(start, delivery, endpoint, health, prepared)
        finally:
            self.slots.release(slot.keys)

    def _attempt_at(
        self,
        start: Start,
        delivery: Delivery,
        endpoint: Endpoint,
        health: EndpointCircuitBreaker,
        prepared: PreparedAttempt,
    ) -> Step:
        """Make an attempt at its start, in a slot of the endpoint."""
        self._sleep_until(start.at_ms - _SLOT_LEAD_MS)
        slot = self._endpoint_slot(endpoint, health, start)
        if slot is None:
            return self._wait_for_slot(delivery, endpoint, held=health.half_open)
        try:
            self._sleep_until(start.at_ms)
            while start.is_late(self.clock.wall_ms()):
                start = self.rate_limiter.reserve(endpoint, self.clock.wall_ms())
                if start.wait_s:
                    return self._wait(delivery, start.wait_s)
                self._sleep_until(start.at_ms)
            return self._attempt(delivery, endpoint, health, prepared)
        finally:
            self.slots.release(slot)

    def _endpoint_slot(self, endpoint: Endpoint, health: EndpointCircuitBreaker, start: Start) -> Slot | None:
        now_ms = self.clock.wall_ms()
        return self.slots.take_of_endpoint(endpoint, now_ms, half_open=health.half_open, turn=start.turn)

    def _sleep_until(self, at_ms: int) -> None:
        if (left_ms := at_ms - self.clock.wall_ms()) > 0:
            self.sleep(left_ms / 1000)

    def _attempt(
        self,
        delivery: Delivery,
        endpoint: Endpoint,
        health: EndpointCircuitBreaker,
        prepared: PreparedAttempt,
    ) -> Step:
        at_ms = self.clock.wall_ms()
        response = self.sender.send(prepared)
        now_ms = self.clock.wall_ms()
        policy = RetryPolicy(delivery.max_attempts)
        decision = policy.decide(prepared.number, response, now_s=now_ms / 1000, jitter=self.jitter())
        attempt = _attempt_of(prepared, response, at_ms)
        recorded = self.deliveries.save(_after(delivery, attempt, decision, now_ms))
        if recorded is None:
            # Another execution of the same delivery has recorded this attempt, and continues.
            return _done(delivery.id)
        self._log_attempt(delivery, attempt, decision)
        self._measure(recorded, decision, now_ms)
        self._note(recorded, attempt, prepared.text(response))
        self._update_health(endpoint, health, decision, now_ms)
        return _step(recorded, decision.wait_s) if decision.wait_s else _done(delivery.id)

    def _log_attempt(self, delivery: Delivery, attempt: Attempt, decision: RetryDecision) -> None:
        self.log.info(
            "attempt",
            number=attempt.number,
            took_ms=attempt.took_ms,
            tenant_id=delivery.tenant_id,
            webhook_id=delivery.endpoint_id,
            event_id=delivery.event_id,
            call_id=delivery.call_id,
            trace_id=delivery.call_trace_id,
            outcome=decision.outcome,
            status=attempt.status,
            error=attempt.error,
        )

    def _measure(self, delivery: Delivery, decision: RetryDecision, now_ms: int) -> None:
        """Count an attempt, and how late a success or how final a failure it was."""
        self.meter.add(DELIVERY_ATTEMPTS, outcome=decision.outcome)
        if delivery.state is DeliveryState.SUCCEEDED:
            self.meter.add(DELIVERY_AGE, now_ms - delivery.created_at_ms)
        if delivery.state is DeliveryState.FAILED:
            self.meter.add(DELIVERIES_GIVEN_UP, reason=delivery.failure)

    def _note(self, delivery: Delivery, attempt: Attempt, text: str) -> None:
        """Store the beginning of a response; the attempt is recorded without it, too."""
        try:
            if text:
                self.deliveries.store_response(delivery, attempt, text)
        except (BotoCoreError, ClientError) as error:
            self.log.error("response not stored", delivery_id=delivery.id, cause=type(error).__name__)

    def _update_health(
        self, endpoint: Endpoint, health: EndpointCircuitBreaker, decision: RetryDecision, now_ms: int
    ) -> None:
        """Record the result in the circuit breaker; what stays uncounted opens or closes it later."""
        try:
            if decision.outcome is not AttemptOutcome.SUCCEEDED:
                self._count_failure(endpoint, health, decision, now_ms)
            elif health.failures:
                self.health.reset(endpoint.id, health, now_ms)
        except (BotoCoreError, ClientError) as error:
            self.log.error("result not counted", webhook_id=endpoint.id, cause=type(error).__name__)

    def _count_failure(
        self, endpoint: Endpoint, health: EndpointCircuitBreaker, decision: RetryDecision, now_ms: int
    ) -> None:
        """Count a failure, and disable what has failed for good; a failed ping does not count for a disabled
        endpoint."""
        if not endpoint.enabled:
            return
        after = self.health.record_failure(endpoint.id, health, now_ms)
        if decision.outcome is AttemptOutcome.GONE:
            self.disabler.disable(endpoint, "the endpoint answered 410 Gone", now_ms)
        elif after.should_disable(now_ms, self.disabler.disable_after_s):
            self.disabler.disable(endpoint, "it failed for five days", now_ms)

    def _wait_for_slot(
        self, delivery: Delivery, endpoint: Endpoint, *, held: bool = False, share: int | None = None
    ) -> Step:
        now_ms = self.clock.wall_ms()
        at_least_s = _slot_wait_s(delivery, now_ms) * (0.5 + self.jitter())
        wait_s = self.slots.retry_in_s(endpoint, now_ms, at_least_s, share)
        return self._wait(delivery, wait_s, held=held)

    def _wait(self, delivery: Delivery, wait_s: float, *, held: bool = False) -> Step:
        """Wait without spending an attempt.

        The stored time keeps the reconciler from restarting the delivery.
        """
        whole_s = max(1, round(wait_s))
        due_ms = self.clock.wall_ms() + whole_s * 1000
        saved = self.deliveries.save(replace(delivery, next_attempt_at_ms=due_ms, held=held))
        return _step(saved, whole_s) if saved else _done(delivery.id)


_STATES = {
    AttemptOutcome.SUCCEEDED: DeliveryState.SUCCEEDED,
    AttemptOutcome.RETRY: DeliveryState.PENDING,
    AttemptOutcome.FAILED: DeliveryState.FAILED,
    AttemptOutcome.GONE: DeliveryState.FAILED,
}
_FAILURES = {AttemptOutcome.FAILED: "attempts_exhausted", AttemptOutcome.GONE: "endpoint_gone"}


def _attempt_of(prepared: PreparedAttempt, response: Response, at_ms: int) -> Attempt:
    return Attempt(
        number=prepared.number,
        at_ms=at_ms,
        took_ms=response.took_ms,
        status=response.status,
        error=response.error,
        detail=response.detail or None,
    )


def _after(delivery: Delivery, attempt: Attempt, decision: RetryDecision, now_ms: int) -> Delivery:
    """Return a delivery after an attempt."""
    return replace(
        delivery,
        attempts=(*delivery.attempts, attempt),
        state=_STATES[decision.outcome],
        next_attempt_at_ms=now_ms + decision.wait_s * 1000 if decision.wait_s else None,
        failure=_FAILURES.get(decision.outcome),
        held=False,
    )


def _slot_wait_s(delivery: Delivery, now_ms: int) -> float:
    """Return how long to wait for a free slot at least, in seconds.

    The wait grows with the age of the delivery: an execution of Step Functions may have 25,000 events
    (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
    """
    waited_s = (now_ms - delivery.created_at_ms) / 1000
    return min(_MAX_SLOT_WAIT_S, max(2.0, waited_s / 5))


def _failure_without_attempt(delivery: Delivery, endpoint: Endpoint | None, now_ms: int) -> str | None:
    if endpoint is None:
        return "endpoint_deleted"
    if not endpoint.enabled and delivery.event_type is not EventType.WEBHOOK_PING:
        return "endpoint_disabled"
    return "expired" if now_ms - delivery.created_at_ms > MAX_DELIVERY_AGE_MS else None


def _done(delivery_id: str) -> Step:
    return {"delivery_id": delivery_id, "next": "done", "wait_s": 0, "version": 0}


def _step(delivery: Delivery, wait_s: int) -> Step:
    return {"delivery_id": delivery.id, "next": "wait", "wait_s": wait_s, "version": delivery.version}
