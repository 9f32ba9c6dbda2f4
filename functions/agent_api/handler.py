"""`agent_api`: an agent proves itself with its job's LiveKit token, and speaks for that call alone."""

from __future__ import annotations

import re
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.calls.reports import Reports
from trunkline.errors import NotFound, TrunklineError
from trunkline.http.body import read_body
from trunkline.http.errors import error_answer
from trunkline.http.responses import plain_response
from trunkline.observability import logger
from trunkline.redaction import path_shape

from .desk import claim_of, desk

log = logger("agent_api")
_PATH = re.compile(r"/agent/v1/calls/(?P<call_id>[0-9a-fA-F-]{36})/(?P<what>context|reports)")
_METHODS = {"context": "GET", "reports": "POST"}


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """A report that fails is sent again by the helper; each is harmless when repeated."""
    log.append_keys(request_id=event["requestContext"]["requestId"])
    try:
        status, body = 200, _answer(event)
    except TrunklineError as error:
        status, body = error_answer(error, event["requestContext"]["requestId"])
    log.info("agent request", path=path_shape(event["rawPath"]), status=status)
    return plain_response(status, body)


def _answer(event: dict[str, Any]) -> Any:
    route = _PATH.fullmatch(event["rawPath"])
    if route is None or event["requestContext"]["http"]["method"] != _METHODS[route["what"]]:
        raise NotFound("Route not found")
    reports, _ = desk()
    claim = claim_of(event, route["call_id"].lower())
    if route["what"] == "context":
        return reports.context(claim)
    body = read_body(Reports, event.get("body"), is_base64=bool(event.get("isBase64Encoded")))
    return reports.take(claim, body.reports)
