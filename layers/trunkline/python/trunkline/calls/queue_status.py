"""Queue status of a waiting call. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QueueStatus:
    """Why a call waits; `position` 1 is dialled next, None: not in the queue."""

    state: str
    position: int | None = None
    estimated_start_ms: int | None = None
