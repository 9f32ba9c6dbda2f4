"""Routes under `/api/v1/triggers` beside the five that `kept` makes; events come without a key."""

from __future__ import annotations

from functools import partial

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.http.body import raw_bytes
from trunkline.tenants.keys import Scope
from trunkline.triggers.intake import Sender

from .access import asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post("/api/v1/triggers/<trigger_id>/rotate-secret")
def rotate_secret(trigger_id: str) -> Response[str]:
    who = asked(router.current_event, Scope.TRIGGERS_WRITE)
    work = partial(services().triggers.rotate, who.principal, trigger_id)
    return who.made(f"triggers/{trigger_id}/rotate-secret", None, work, 200)


@router.get("/api/v1/triggers/<trigger_id>/events")
def list_events(trigger_id: str) -> Response[str]:
    who = asked(router.current_event, Scope.TRIGGERS_READ)
    return json_response(200, services().triggers.received(who.principal, trigger_id))


@router.post("/api/v1/triggers/<trigger_id>/events")
def take_event(trigger_id: str) -> Response[str]:
    """Signed with the trigger's secret: there is no key."""
    event = router.current_event
    context = event.request_context
    sender = Sender(context.http.source_ip, str(context.request_id))
    body = raw_bytes(event.body or "", is_base64=bool(event.is_base64_encoded))
    taken = services().events.take(trigger_id, event.headers, body, sender)
    return json_response(202, taken)
