"""HTTP statuses and bodies of the product's errors."""

from __future__ import annotations

from typing import Any

from trunkline.core import errors

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
    errors.IdempotencyConflict: 409,
    errors.IdempotencyInProgress: 409,
    errors.OutcomeUnknown: 409,
    errors.StateTooLarge: 409,
    errors.RequestTooLarge: 413,
    errors.RateLimited: 429,
    errors.QueueFull: 429,
    errors.ConcurrencyExceeded: 429,
    errors.DailyLimitReached: 429,
    errors.LiveKitNotConfigured: 500,
    errors.QueueUnavailable: 500,
    errors.LiveKitFailed: 502,
}


def error_headers(error: errors.TrunklineError) -> dict[str, str]:
    """Return `Retry-After` if the time is known (RFC 9110, 10.2.3)."""
    return {} if error.retry_after_s is None else {"Retry-After": str(error.retry_after_s)}


def error_answer(error: errors.TrunklineError, request_id: str) -> tuple[int, dict[str, Any]]:
    """Return the status and body of an error."""
    code = STATUS.get(type(error), 500)
    return code, error_body(error.message, code, error.type, request_id, error.field)


def unexpected_error(request_id: str) -> tuple[int, dict[str, Any]]:
    """Return the status and body of an error that nobody foresaw.

    The caller learns only the request's id, with which the cause is found in the log.
    """
    return 500, error_body("Internal server error", 500, "internal_error", request_id)


def error_body(
    message: str, code: int, error_type: str, request_id: str, field: str | None = None
) -> dict[str, Any]:
    """Return the envelope of an error: `message`, `code`, `type`, and fields that help the client."""
    body: dict[str, Any] = {"message": message, "code": code, "type": error_type}
    if field:
        body["field"] = field
    return {"error": body | {"request_id": request_id}}
