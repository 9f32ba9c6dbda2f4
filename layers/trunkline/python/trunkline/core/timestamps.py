"""Conversion between ISO 8601 timestamps and milliseconds. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
MAX_MOMENT_MS = (datetime.max.replace(tzinfo=UTC) - _EPOCH) // _MILLISECOND
"""The last moment that has a year of four digits in UTC, 9999-12-31T23:59:59.999Z."""


def iso_from_ms(wall_ms: int) -> str:
    """Format a time in UTC with milliseconds: `2025-12-01T15:30:00.000Z`."""
    moment = _EPOCH + wall_ms * _MILLISECOND
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def iso_or_none(wall_ms: int | None) -> str | None:
    """Format a time, if there is one."""
    return None if wall_ms is None else iso_from_ms(wall_ms)


def moment_ms(text: str) -> int:
    """Parse an ISO 8601 time with its UTC offset into milliseconds.

    Raises:
        ValueError: it is not a time, has no offset, or is not within the years 1970 to 9999 in UTC. Times
            outside of them could be stored and never shown again.
    """
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("the offset is missing")
    wall_ms = (moment - _EPOCH) // _MILLISECOND
    if not 0 <= wall_ms <= MAX_MOMENT_MS:
        raise ValueError("the time must be within the years 1970 to 9999 in UTC")
    return wall_ms
