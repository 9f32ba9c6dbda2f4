"""Lambda handler of `origin_check`: the authorizer of every route, if CloudFront is in front of the API."""

from __future__ import annotations

from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from trunkline.core.logging import logger
from trunkline.http_api.origin_secret import ORIGIN_HEADER
from trunkline.http_api.request import FROM_CLOUDFRONT

from .bootstrap import origin_secret

log = logger("origin_check")


@log.inject_lambda_context(clear_state=True)
def handle(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Decide on one request, in API Gateway's simple format; an exception refuses it with 500."""
    allowed = origin_secret().is_held_by(event.get("headers", {}).get(ORIGIN_HEADER, ""))
    if not allowed:
        log.warning("a request came past CloudFront")
    return {"isAuthorized": allowed, "context": {"via": FROM_CLOUDFRONT}}
