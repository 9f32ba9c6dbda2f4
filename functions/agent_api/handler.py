"""`agent_api`: an agent proves itself with its job's LiveKit token, and speaks for that call alone."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.errors import TrunklineError
from trunkline.core.logging import logger
from trunkline.core.redaction import route_template
from trunkline.http_api.error_mapping import error_answer
from trunkline.http_api.responses import plain_response

from .routes import answer_to

log = logger("agent_api")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A request that fails is sent again by the helper; each is harmless when repeated."""
    log.append_keys(request_id=event["requestContext"]["requestId"])
    try:
        status, body = 200, answer_to(event)
    except TrunklineError as error:
        status, body = error_answer(error, event["requestContext"]["requestId"])
    log.info("agent request", path=route_template(event["rawPath"]), status=status)
    return plain_response(status, body)
