"""Errors of the product; `trunkline.http_api.error_mapping` gives each its HTTP status."""

from __future__ import annotations

from trunkline.core.rate_limit import RateLimitStatus


class TransientError(Exception):
    """Base of failures that pass by themselves, and of which a caller need not know more."""


class TrunklineError(Exception):
    """Base of every error whose message may be shown to the caller."""

    type = "internal_error"

    def __init__(self, message: str, *, field: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_s = retry_after_s


class FixedMessageError(TrunklineError):
    """Base of the errors whose message is always the same."""

    text = ""

    def __init__(self) -> None:
        super().__init__(self.text)


class InvalidRequest(TrunklineError):
    """The request cannot succeed unless it is changed."""

    type = "invalid_request"


class RequestTooLarge(TrunklineError):
    """The request body is larger than `http_api.request_body.MAX_REQUEST_BYTES`."""

    type = "request_too_large"


class InvalidApiKey(FixedMessageError):
    """The key is missing, malformed, unknown, revoked or expired: one response for all."""

    type = "invalid_api_key"
    text = "Invalid API key"


class NumberSuppressed(FixedMessageError):
    """The number is on the tenant's suppression list."""

    type = "suppressed"
    text = "Number is on the suppression list"


class NumberNotAllowed(TrunklineError):
    """The number must not be called: by the tenant's rules, or by anyone."""

    type = "number_not_allowed"

    def __init__(self, why: str) -> None:
        super().__init__(f"Number may not be called: {why}")


class MissingScope(TrunklineError):
    """The key is valid but lacks the scope."""

    type = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"Missing scope: {scope}")


class AddressNotAllowed(FixedMessageError):
    """The key is valid but must not be used from this address."""

    type = "address_not_allowed"
    text = "The API key may not be used from this address"


class CrossSite(FixedMessageError):
    """A page of another site made a browser send the session's cookie."""

    type = "cross_site_request"
    text = "Cross-site request refused"


class ModeNotAllowed(TrunklineError):
    """The key, or the session, must not act in the requested mode."""

    type = "mode_not_allowed"


class CannotGrant(TrunklineError):
    """A key cannot be granted rights that its creator lacks."""

    type = "cannot_grant"


class RateLimited(TrunklineError):
    """The key, or the trigger, has reached its limit of requests per minute."""

    type = "rate_limited"

    def __init__(self, rate: RateLimitStatus, now_ms: int) -> None:
        super().__init__("Rate limited", retry_after_s=rate.left_s(now_ms))
        self.rate = rate


class QueueFull(TrunklineError):
    """The tenant has reached its limit of waiting calls."""

    type = "queue_full"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Queue full: {limit} calls are waiting", retry_after_s=5)


class ConcurrencyExceeded(TrunklineError):
    """The tenant has reached its limit of calls in progress."""

    type = "concurrency_exceeded"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Concurrency exceeded: {limit} calls are in progress", retry_after_s=5)


class DailyLimitReached(TrunklineError):
    """The tenant has reached its limit of calls per day (UTC)."""

    type = "daily_limit_reached"

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(f"Daily limit reached: {limit} calls a day", retry_after_s=retry_after_s)


class NotFound(TrunklineError):
    """The resource does not exist or belongs to another tenant: the caller cannot tell which."""

    type = "not_found"


class TrunkShared(FixedMessageError):
    """Several tenants use the trunk, so only the operator may change it."""

    type = "trunk_shared"
    text = "Trunk is shared with other tenants: only its operator may change it"


class AlreadyExists(TrunklineError):
    """Another resource already has this name or identity."""

    type = "already_exists"


class InUse(TrunklineError):
    """Other resources refer to it and must be changed first."""

    type = "in_use"


class LimitReached(TrunklineError):
    """The tenant has reached its limit of this type of resource."""

    type = "limit_reached"


class DeliveryPending(FixedMessageError):
    """The operation needs a delivery that has ended."""

    type = "delivery_pending"
    text = "Delivery is still on its way"


class WebhookDisabled(FixedMessageError):
    """The operation needs an enabled webhook."""

    type = "webhook_disabled"
    text = "Webhook is disabled: enable it first"


class VersionConflict(FixedMessageError):
    """Another request changed the resource between this one's read and write."""

    type = "changed_meanwhile"
    text = "Another request changed it meanwhile: read it and try again"


class CallEnded(FixedMessageError):
    """The operation needs a call that has not ended."""

    type = "call_ended"
    text = "Call has ended"


class CallNotScheduled(FixedMessageError):
    """The operation needs a call that is still scheduled."""

    type = "call_not_scheduled"
    text = "Call is not scheduled any more"


class BatchNotReady(TrunklineError):
    """The batch is not in a state that allows the operation."""

    type = "batch_not_ready"


class CallNotEnded(FixedMessageError):
    """The operation needs a call that has ended."""

    type = "call_open"
    text = "Call has not ended: cancel it first"


class CallNotReady(FixedMessageError):
    """The operation needs the call's room, which does not exist yet."""

    type = "call_not_ready"
    text = "Call has no room yet"


class StaleAttempt(FixedMessageError):
    """The agent's token belongs to an earlier attempt of the call."""

    type = "attempt_over"
    text = "This attempt of the call is over"


class StateTooLarge(TrunklineError):
    """The workflow state of a call would exceed its size limit."""

    type = "state_too_large"


class CallMismatch(FixedMessageError):
    """The agent's token belongs to another call."""

    type = "wrong_call"
    text = "The token is for another call"


class LiveKitFailed(FixedMessageError):
    """LiveKit refused a request, or did not confirm it in time."""

    type = "livekit_failed"
    text = "LiveKit did not answer: try again"


class InvalidAgentToken(FixedMessageError):
    """The token is missing, or not that of an agent in a call's room."""

    type = "invalid_agent_token"
    text = "Invalid agent token"


class LiveKitNotConfigured(FixedMessageError):
    """The deployment's LiveKit secret does not contain a project yet."""

    type = "livekit_not_configured"
    text = "LiveKit service is not configured. Please contact support."


class ServiceUnavailable(TrunklineError):
    """AWS did not respond, throttled or failed: whether a change was made is not known."""

    type = "service_unavailable"

    def __init__(self) -> None:
        super().__init__("AWS did not respond in time: try again", retry_after_s=2)


class QueueUnavailable(TrunklineError):
    """The wake-up message could not be sent, so the call was withdrawn; a retry is safe."""

    type = "queue_unavailable"

    def __init__(self, cause: str) -> None:
        super().__init__(f"Failed to queue call: {cause}")


class BadSignature(FixedMessageError):
    """The signature of an incoming webhook or event is missing, wrong or too old."""

    type = "invalid_signature"
    text = "Invalid webhook signature"
