"""Errors after which starting a call from a template may be retried."""

from __future__ import annotations

from trunkline.core.errors import (
    ConcurrencyExceeded,
    IdempotencyInProgress,
    LiveKitNotConfigured,
    QueueFull,
    QueueUnavailable,
)

RETRYABLE_ERRORS = (
    QueueUnavailable,
    QueueFull,
    ConcurrencyExceeded,
    IdempotencyInProgress,
    LiveKitNotConfigured,
)
