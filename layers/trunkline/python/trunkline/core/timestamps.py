"""Conversion between ISO 8601 timestamps and milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime


def iso_from_ms(wall_ms: int) -> str:
    """Format a time in UTC with milliseconds: `2025-12-01T15:30:00.000Z`."""
    moment = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(wall_ms: int | None) -> str | None:
    """Format a time, if there is one."""
    return None if wall_ms is None else iso_from_ms(wall_ms)


def moment_ms(text: str) -> int:
    """Parse an ISO 8601 time with its UTC offset into milliseconds.

    Raises:
        ValueError: it is not a time, or has no offset.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    return int(moment.timestamp() * 1000)
