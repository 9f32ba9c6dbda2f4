"""Opaque pagination cursors: a position in a list, without the list's owner. Pure."""

from __future__ import annotations

import base64
import re

from trunkline.core.errors import InvalidRequest

MESSAGE = "cursor must be the next_cursor of an earlier answer"


def encode_cursor(position: str) -> str:
    return base64.urlsafe_b64encode(position.encode()).decode().rstrip("=")


def decode_cursor(cursor: str, form: str) -> str:
    """Return the position that a cursor stands for.

    `form` is the regular expression of the list's positions. A forged cursor that leads out of the list, or
    is longer than DynamoDB's keys, never gets to the table.

    Raises:
        InvalidRequest: it is not a cursor of this list.
    """
    try:
        position = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)).decode()
    except ValueError:
        position = ""
    if not re.fullmatch(form, position):
        raise InvalidRequest(f"Validation error: {MESSAGE}", field="cursor")
    return position
