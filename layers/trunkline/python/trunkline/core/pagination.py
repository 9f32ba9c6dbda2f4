"""Opaque pagination cursors: a position in a list, without the list's owner. Pure."""

from __future__ import annotations

import base64

from trunkline.core.errors import InvalidRequest

MESSAGE = "cursor must be the next_cursor of an earlier answer"


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str) -> str:
    """Return the position that a cursor stands for.

    Raises:
        InvalidRequest: it is not a cursor.
    """
    try:
        return base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode("ascii")
    except ValueError as error:
        raise InvalidRequest(f"Validation error: {MESSAGE}", field="cursor") from error
