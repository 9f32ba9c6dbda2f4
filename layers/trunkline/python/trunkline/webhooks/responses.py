"""How webhooks and deliveries are shown. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import TypedDict

from trunkline.core.timestamps import iso_from_ms, iso_or_none
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.models import Endpoint


class FilterView(TypedDict):
    """Which events, and what they carry."""

    events: list[str]
    include_transcript: bool
    include_metrics: bool


class HealthView(TypedDict):
    """`state` is `healthy`, `failing`, or `resting`: then one delivery at a time tries at `next_try_at`."""

    state: str
    consecutive_failures: int
    failing_since: str | None
    next_try_at: str | None


class WebhookView(TypedDict):
    """A webhook; the values of its headers are not shown."""

    id: str
    url: str
    filter: FilterView
    max_attempts: int
    description: str
    headers: dict[str, str]
    rate_limit_per_s: int | None
    enabled: bool
    disabled_reason: str | None
    livemode: bool
    health: HealthView
    previous_secret_until: str | None
    created_at: str
    updated_at: str


class WebhookWithSecret(WebhookView):
    """A webhook and its secret, which is shown this once."""

    secret: str


class WebhookList(TypedDict):
    """All of a tenant's webhooks of the key's mode."""

    data: list[WebhookView]
    next_cursor: None


class DeliveredEvent(TypedDict):
    """What a delivery tells of."""

    id: str
    type: str
    call_id: str | None
    sequence: int | None
    at: str


class DeliveryAttempt(TypedDict):
    """One request; `response_body` is the first 16 KB of the answer, where one delivery is read alone."""

    number: int
    at: str
    took_ms: int
    status: int | None
    error: str | None
    detail: str | None
    response_body: str | None


class DeliveryView(TypedDict):
    """One event on its way to one webhook."""

    id: str
    webhook_id: str
    event: DeliveredEvent
    state: str
    failure: str | None
    attempts: list[DeliveryAttempt]
    max_attempts: int
    next_attempt_at: str | None
    redelivery_of: str | None
    redelivered_as: str | None
    created_at: str


class DeliveryList(TypedDict):
    """Deliveries, newest first."""

    data: list[DeliveryView]
    next_cursor: str | None


class Recovered(TypedDict):
    """How many were sent again; `more` says that there are others: ask once more."""

    recovered: int
    more: bool


_HIDDEN = "[hidden]"


def webhook_view(endpoint: Endpoint, health: EndpointCircuitBreaker, now_ms: int) -> WebhookView:
    overlaps = endpoint.previous_until_ms is not None and now_ms < endpoint.previous_until_ms
    return {
        "id": endpoint.id,
        "url": endpoint.url,
        "filter": {
            "events": list(endpoint.events),
            "include_transcript": endpoint.include_transcript,
            "include_metrics": endpoint.include_metrics,
        },
        "max_attempts": endpoint.max_attempts,
        "description": endpoint.description,
        "headers": dict.fromkeys(endpoint.header_names, _HIDDEN),
        "rate_limit_per_s": endpoint.rate_limit_per_s,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "livemode": endpoint.livemode,
        "health": _health_view(health, now_ms),
        "previous_secret_until": iso_or_none(endpoint.previous_until_ms) if overlaps else None,
        "created_at": iso_from_ms(endpoint.created_at_ms),
        "updated_at": iso_from_ms(endpoint.updated_at_ms),
    }


def delivery_view(delivery: Delivery, answers: Mapping[int, str] | None = None) -> DeliveryView:
    bodies = answers or {}
    return {
        "id": delivery.id,
        "webhook_id": delivery.endpoint_id,
        "event": {
            "id": delivery.event_id,
            "type": delivery.event_type.value,
            "call_id": delivery.call_id,
            "sequence": delivery.sequence,
            "at": iso_from_ms(delivery.event_at_ms),
        },
        "state": delivery.state.value,
        "failure": delivery.failure,
        "attempts": [
            {
                "number": attempt.number,
                "at": iso_from_ms(attempt.at_ms),
                "took_ms": attempt.took_ms,
                "status": attempt.status,
                "error": attempt.error,
                "detail": attempt.detail,
                "response_body": bodies.get(attempt.number),
            }
            for attempt in delivery.attempts
        ],
        "max_attempts": delivery.max_attempts,
        "next_attempt_at": iso_or_none(delivery.next_attempt_at_ms) if delivery.state == "pending" else None,
        "redelivery_of": delivery.redelivery_of,
        "redelivered_as": delivery.redelivered_as,
        "created_at": iso_from_ms(delivery.created_at_ms),
    }


def _health_view(health: EndpointCircuitBreaker, now_ms: int) -> HealthView:
    resting = health.open_for_ms(now_ms) > 0
    state = "resting" if resting else "failing" if health.failures else "healthy"
    return {
        "state": state,
        "consecutive_failures": health.failures,
        "failing_since": iso_or_none(health.failing_since_ms),
        "next_try_at": iso_or_none(health.open_until_ms) if resting else None,
    }
