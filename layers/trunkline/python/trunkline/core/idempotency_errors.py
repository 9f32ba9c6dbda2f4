"""Errors of requests that are repeated with an idempotency key."""

from __future__ import annotations

from trunkline.core.errors import FixedMessageError


class IdempotencyConflict(FixedMessageError):
    """The idempotency key was used within 24 hours with another body."""

    type = "idempotency_conflict"
    text = "Idempotency-Key was used with another request body"


class IdempotencyInProgress(FixedMessageError):
    """A request with this idempotency key is in progress."""

    type = "idempotency_in_progress"
    text = "A request with this Idempotency-Key is in progress: try again"


class OutcomeUnknown(FixedMessageError):
    """The outcome of the first request with this idempotency key is unknown."""

    type = "outcome_unknown"
    text = (
        "The outcome of the first request with this Idempotency-Key is unknown: "
        "check whether the resource exists before you retry with a new key"
    )
