"""Events that start calls: of the deployment's bus, and of schedules that are due."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trunkline.core.logging import logger

log = logger("api")


def handle_messages(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle SQS messages: events of the bus, and schedules that are due.

    A failure that may pass is raised, so that the queue sends the message again.
    """
    for record in event["Records"]:
        body = json.loads(record["body"])
        if "detail-type" in body:
            _receive_bus_event(body)
        else:
            _run_due_schedule(record, body)
    return {}


def handle_bus_event(event: Mapping[str, Any]) -> dict[str, Any]:
    """Handle an event of the bus that came without the queue; if it raises, Lambda tries it twice more.

    Releases before the queue had the bus invoke this function. During an upgrade from one of them, and for
    six hours after it, Lambda may still deliver such events. The next release needs this no longer. Source:
    https://docs.aws.amazon.com/lambda/latest/dg/invocation-async-error-handling.html
    """
    _receive_bus_event(event)
    return {}


def _receive_bus_event(event: Mapping[str, Any]) -> None:
    """Create a call for an event of EventBridge that names a trigger."""
    from trunkline.triggers.event_handler import EventSource  # noqa: PLC0415 - HTTP requests need neither

    from .bootstrap.automations import trigger_event_handler  # noqa: PLC0415

    detail = dict(event["detail"])
    trigger_id = str(detail.pop("trunkline_trigger_id"))
    log.append_keys(request_id=event["id"])
    # An event without an id has the bus's own, which is the same in every try.
    result = trigger_event_handler().handle_from_bus(
        trigger_id, {"id": event["id"], **detail}, EventSource("", event["id"])
    )
    outcome = result["outcome"] if result else "refused"
    log.info("bus event", outcome=outcome)


def _run_due_schedule(record: Mapping[str, Any], due: Mapping[str, Any]) -> None:
    """Run the schedule that EventBridge Scheduler names."""
    from .bootstrap.automations import schedule_runner  # noqa: PLC0415 - HTTP requests do without

    log.append_keys(request_id=record["messageId"])
    sent_ms = int(record["attributes"]["SentTimestamp"])
    run = schedule_runner().tick(str(due["schedule_id"]), str(due["due_at"]), sent_ms)
    log.info("schedule ticked", outcome=run.outcome if run else "ignored", call_id=run and run.call_id)
