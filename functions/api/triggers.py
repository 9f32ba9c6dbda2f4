"""Routes under `/api/v1/triggers` beside the five that `kept` makes; events come without a key."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.core.logging import logger
from trunkline.http_api.request_body import read_bytes
from trunkline.triggers.event_handler import EventSource

from .access import asked
from .answers import json_response
from .services import services

log = logger("api")
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
    sender = EventSource(context.http.source_ip, str(context.request_id))
    body = read_bytes(event.body or "", is_base64=bool(event.is_base64_encoded))
    taken = services().events.handle(trigger_id, event.headers, body, sender)
    return json_response(202, taken)


def handle_from_bus(event: Mapping[str, Any]) -> dict[str, Any]:
    """An event of the deployment's bus that names a trigger; what fails for a while the bus sends again."""
    detail = dict(event["detail"])
    trigger_id = str(detail.pop("trunkline_trigger_id"))
    log.append_keys(request_id=event["id"])
    # The bus's own id stands in for one that the event lacks: it is the same at every repeat.
    taken = services().events.handle_from_bus(
        trigger_id, {"id": event["id"], **detail}, EventSource("", event["id"])
    )
    log.info("bus event", outcome=taken["outcome"] if taken else "refused")
    return {"outcome": taken["outcome"] if taken else "refused"}
