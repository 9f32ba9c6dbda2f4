"""Errors after which starting a call from a template may be retried."""

from __future__ import annotations

from trunkline.core.errors import ConcurrencyExceeded, LiveKitNotConfigured, QueueFull, QueueUnavailable
from trunkline.core.idempotency_errors import IdempotencyInProgress

RETRYABLE_ERRORS = (
    QueueUnavailable,
    QueueFull,
    ConcurrencyExceeded,
    IdempotencyInProgress,
    LiveKitNotConfigured,
)
