"""Routes under `/api/v1/webhooks` and `/api/v1/deliveries`, beside the five that `kept` makes."""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.core.validation import validated_query
from trunkline.webhooks.schemas import DeliveryQuery, Recovery, Rotation

from .access import Asked, asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


def _who(scope: Scope = Scope.WEBHOOKS_WRITE) -> Asked:
    return asked(router.current_event, scope)


@router.post("/api/v1/webhooks/<webhook_id>/test")
def ping(webhook_id: str) -> Response[str]:
    who = _who()
    work = partial(services().deliveries.ping, who.principal, webhook_id)
    return who.made(f"webhooks/{webhook_id}/test", None, work, 202)


@router.post("/api/v1/webhooks/<webhook_id>/rotate-secret")
def rotate_secret(webhook_id: str) -> Response[str]:
    who = _who()
    wish = who.body_or(Rotation)
    work = partial(services().webhooks.rotate, who.principal, webhook_id, wish)
    return who.made(f"webhooks/{webhook_id}/rotate-secret", wish, work, 200)


@router.delete("/api/v1/webhooks/<webhook_id>/previous-secret")
def end_overlap(webhook_id: str) -> Response[str]:
    return json_response(200, services().webhooks.end_overlap(_who().principal, webhook_id))


@router.get("/api/v1/webhooks/<webhook_id>/deliveries")
def list_deliveries(webhook_id: str) -> Response[str]:
    who = _who(Scope.WEBHOOKS_READ)
    query = validated_query(DeliveryQuery, router.current_event.query_string_parameters)
    return json_response(200, services().deliveries.page(who.principal, webhook_id, query))


@router.post("/api/v1/webhooks/<webhook_id>/recover")
def recover(webhook_id: str) -> Response[str]:
    who = _who()
    wish = who.body(Recovery)
    work = partial(services().deliveries.recover, who.principal, webhook_id, wish)
    return who.made(f"webhooks/{webhook_id}/recover", wish, work, 202)


@router.get("/api/v1/deliveries/<delivery_id>")
def get_delivery(delivery_id: str) -> Response[str]:
    return json_response(200, services().deliveries.get(_who(Scope.WEBHOOKS_READ).principal, delivery_id))


@router.post("/api/v1/deliveries/<delivery_id>/redeliver")
def redeliver(delivery_id: str) -> Response[str]:
    who = _who()
    work = partial(services().deliveries.redeliver, who.principal, delivery_id)
    return who.made(f"deliveries/{delivery_id}/redeliver", None, work, 202)
