"""`api`: the routes of tenants, events of the deployment's bus, and runs of schedules that are due."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.logging import logger
from trunkline.core.redaction import route_template
from trunkline.http_api.request import Request

from . import events
from .respond import respond

log = logger("api")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle an HTTP request, a batch of SQS messages, or an event of the bus."""
    if "Records" in event:
        return events.handle_messages(event)
    if "detail-type" in event:
        return events.handle_bus_event(event)
    request = Request.from_event(event)
    response = respond(request)
    path = route_template(request.path)
    log.info("request", method=request.method, path=path, status=response.status)
    return response.to_payload()
