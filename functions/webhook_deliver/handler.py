"""Lambda handler `webhook_deliver`: runs one step of a delivery's execution."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.logging import logger
from trunkline.webhooks.delivery_worker import Step

from .bootstrap import delivery_worker, meter

log = logger("webhook_deliver")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> Step:
    """Run a step; the state machine retries a failure for hours, then the reconciler does."""
    log.append_keys(delivery_id=event["delivery_id"])
    try:
        step = delivery_worker().step(event["delivery_id"], event.get("version"))
    finally:
        meter.flush()
    log.info("step", next=step["next"], wait_s=step["wait_s"])
    return step
