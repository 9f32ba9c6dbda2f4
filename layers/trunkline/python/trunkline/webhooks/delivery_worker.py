"""Worker of a delivery's execution: one step is an attempt, a wait or the end."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

from aws_lambda_powertools import Logger
from typing_extensions import TypedDict

from trunkline.core.clock import Clock
from trunkline.egress.messages import Request, Response
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker
from trunkline.webhooks.delivery_models import Attempt, Delivery, DeliveryState
from trunkline.webhooks.delivery_repository import DeliveryRepository
from trunkline.webhooks.disable import EndpointDisabler
from trunkline.webhooks.events import EventType
from trunkline.webhooks.health_repository import EndpointHealthRepository
from trunkline.webhooks.models import Endpoint
from trunkline.webhooks.payload import PayloadBuilder
from trunkline.webhooks.rate_limiter import EndpointRateLimiter
from trunkline.webhooks.redaction import redact
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.retry_policy import AttemptOutcome, RetryDecision, RetryPolicy
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.signing import signature_headers

DELIVERY_TIMEOUT_S = 15.0
MAX_DELIVERY_RESPONSE_BYTES = 16 * 1024
MAX_DELIVERY_AGE_MS = 6 * 86_400_000
"""A delivery that is older, because it waited for an open circuit, is given up."""

_MAX_SLOT_WAIT_S = 30


class Step(TypedDict):
    """The next state of the execution: `wait` for `wait_s` seconds, or `done`."""

    delivery_id: str
    next: str
    wait_s: int


@dataclass(frozen=True)
class DeliveryWorker:
    """Runs one delivery attempt, or schedules the next. `send` must not raise; `jitter()` returns 0 to 1.

    A crash between the request and its record repeats the attempt with the same ids: the endpoint receives
    it at least once.
    """

    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    rate_limiter: EndpointRateLimiter
    health: EndpointHealthRepository
    secrets: EndpointSecrets
    payloads: PayloadBuilder
    disabler: EndpointDisabler
    send: Callable[[Request], Response]
    schedule_s: tuple[int, ...]
    clock: Clock
    jitter: Callable[[], float]
    log: Logger

    def step(self, delivery_id: str) -> Step:
        """Run the next step of a delivery."""
        delivery = self.deliveries.load(delivery_id)
        if delivery is None or delivery.state is not DeliveryState.PENDING:
            return _done(delivery_id)
        endpoint = self.endpoints.load(delivery.tenant_id, delivery.endpoint_id)
        now_ms = self.clock.wall_ms()
        failure = _failure_without_attempt(delivery, endpoint, now_ms)
        if endpoint is None or failure:
            self.deliveries.save(replace(delivery, state=DeliveryState.FAILED, failure=failure))
            return _done(delivery_id)
        health = self.health.load(endpoint.id)
        if delivery.event_type is EventType.WEBHOOK_PING:
            # A user waits for it to see whether the endpoint works: it needs no slot.
            return self._attempt(delivery, endpoint, health)
        return self._attempt_if_allowed(delivery, endpoint, health, now_ms)

    def _attempt_if_allowed(
        self, delivery: Delivery, endpoint: Endpoint, health: EndpointCircuitBreaker, now_ms: int
    ) -> Step:
        """Make an attempt if the circuit is not open and a slot is free; otherwise wait."""
        if open_ms := health.open_for_ms(now_ms):
            return self._wait(delivery, open_ms / 1000 * (1 + self.jitter() / 2))
        slot = self.rate_limiter.acquire(endpoint, now_ms, half_open=health.half_open)
        if slot is None:
            return self._wait(delivery, _slot_wait_s(delivery, now_ms) * (0.5 + self.jitter()))
        try:
            return self._attempt(delivery, endpoint, health)
        finally:
            self.rate_limiter.release(endpoint, slot, now_ms)

    def _attempt(self, delivery: Delivery, endpoint: Endpoint, health: EndpointCircuitBreaker) -> Step:
        number, now_ms = len(delivery.attempts) + 1, self.clock.wall_ms()
        secrets, headers = self.secrets.decrypt(endpoint, now_ms)
        body = self.payloads.body(delivery, endpoint, number)
        signed = signature_headers(body, message_id=delivery.event_id, at_s=now_ms // 1000, secrets=secrets)
        response = self.send(_request(endpoint, headers | signed, body))
        after_ms = self.clock.wall_ms()
        policy = RetryPolicy(delivery.max_attempts, self.schedule_s)
        decision = policy.decide(number, response, now_s=after_ms / 1000, jitter=self.jitter())
        attempt = Attempt(
            number, now_ms, response.took_ms, response.status, response.error, response.detail or None
        )
        text = redact(response.body, (*secrets, *headers.values()))
        self._update_health(endpoint, health, decision, after_ms)
        return self._record(delivery, attempt, decision, text, after_ms)

    def _record(
        self, delivery: Delivery, attempt: Attempt, decision: RetryDecision, text: str, now_ms: int
    ) -> Step:
        next_ms = now_ms + decision.wait_s * 1000 if decision.wait_s else None
        after = replace(
            delivery,
            attempts=(*delivery.attempts, attempt),
            state=_STATES[decision.outcome],
            next_attempt_at_ms=next_ms,
            failure=_FAILURES.get(decision.outcome),
        )
        if text:
            self.deliveries.store_response(delivery, attempt, text)
        if self.deliveries.save(after) is None:
            # Another execution of the same delivery has recorded this attempt, and continues.
            return _done(delivery.id)
        self._log_attempt(delivery, attempt, decision)
        return _step(delivery.id, "wait", decision.wait_s) if decision.wait_s else _done(delivery.id)

    def _log_attempt(self, delivery: Delivery, attempt: Attempt, decision: RetryDecision) -> None:
        self.log.info(
            "attempt",
            number=attempt.number,
            took_ms=attempt.took_ms,
            tenant_id=delivery.tenant_id,
            event_id=delivery.event_id,
            call_id=delivery.call_id,
            outcome=decision.outcome,
            status=attempt.status,
            error=attempt.error,
        )

    def _update_health(
        self, endpoint: Endpoint, health: EndpointCircuitBreaker, decision: RetryDecision, now_ms: int
    ) -> None:
        """Record the result in the circuit breaker; a failed ping does not count for a disabled endpoint."""
        if decision.outcome is AttemptOutcome.SUCCEEDED:
            if health.failures:
                self.health.reset(endpoint.id)
            return
        if not endpoint.enabled:
            return
        after = self.health.record_failure(endpoint.id, health, now_ms)
        if decision.outcome is AttemptOutcome.GONE:
            self.disabler.disable(endpoint, "the endpoint answered 410 Gone", now_ms)
        elif after.should_disable(now_ms, self.disabler.disable_after_s):
            self.disabler.disable(endpoint, "it failed for five days", now_ms)

    def _wait(self, delivery: Delivery, wait_s: float) -> Step:
        """Wait without spending an attempt.

        The stored time keeps the reconciler from restarting the delivery.
        """
        whole_s = max(1, round(wait_s))
        self.deliveries.save(replace(delivery, next_attempt_at_ms=self.clock.wall_ms() + whole_s * 1000))
        return _step(delivery.id, "wait", whole_s)


_STATES = {
    AttemptOutcome.SUCCEEDED: DeliveryState.SUCCEEDED,
    AttemptOutcome.RETRY: DeliveryState.PENDING,
    AttemptOutcome.FAILED: DeliveryState.FAILED,
    AttemptOutcome.GONE: DeliveryState.FAILED,
}
_FAILURES = {AttemptOutcome.FAILED: "attempts_exhausted", AttemptOutcome.GONE: "endpoint_gone"}


def _slot_wait_s(delivery: Delivery, now_ms: int) -> float:
    """Return how long to wait for a free slot, in seconds.

    The wait grows with the age of the delivery, so that a long backlog polls rarely: an execution of Step
    Functions may have 25,000 events
    (https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html).
    """
    waited_s = (now_ms - delivery.created_at_ms) / 1000
    return min(_MAX_SLOT_WAIT_S, max(2.0, waited_s / 20))


def _failure_without_attempt(delivery: Delivery, endpoint: Endpoint | None, now_ms: int) -> str | None:
    if endpoint is None:
        return "endpoint_deleted"
    if not endpoint.enabled and delivery.event_type is not EventType.WEBHOOK_PING:
        return "endpoint_disabled"
    return "expired" if now_ms - delivery.created_at_ms > MAX_DELIVERY_AGE_MS else None


def _request(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Request:
    fixed = {"Content-Type": "application/json", "User-Agent": "Trunkline-Webhooks/1"}
    return Request(
        "POST", endpoint.url, {**headers, **fixed}, body, DELIVERY_TIMEOUT_S, MAX_DELIVERY_RESPONSE_BYTES
    )


def _done(delivery_id: str) -> Step:
    return _step(delivery_id, "done", 0)


def _step(delivery_id: str, then: str, wait_s: int) -> Step:
    return {"delivery_id": delivery_id, "next": then, "wait_s": wait_s}
