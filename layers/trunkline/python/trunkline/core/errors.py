"""What can go wrong, in the product's own words; `trunkline.http.errors` maps each to an HTTP answer."""

from __future__ import annotations

from trunkline.core.rate_limit import RateLimitStatus


class TrunklineError(Exception):
    """Base of every error whose message may be shown to the caller."""

    type = "internal_error"

    def __init__(self, message: str, *, field: str | None = None, retry_after_s: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.retry_after_s = retry_after_s


class FixedMessageError(TrunklineError):
    """Base of every error whose message is always the same."""

    text = ""

    def __init__(self) -> None:
        super().__init__(self.text)


class InvalidRequest(TrunklineError):
    """The request can never succeed as it is."""

    type = "invalid_request"


class RequestTooLarge(TrunklineError):
    """The request body is larger than `http.body.MAX_BODY_BYTES`."""

    type = "request_too_large"


class InvalidApiKey(FixedMessageError):
    """No key, a malformed key, an unknown key, a revoked or an expired one: one answer for all."""

    type = "invalid_api_key"
    text = "Invalid API key"


class NumberSuppressed(FixedMessageError):
    """The number is on the tenant's suppression list."""

    type = "suppressed"
    text = "Number is on the suppression list"


class NumberNotAllowed(TrunklineError):
    """The number may not be called, by the tenant's rules or by anybody."""

    type = "number_not_allowed"

    def __init__(self, why: str) -> None:
        super().__init__(f"Number may not be called: {why}")


class MissingScope(TrunklineError):
    """The key is good but was not given this right."""

    type = "missing_scope"

    def __init__(self, scope: str) -> None:
        super().__init__(f"Missing scope: {scope}")


class AddressNotAllowed(FixedMessageError):
    """The key is good, but not from there."""

    type = "address_not_allowed"
    text = "The API key may not be used from this address"


class CrossSite(FixedMessageError):
    """A browser sends a session's cookie on another site's behalf."""

    type = "cross_site_request"
    text = "Cross-site request refused"


class CannotGrant(TrunklineError):
    """A key would have what its maker has not."""

    type = "cannot_grant"


class RateLimited(TrunklineError):
    """The key has made as many requests in this minute as it may."""

    type = "rate_limited"

    def __init__(self, rate: RateLimitStatus, now_ms: int) -> None:
        super().__init__("Rate limited", retry_after_s=rate.left_s(now_ms))
        self.rate = rate


class QueueFull(TrunklineError):
    """As many of the tenant's calls wait as may."""

    type = "queue_full"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Queue full: {limit} calls are waiting", retry_after_s=5)


class ConcurrencyExceeded(TrunklineError):
    """As many of the tenant's calls are in progress as may be."""

    type = "concurrency_exceeded"

    def __init__(self, limit: int) -> None:
        super().__init__(f"Concurrency exceeded: {limit} calls are in progress", retry_after_s=5)


class DailyLimitReached(TrunklineError):
    """The tenant has made as many calls today (UTC) as it may."""

    type = "daily_limit_reached"

    def __init__(self, limit: int, retry_after_s: int) -> None:
        super().__init__(f"Daily limit reached: {limit} calls a day", retry_after_s=retry_after_s)


class NotFound(TrunklineError):
    """Nothing here, or another tenant's: the caller cannot tell which."""

    type = "not_found"


class TrunkShared(FixedMessageError):
    """Several tenants dial on the trunk: only its operator may change it."""

    type = "trunk_shared"
    text = "Trunk is shared with other tenants: only its operator may change it"


class AlreadyExists(TrunklineError):
    """A thing with this name or identity is there and differs."""

    type = "already_exists"


class InUse(TrunklineError):
    """Other things need it: take it out of them first."""

    type = "in_use"


class LimitReached(TrunklineError):
    """The tenant has as many of these as it may."""

    type = "limit_reached"


class DeliveryPending(FixedMessageError):
    """What is asked for needs a delivery that has come to its end."""

    type = "delivery_pending"
    text = "Delivery is still on its way"


class WebhookDisabled(FixedMessageError):
    """What is asked for needs a webhook that is sent to."""

    type = "webhook_disabled"
    text = "Webhook is disabled: enable it first"


class VersionConflict(FixedMessageError):
    """Another request changed the thing between this one's read and its write."""

    type = "changed_meanwhile"
    text = "Another request changed it meanwhile: read it and try again"


class CallEnded(FixedMessageError):
    """What is asked for needs a call that goes on."""

    type = "call_ended"
    text = "Call has ended"


class CallNotScheduled(FixedMessageError):
    """What is asked for needs a call whose time has not come."""

    type = "call_not_scheduled"
    text = "Call is not scheduled any more"


class BatchNotReady(TrunklineError):
    """What is asked for needs a batch that is further on, or not so far yet."""

    type = "batch_not_ready"


class CallNotEnded(FixedMessageError):
    """What is asked for needs a call that has ended."""

    type = "call_open"
    text = "Call has not ended: cancel it first"


class CallNotReady(FixedMessageError):
    """What is asked for needs a room, and the call has none yet."""

    type = "call_not_ready"
    text = "Call has no room yet"


class StaleAttempt(FixedMessageError):
    """The agent speaks for an attempt that is not the call's present one."""

    type = "attempt_over"
    text = "This attempt of the call is over"


class StateTooLarge(TrunklineError):
    """A call's workflow state would be larger than may be."""

    type = "state_too_large"

    def __init__(self, limit: int) -> None:
        super().__init__(f"The workflow's state would be larger than {limit} bytes")


class CallMismatch(FixedMessageError):
    """The agent's token is for another call's room."""

    type = "wrong_call"
    text = "The token is for another call"


class LiveKitFailed(FixedMessageError):
    """LiveKit did not do what was asked, or did not say so in time."""

    type = "livekit_failed"
    text = "LiveKit did not answer: try again"


class InvalidAgentToken(FixedMessageError):
    """No token, or not one of an agent in a call's room."""

    type = "invalid_agent_token"
    text = "Invalid agent token"


class IdempotencyConflict(FixedMessageError):
    """The key was used in the last day with another body."""

    type = "idempotency_conflict"
    text = "Idempotency-Key was used with another request body"


class IdempotencyInProgress(FixedMessageError):
    """A request with this key is being carried out at the moment."""

    type = "idempotency_in_progress"
    text = "A request with this Idempotency-Key is in progress: try again"


class OutcomeUnknown(FixedMessageError):
    """Nobody knows whether the first request with this key did its work."""

    type = "outcome_unknown"
    text = (
        "What came of the first request with this Idempotency-Key is unknown: "
        "look what is there before you try with another key"
    )


class LiveKitNotConfigured(FixedMessageError):
    """The deployment's LiveKit secret holds no project yet."""

    type = "livekit_not_configured"
    text = "LiveKit service is not configured. Please contact support."


class QueueUnavailable(TrunklineError):
    """The wake could not be sent and the call was withdrawn; a retry is safe."""

    type = "queue_unavailable"

    def __init__(self, cause: str) -> None:
        super().__init__(f"Failed to queue call: {cause}")


class BadSignature(FixedMessageError):
    """A webhook that is not LiveKit's word, or an old one of it."""

    type = "invalid_signature"
    text = "Invalid webhook signature"
