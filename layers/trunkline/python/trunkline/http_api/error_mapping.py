"""HTTP statuses and bodies of the product's errors."""

from __future__ import annotations

from typing import Any

from trunkline.core import errors, idempotency_errors
from trunkline.core.aws_failures import is_transient
from trunkline.http_api.responses import Response

STATUS: dict[type[errors.TrunklineError], int] = {
    errors.InvalidRequest: 400,
    errors.InvalidApiKey: 401,
    errors.BadSignature: 401,
    errors.InvalidAgentToken: 401,
    errors.MissingScope: 403,
    errors.AddressNotAllowed: 403,
    errors.CrossSite: 403,
    errors.ModeNotAllowed: 403,
    errors.CannotGrant: 403,
    errors.CallMismatch: 403,
    errors.NumberSuppressed: 403,
    errors.NumberNotAllowed: 403,
    errors.TrunkShared: 403,
    errors.NotFound: 404,
    errors.AlreadyExists: 409,
    errors.InUse: 409,
    errors.CallEnded: 409,
    errors.CallNotReady: 409,
    errors.CallNotScheduled: 409,
    errors.StaleAttempt: 409,
    errors.CallNotEnded: 409,
    errors.BatchNotReady: 409,
    errors.LimitReached: 409,
    errors.DeliveryPending: 409,
    errors.WebhookDisabled: 409,
    errors.VersionConflict: 409,
    idempotency_errors.IdempotencyConflict: 409,
    idempotency_errors.IdempotencyInProgress: 409,
    idempotency_errors.OutcomeUnknown: 409,
    errors.StateTooLarge: 409,
    errors.RequestTooLarge: 413,
    errors.RateLimited: 429,
    errors.QueueFull: 429,
    errors.ConcurrencyExceeded: 429,
    errors.DailyLimitReached: 429,
    errors.LiveKitNotConfigured: 500,
    errors.QueueUnavailable: 500,
    errors.LiveKitFailed: 502,
    errors.ServiceUnavailable: 503,
}


def error_response(error: errors.TrunklineError, request_id: str) -> Response:
    """Return the response to an error, with `Retry-After` if the time is known (RFC 9110, 10.2.3)."""
    code = STATUS.get(type(error), 500)
    headers = {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}
    body = error_body(error.message, code, error.type, request_id, error.field)
    return Response(code, body, headers)


def unexpected_error_response(error: Exception, request_id: str) -> Response:
    """Return the response to an error that nobody foresaw.

    The caller learns whether to try again, and the request's id, with which the cause is found in the log.
    """
    if is_transient(error):
        return error_response(errors.ServiceUnavailable(), request_id)
    return Response(500, error_body("Internal server error", 500, "internal_error", request_id))


def error_body(
    message: str, code: int, error_type: str, request_id: str, field: str | None = None
) -> dict[str, Any]:
    """Return the envelope of an error: `message`, `code`, `type`, and fields that help the client."""
    body: dict[str, Any] = {"message": message, "code": code, "type": error_type}
    if field:
        body["field"] = field
    return {"error": body | {"request_id": request_id}}
