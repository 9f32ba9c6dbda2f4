"""One step of a delivery: an attempt, or the decision to wait or to give up."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

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
from trunkline.webhooks.payload import Payloads
from trunkline.webhooks.rate_limiter import EndpointRateLimiter
from trunkline.webhooks.redaction import redact
from trunkline.webhooks.repository import EndpointRepository
from trunkline.webhooks.retry_policy import AttemptOutcome, RetryDecision, RetryPolicy
from trunkline.webhooks.secrets import EndpointSecrets
from trunkline.webhooks.signing import signature_headers

DEADLINE_S = 15.0
MAX_ANSWER_BYTES = 16 * 1024
MAX_AGE_MS = 6 * 86_400_000
"""A delivery that has waited for an open circuit for this long is given up."""

_MAX_TURN_S = 30


class Step(TypedDict):
    """What the state machine does next: `wait` for `wait_s` seconds, or `done`."""

    delivery_id: str
    next: str
    wait_s: int


@dataclass(frozen=True)
class DeliveryWorker:
    """Carries deliveries, one step at a time. `send` never raises; `chance()` is from 0 to 1.

    A crash between the request and the record of it repeats the attempt: the endpoint may see it twice,
    with the same ids, and never not at all.
    """

    deliveries: DeliveryRepository
    endpoints: EndpointRepository
    gate: EndpointRateLimiter
    health: EndpointHealthRepository
    seals: EndpointSecrets
    payloads: Payloads
    notices: EndpointDisabler
    send: Callable[[Request], Response]
    schedule_s: tuple[int, ...]
    clock: Clock
    chance: Callable[[], float]
    log: Logger

    def step(self, delivery_id: str) -> Step:
        """Do what is due for a delivery."""
        delivery = self.deliveries.load(delivery_id)
        if delivery is None or delivery.state is not DeliveryState.PENDING:
            return _done(delivery_id)
        endpoint = self.endpoints.load(delivery.tenant_id, delivery.endpoint_id)
        now_ms = self.clock.wall_ms()
        failure = _given_up(delivery, endpoint, now_ms)
        if endpoint is None or failure:
            self.deliveries.save(replace(delivery, state=DeliveryState.FAILED, failure=failure))
            return _done(delivery_id)
        health = self.health.load(endpoint.id)
        if delivery.event_type is EventType.WEBHOOK_PING:
            # Somebody waits for it, to see whether the endpoint works: it takes no turn.
            return self._attempt(delivery, endpoint, health)
        return self._in_turn(delivery, endpoint, health, now_ms)

    def _in_turn(
        self, delivery: Delivery, endpoint: Endpoint, health: EndpointCircuitBreaker, now_ms: int
    ) -> Step:
        """Send it if the endpoint's circuit is closed and a slot is free; else wait."""
        if open_ms := health.open_for_ms(now_ms):
            return self._wait(delivery, open_ms / 1000 * (1 + self.chance() / 2))
        slot = self.gate.take(endpoint, now_ms, probing=health.probing)
        if slot is None:
            return self._wait(delivery, _turn_s(delivery, now_ms) * (0.5 + self.chance()))
        try:
            return self._attempt(delivery, endpoint, health)
        finally:
            self.gate.free(endpoint, slot, now_ms)

    def _attempt(self, delivery: Delivery, endpoint: Endpoint, health: EndpointCircuitBreaker) -> Step:
        number, now_ms = len(delivery.attempts) + 1, self.clock.wall_ms()
        secrets, headers = self.seals.opened(endpoint, now_ms)
        body = self.payloads.body(delivery, endpoint, number)
        signed = signature_headers(body, message_id=delivery.event_id, at_s=now_ms // 1000, secrets=secrets)
        answer = self.send(_request(endpoint, headers | signed, body))
        retries = RetryPolicy(delivery.max_attempts, self.schedule_s)
        after_ms = self.clock.wall_ms()
        verdict = retries.after(number, answer, now_s=after_ms / 1000, chance=self.chance())
        attempt = Attempt(number, now_ms, answer.took_ms, answer.status, answer.fault, answer.detail or None)
        text = redact(answer.body, (*secrets, *headers.values()))
        self._note(endpoint, health, verdict, after_ms)
        return self._record(delivery, attempt, verdict, text, after_ms)

    def _record(
        self, delivery: Delivery, attempt: Attempt, verdict: RetryDecision, text: str, now_ms: int
    ) -> Step:
        next_ms = now_ms + verdict.wait_s * 1000 if verdict.wait_s else None
        state = {
            AttemptOutcome.SUCCEEDED: DeliveryState.SUCCEEDED,
            AttemptOutcome.RETRY: DeliveryState.PENDING,
        }
        after = replace(
            delivery,
            attempts=(*delivery.attempts, attempt),
            state=state.get(verdict.outcome, DeliveryState.FAILED),
            next_attempt_at_ms=next_ms,
            failure=_FAILURES.get(verdict.outcome),
        )
        if text:
            self.deliveries.keep_answer(delivery, attempt, text)
        if self.deliveries.save(after) is None:
            # Another execution of the same delivery was quicker: its record counts, and it goes on.
            return _done(delivery.id)
        told: dict[str, Any] = {
            "tenant_id": delivery.tenant_id,
            "event_id": delivery.event_id,
            "call_id": delivery.call_id,
        }
        told |= {"outcome": verdict.outcome, "status": attempt.status, "error": attempt.error}
        self.log.info("attempt", number=attempt.number, took_ms=attempt.took_ms, **told)
        return _step(delivery.id, "wait", verdict.wait_s) if verdict.wait_s else _done(delivery.id)

    def _note(
        self, endpoint: Endpoint, health: EndpointCircuitBreaker, verdict: RetryDecision, now_ms: int
    ) -> None:
        """What the endpoint's health learns; a ping that fails says nothing of a disabled endpoint."""
        if verdict.outcome is AttemptOutcome.SUCCEEDED:
            if health.failures:
                self.health.worked(endpoint.id)
            return
        if not endpoint.enabled:
            return
        after = self.health.failed(endpoint.id, health, now_ms)
        if verdict.outcome is AttemptOutcome.GONE:
            self.notices.disable(endpoint, "the endpoint answered 410 Gone", now_ms)
        elif after.is_lost(now_ms, self.notices.disable_after_s):
            self.notices.disable(endpoint, "it failed for five days", now_ms)

    def _wait(self, delivery: Delivery, wait_s: float) -> Step:
        """Waiting spends no attempt; the time is noted, so that nobody takes the delivery for lost."""
        whole_s = max(1, round(wait_s))
        self.deliveries.save(replace(delivery, next_attempt_at_ms=self.clock.wall_ms() + whole_s * 1000))
        return _step(delivery.id, "wait", whole_s)


_FAILURES = {AttemptOutcome.FAILED: "attempts_exhausted", AttemptOutcome.GONE: "endpoint_gone"}


def _turn_s(delivery: Delivery, now_ms: int) -> float:
    """How long to wait for a free slot: the longer it waited already the longer, so that a long backlog
    asks seldom (an execution may have 25,000 events)."""
    waited_s = (now_ms - delivery.created_at_ms) / 1000
    return min(_MAX_TURN_S, max(2.0, waited_s / 20))


def _given_up(delivery: Delivery, endpoint: Endpoint | None, now_ms: int) -> str | None:
    if endpoint is None:
        return "endpoint_deleted"
    if not endpoint.enabled and delivery.event_type is not EventType.WEBHOOK_PING:
        return "endpoint_disabled"
    return "expired" if now_ms - delivery.created_at_ms > MAX_AGE_MS else None


def _request(endpoint: Endpoint, headers: Mapping[str, str], body: bytes) -> Request:
    ours = {"Content-Type": "application/json", "User-Agent": "Trunkline-Webhooks/1"}
    return Request("POST", endpoint.url, {**headers, **ours}, body, DEADLINE_S, MAX_ANSWER_BYTES)


def _done(delivery_id: str) -> Step:
    return _step(delivery_id, "done", 0)


def _step(delivery_id: str, then: str, wait_s: int) -> Step:
    return {"delivery_id": delivery_id, "next": then, "wait_s": wait_s}
