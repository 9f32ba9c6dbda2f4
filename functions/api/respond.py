"""Responses to requests: authentication, parsing, the route, idempotency, errors."""

from __future__ import annotations

from functools import partial
from typing import Any

from trunkline.core.errors import InvalidRequest, LiveKitNotConfigured, TrunklineError
from trunkline.core.logging import logger
from trunkline.core.metrics import ACCEPT_TIME, CALLS_REFUSED, LIVEKIT_NOT_CONFIGURED, MetricWriter
from trunkline.http_api.error_mapping import error_response, unexpected_error_response
from trunkline.http_api.request import Request
from trunkline.http_api.responses import Reply, Response
from trunkline.http_api.routing import Route
from trunkline.storage.idempotency import IdempotencyKey

from .auth import ApiRequest
from .bootstrap.access import idempotent_responses
from .bootstrap.base import clock
from .bootstrap.refusals import refusal_log
from .routes import ROUTES

log = logger("api")
meter = MetricWriter("api")
_PREFIX = "/api/v1/"


def respond(http: Request) -> Response:
    """Respond to a request; every error has a response."""
    request = ApiRequest(http)
    try:
        response = _run_route(request)
    except TrunklineError as error:
        response = error_response(error, http.request_id)
    except Exception as error:
        log.exception("unexpected error")
        response = unexpected_error_response(error, http.request_id)
    finally:
        meter.flush()
    if request.rate_limit:
        headers = {**response.headers, **request.rate_limit.headers(clock().wall_ms())}
        response = Response(response.status, response.body, headers, response.cookies)
    return response


def _run_route(request: ApiRequest) -> Response:
    route, values = ROUTES.find(request.http)
    began_us = clock().monotonic_us()
    try:
        response = _run(route, request, values)
        if route.records_refusals_of:
            meter.add(ACCEPT_TIME, (clock().monotonic_us() - began_us) / 1000)
        return response
    except TrunklineError as error:
        if route.records_refusals_of:
            meter.add(CALLS_REFUSED, reason=error.type)
        if isinstance(error, LiveKitNotConfigured):
            meter.add(LIVEKIT_NOT_CONFIGURED)
        if route.records_refusals_of and request.auth:
            refusal_log().record(
                request.principal, _sent_object(request.http), error, route.records_refusals_of
            )
        raise


def _sent_object(http: Request) -> dict[str, Any]:
    """Return the body as it was sent, though it was refused; {} if it is no JSON object."""
    try:
        return http.parse_object()
    except TrunklineError:
        return {}


def _run(route: Route, request: ApiRequest, values: tuple[str, ...]) -> Response:
    if not route.public:
        request.authenticate(route.scope)
    if route.live_only and not request.principal.livemode:
        raise InvalidRequest("LiveKit can't be changed in test mode: its calls touch none")
    arguments = route.arguments(request.http)
    if route.idempotent:
        reply = _run_once(route, request, values, arguments)
    else:
        reply = _as_reply(route.handler(request, *values, **arguments))
    headers = {"Idempotent-Replayed": "true"} if reply.replayed else {}
    return Response(route.status, reply.body, headers, reply.cookies)


def _run_once(
    route: Route, request: ApiRequest, values: tuple[str, ...], arguments: dict[str, Any]
) -> Reply[Any]:
    """Run a handler, or return the response that the first request with its idempotency key got."""
    key = _idempotency_key(request, arguments)
    if route.takes_idempotency_key:
        return _as_reply(route.handler(request, *values, **arguments, idempotency_key=key))
    work = partial(route.handler, request, *values, **arguments)
    stored = idempotent_responses().run(key, request.principal.tenant_id, work)
    return Reply(stored.body, stored.replayed)


def _idempotency_key(request: ApiRequest, arguments: dict[str, Any]) -> IdempotencyKey | None:
    """Read the request's idempotency key; it counts for its tenant, mode and path."""
    principal, body = request.principal, arguments.get("body")
    scope = f"{principal.tenant_id}#{principal.livemode}#{request.http.path.removeprefix(_PREFIX)}"
    values = {} if body is None else body.model_dump(mode="json")
    return IdempotencyKey.of(request.http.headers, scope, values)


def _as_reply(result: Any) -> Reply[Any]:
    return result if isinstance(result, Reply) else Reply(result)
