"""Where a waiting call stands. Pure."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class QueueStatus:
    """What a waiting call waits for; `position` 1 is dialled next, None: not in the line."""

    state: str
    position: int | None = None
    estimated_start_ms: int | None = None
