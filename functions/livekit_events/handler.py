"""`livekit_events`: LiveKit's signed webhooks; a call's end comes from here."""

from __future__ import annotations

import base64
from functools import cache
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline import aws
from trunkline.calls.news import NewsDesk
from trunkline.calls.store import CallStore
from trunkline.clock import SystemClock
from trunkline.dialing.lane import LaneStore
from trunkline.dialing.nudge import Nudge
from trunkline.dialing.wake import WakeQueue
from trunkline.errors import TrunklineError
from trunkline.http.errors import error_answer
from trunkline.http.responses import plain_response
from trunkline.livekit.credentials import LiveKitSecret
from trunkline.livekit.webhooks import news_of, verified_event
from trunkline.observability import logger
from trunkline.settings import LiveKitEventsSettings
from trunkline.table import Table

log = logger("livekit_events")


@cache
def _desk() -> tuple[NewsDesk, LiveKitSecret]:
    settings = LiveKitEventsSettings.from_env()
    clock = SystemClock()
    table = Table(aws.client("dynamodb"), settings.table_name)
    secret = LiveKitSecret(aws.client("secretsmanager"), settings.livekit_secret_arn, clock)
    nudge = Nudge(WakeQueue(aws.client("sqs"), settings.dial_queue_url), clock, log)
    return NewsDesk(CallStore(table), nudge, clock, LaneStore(table, clock).run_is_alive), secret


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """An exception answers 500, and LiveKit sends the webhook again with the same id."""
    desk, secret = _desk()
    body = event.get("body") or ""
    raw = base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()
    try:
        webhook = verified_event(raw, event["headers"].get("authorization", ""), secret.read())
    except TrunklineError as error:
        log.warning("webhook refused", cause=error.type)
        return plain_response(*error_answer(error, event["requestContext"]["requestId"]))
    news = news_of(webhook)
    if news:
        desk.take(news)
    log.info("webhook", event_type=webhook.event, call_id=news.claim.call_id if news else None)
    return plain_response(200, {"status": "received"})
