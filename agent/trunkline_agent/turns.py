"""Turns of a transcript, cut and batched to what one request may carry. Pure, but for the clock of `now`."""

from __future__ import annotations

import datetime
import json
from typing import Any

ROLES = ("assistant", "user", "system", "tool")
_MAX_BATCH_TURNS = 200
_MAX_BATCH_BYTES = 150_000
_MAX_TURN_LENGTH = 40_000
"""In characters: at most six bytes each in JSON, of the 256 KB that a request may have."""


def to_json(value: Any) -> str:
    return encodable(json.dumps(value, ensure_ascii=False))


def encodable(text: str) -> str:
    """Replace lone surrogates, which no request can carry."""
    return text.encode("utf-8", "replace").decode()


def parts(content: str) -> list[str]:
    """Cut a text into what one request can carry, without lone surrogates, which no request can.

    A turn that Trunkline refuses would be sent again and again, and no later turn would get through.
    """
    content = encodable(content)
    return [
        content[begin : begin + _MAX_TURN_LENGTH] for begin in range(0, len(content) or 1, _MAX_TURN_LENGTH)
    ]


def next_batch(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first turns that fit into one request, at least one."""
    size = 0
    for index, turn in enumerate(turns[:_MAX_BATCH_TURNS]):
        size += len(to_json(turn).encode())
        if index and size > _MAX_BATCH_BYTES:
            return turns[:index]
    return turns[:_MAX_BATCH_TURNS]


def now() -> str:
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="milliseconds")
