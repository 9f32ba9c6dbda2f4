"""Opaque cursors: where a page begins; they name a place only, never whose list it is in. Pure."""

from __future__ import annotations

import base64

from trunkline.core.errors import InvalidRequest

MESSAGE = "cursor must be the next_cursor of an earlier answer"


def encode_cursor(place: str) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """The place that a cursor names.

    Raises:
        InvalidRequest: it is no cursor.
    """
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise InvalidRequest(f"Validation error: {MESSAGE}", field="cursor") from error
