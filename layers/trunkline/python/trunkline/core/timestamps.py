"""Moments as people write them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_from_ms(wall_ms: int) -> str:
    """Format as the outbound document does: `2025-12-01T15:30:00.000Z`."""
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(wall_ms: int | None) -> str | None:
    """As `iso_from_ms`, where there may be no moment."""
    return None if wall_ms is None else iso_from_ms(wall_ms)


def moment_ms(text: str) -> int:
    """Read an ISO 8601 time with its offset.

    Raises:
        ValueError: no such time, or one without an offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    return int(moment.timestamp() * 1000)
