"""Lambda handler of `livekit_webhook`: LiveKit's signed webhooks, which report the end of calls."""

from __future__ import annotations

import base64
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.errors import TrunklineError
from trunkline.core.logging import logger
from trunkline.core.metrics import LIVEKIT_WEBHOOKS, MetricWriter
from trunkline.http_api.error_mapping import error_response
from trunkline.http_api.responses import Response
from trunkline.livekit.webhooks import parse_event, verified_event

from .bootstrap import services

log = logger("livekit_webhook")
meter = MetricWriter("livekit_webhook")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Handle one webhook; on an exception (500) LiveKit sends it again with the same id."""
    built = services()
    log.append_keys(request_id=event["requestContext"]["requestId"])
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        authorization = event["headers"].get("authorization", "")
        webhook, owner = verified_event(raw, authorization, built.projects.signers)
    except TrunklineError as error:
        log.warning("webhook refused", cause=error.type)
        _count("refused")
        return error_response(error, event["requestContext"]["requestId"]).to_payload()
    reported = parse_event(webhook)
    call_id = reported.claim.call_id if reported else None
    if call_id and owner and not built.projects.owns(owner, built.calls.load(call_id)):
        log.warning("event of another tenant's room ignored", livekit_tenant_id=owner)
        reported = None
    call = built.events.handle(reported) if reported else None
    log.append_keys(tenant_id=call.tenant_id if call else owner, trace_id=call and call.trace_id)
    _count("handled" if reported else "ignored")
    log.info("webhook", event_type=webhook.event, call_id=call_id if reported else None)
    return Response(200, {"status": "received"}).to_payload()


def _count(outcome: str) -> None:
    meter.add(LIVEKIT_WEBHOOKS, outcome=outcome)
    meter.flush()
