"""Routes under `/api/v1/tools` beside the five that `kept` makes."""

from __future__ import annotations

import uuid
from functools import partial

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.router import APIGatewayHttpRouter

from trunkline.auth.scopes import Scope
from trunkline.tool_runtime.dry_run import Trial

from .access import asked
from .answers import json_response
from .services import services

router = APIGatewayHttpRouter()  # type: ignore[no-untyped-call]


@router.get("/api/v1/tools/<name>/versions")
def list_versions(name: str) -> Response[str]:
    who = asked(router.current_event, Scope.TOOLS_READ)
    cursor = router.current_event.query_string_parameters.get("cursor")
    return json_response(200, services().tools.versions(who.principal, name, cursor))


@router.post("/api/v1/tools/<name>/try")
def try_tool(name: str) -> Response[str]:
    who = asked(router.current_event, Scope.TOOLS_WRITE)
    wish = who.body_or(Trial)
    once = f"try#{who.principal.actor.request_id or uuid.uuid4().hex}"
    return who.made(
        f"tools/{name}/try", wish, partial(services().trials.run, who.principal, name, wish, once), 200
    )
