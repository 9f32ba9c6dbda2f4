"""`api`: every authenticated route of a tenant."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.event_handler import APIGatewayHttpResolver, Response
from aws_lambda_powertools.event_handler.exceptions import NotFoundError
from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.errors import TrunklineError
from trunkline.core.logging import logger
from trunkline.core.redaction import route_template
from trunkline.http_api.error_mapping import error_answer, error_body, error_headers

from . import batches, calls, dispatches, kept, rules, schedules, tenant, tools, triggers, trunks, webhooks
from .access import noted
from .answers import json_response

log = logger("api")
app = APIGatewayHttpResolver()
for part in (batches, calls, dispatches, trunks, webhooks, tools, rules, triggers, schedules, tenant):
    app.include_router(part.router)
for router in kept.routers:
    app.include_router(router)


@app.exception_handler(TrunklineError)  # type: ignore[untyped-decorator]
def on_known_error(error: TrunklineError) -> Response[str]:
    return json_response(*error_answer(error, _request_id()), error_headers(error))


@app.not_found
def on_unknown_route(_: NotFoundError) -> Response[str]:
    return json_response(404, error_body("Route not found", 404, "not_found", _request_id()))


@app.exception_handler(Exception)  # type: ignore[untyped-decorator]
def on_defect(_: Exception) -> Response[str]:
    """The caller learns the request id and nothing else; the log has the rest."""
    log.exception("unexpected error")
    body = error_body("Internal server error", 500, "internal_error", _request_id())
    return json_response(500, body)


def _request_id() -> str:
    return str(app.current_event.request_context.request_id)


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    if "detail-type" in event:
        return triggers.handle_from_bus(event)
    if "Records" in event:
        return schedules.take_ticks(event)
    answer = app.resolve(event, context)
    noted.write(answer["headers"])
    http, shape = event["requestContext"]["http"], route_template(event["rawPath"])
    log.info("request", method=http["method"], path=shape, status=answer["statusCode"])
    return answer
