"""Responses for webhooks and deliveries. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from typing_extensions import TypedDict

from trunkline.core.redaction import HIDDEN_VALUE
from trunkline.core.timestamps import iso_from_ms, iso_or_none
from trunkline.webhooks.circuit_breaker import EndpointCircuitBreaker
from trunkline.webhooks.delivery_models import Delivery
from trunkline.webhooks.models import Endpoint


class FilterView(TypedDict):
    """The events that a webhook receives, and the parts that they include."""

    events: list[str]
    include_transcript: bool
    include_metrics: bool


class HealthView(TypedDict):
    """`state` is `healthy`, `failing` or `resting`: one delivery at a time is tried from `next_try_at` on."""

    state: str
    consecutive_failures: int
    failing_since: str | None
    next_try_at: str | None


class WebhookView(TypedDict):
    """A webhook; the values of its headers and the query of its URL are hidden."""

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
    """A webhook and its secret, which is shown only once."""

    secret: str


class WebhookList(TypedDict):
    """All webhooks of the tenant and the key's mode."""

    data: list[WebhookView]
    next_cursor: None


class DeliveredEvent(TypedDict):
    """The event of a delivery."""

    id: str
    type: str
    call_id: str | None
    sequence: int | None
    at: str


class DeliveryAttempt(TypedDict):
    """One request; `response_body`, the first 16 KB, is set only where a single delivery is read."""

    number: int
    at: str
    took_ms: int
    status: int | None
    error: str | None
    detail: str | None
    response_body: str | None


class DeliveryView(TypedDict):
    """One event for one webhook, and its attempts."""

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
    """The number of deliveries sent again, or at once.

    If `more` is true, repeat the request: it continues, with or without `next_cursor`.
    """

    recovered: int
    more: bool
    next_cursor: str | None


def shown_headers(endpoint: Endpoint) -> dict[str, str]:
    """Return an endpoint's headers with hidden values."""
    return dict.fromkeys(endpoint.header_names, HIDDEN_VALUE)


def webhook_view(endpoint: Endpoint, health: EndpointCircuitBreaker, now_ms: int) -> WebhookView:
    """Return a webhook without its secrets."""
    return {
        "id": endpoint.id,
        "url": endpoint.shown_url,
        "filter": {
            "events": list(endpoint.events),
            "include_transcript": endpoint.include_transcript,
            "include_metrics": endpoint.include_metrics,
        },
        "max_attempts": endpoint.max_attempts,
        "description": endpoint.description,
        "headers": shown_headers(endpoint),
        "rate_limit_per_s": endpoint.rate_limit_per_s,
        "enabled": endpoint.enabled,
        "disabled_reason": endpoint.disabled_reason,
        "livemode": endpoint.livemode,
        "health": _health_view(health, now_ms),
        "previous_secret_until": iso_or_none(endpoint.previous_until_ms)
        if endpoint.overlaps(now_ms)
        else None,
        "created_at": iso_from_ms(endpoint.created_at_ms),
        "updated_at": iso_from_ms(endpoint.updated_at_ms),
    }


def delivery_view(delivery: Delivery, response_bodies: Mapping[int, str] | None = None) -> DeliveryView:
    """Return a delivery; `response_bodies` are the beginnings of the responses, by attempt."""
    bodies = response_bodies or {}
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
    is_open = health.open_for_ms(now_ms) > 0
    state = "resting" if is_open else "failing" if health.failures else "healthy"
    return {
        "state": state,
        "consecutive_failures": health.failures,
        "failing_since": iso_or_none(health.failing_since_ms),
        "next_try_at": iso_or_none(health.open_until_ms) if is_open else None,
    }
