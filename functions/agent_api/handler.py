"""`agent_api`: an agent authenticates with its job's LiveKit token, and can act only for that call."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.errors import TrunklineError
from trunkline.core.logging import logger
from trunkline.core.redaction import route_template
from trunkline.http_api.error_mapping import error_response, unexpected_error_response
from trunkline.http_api.request import Request
from trunkline.http_api.responses import Response

from .auth import authenticate
from .routes import ROUTES

log = logger("agent_api")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Respond to an agent; the agent's library retries failed requests, and each is safe to repeat."""
    request = Request.from_event(event)
    log.append_keys(request_id=request.request_id)
    try:
        response = Response(200, _run_route(request))
    except TrunklineError as error:
        response = error_response(error, request.request_id)
    except Exception as error:
        log.exception("unexpected error")
        response = unexpected_error_response(error, request.request_id)
    log.info("agent request", path=route_template(request.path), status=response.status)
    return response.to_payload()


def _run_route(request: Request) -> Any:
    route, (call_id, *values) = ROUTES.find(request)
    claim = authenticate(request, call_id)
    return route.handler(claim, *values, **route.arguments(request))
