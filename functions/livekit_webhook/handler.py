"""`livekit_webhook`: LiveKit's signed webhooks; a call's end comes from here."""

from __future__ import annotations

import base64
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.errors import TrunklineError
from trunkline.core.logging import logger
from trunkline.http_api.error_mapping import error_answer
from trunkline.http_api.responses import Response
from trunkline.livekit.webhooks import parse_event, verified_event

from .bootstrap import desk

log = logger("livekit_webhook")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """An exception answers 500, and LiveKit sends the webhook again with the same id."""
    news_desk, projects, calls = desk()
    log.append_keys(request_id=event["requestContext"]["requestId"])
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        webhook, owner = verified_event(raw, event["headers"].get("authorization", ""), projects.signers)
    except TrunklineError as error:
        log.warning("webhook refused", cause=error.type)
        return Response(*error_answer(error, event["requestContext"]["requestId"])).to_payload()
    news = parse_event(webhook)
    if news and owner and not projects.owns(owner, calls.load(news.claim.call_id)):
        log.warning("news of another tenant's room ignored", livekit_tenant_id=owner)
        news = None
    call = news_desk.handle(news) if news else None
    log.append_keys(tenant_id=call.tenant_id if call else owner)
    log.info("webhook", event_type=webhook.event, call_id=news.claim.call_id if news else None)
    return Response(200, {"status": "received"}).to_payload()
