"""Routes under `/api/v1/schedules` beside the five that `kept` makes, and the ticks of all schedules."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.core.logging import logger

from .access import Asked, asked
from .answers import json_response
from .services import services

log = logger("api")
router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.post("/api/v1/schedules/<schedule_id>/pause")
def pause(schedule_id: str) -> Response[str]:
    return _enable(schedule_id, enabled=False)


@router.post("/api/v1/schedules/<schedule_id>/resume")
def resume(schedule_id: str) -> Response[str]:
    return _enable(schedule_id, enabled=True)


@router.post("/api/v1/schedules/<schedule_id>/run")
def run(schedule_id: str) -> Response[str]:
    who = _who(Scope.SCHEDULES_WRITE)
    return who.made(
        f"schedules/{schedule_id}/run",
        None,
        lambda: services().schedules.run_now(who.principal, schedule_id),
    )


@router.get("/api/v1/schedules/<schedule_id>/runs")
def list_runs(schedule_id: str) -> Response[str]:
    who = _who(Scope.SCHEDULES_READ)
    return json_response(200, services().schedules.runs(who.principal, schedule_id))


def take_ticks(event: Mapping[str, Any]) -> dict[str, Any]:
    """Moments that EventBridge Scheduler told of; one that raises comes again."""
    for record in event["Records"]:
        log.append_keys(request_id=record["messageId"])
        tick = json.loads(record["body"])
        sent_ms = int(record["attributes"]["SentTimestamp"])
        ran = services().ticks.tick(str(tick["schedule_id"]), str(tick["due_at"]), sent_ms)
        log.info("schedule ticked", outcome=ran.outcome if ran else "ignored", call_id=ran and ran.call_id)
    return {}


def _enable(schedule_id: str, *, enabled: bool) -> Response[str]:
    who = _who(Scope.SCHEDULES_WRITE)
    return json_response(200, services().schedules.change(who.principal, schedule_id, {"enabled": enabled}))


def _who(scope: Scope) -> Asked:
    return asked(router.current_event, scope)
