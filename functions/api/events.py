"""Events that start calls: of the deployment's bus, and of schedules that are due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trunkline.core.logging import logger

log = logger("api")


def receive_bus_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Create a call for an event of EventBridge that names a trigger.

    A failure that may pass is raised, so that EventBridge retries.
    """
    from trunkline.triggers.event_handler import EventSource  # noqa: PLC0415 - HTTP requests need neither

    from .bootstrap.automations import trigger_event_handler  # noqa: PLC0415

    detail = dict(event["detail"])
    trigger_id = str(detail.pop("trunkline_trigger_id"))
    log.append_keys(request_id=event["id"])
    # An event without an id has the bus's own, which is the same in every retry.
    result = trigger_event_handler().handle_from_bus(
        trigger_id, {"id": event["id"], **detail}, EventSource("", event["id"])
    )
    outcome = result["outcome"] if result else "refused"
    log.info("bus event", outcome=outcome)
    return {"outcome": outcome}


def run_due_schedules(event: Mapping[str, Any]) -> dict[str, Any]:
    """Run the schedules that EventBridge Scheduler names in SQS messages; one that raises is retried."""
    from .bootstrap.automations import schedule_runner  # noqa: PLC0415 - HTTP requests do without

    for record in event["Records"]:
        log.append_keys(request_id=record["messageId"])
        due = json.loads(record["body"])
        sent_ms = int(record["attributes"]["SentTimestamp"])
        run = schedule_runner().tick(str(due["schedule_id"]), str(due["due_at"]), sent_ms)
        log.info("schedule ticked", outcome=run.outcome if run else "ignored", call_id=run and run.call_id)
    return {}
