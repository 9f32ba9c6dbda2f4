"""Turns of a transcript, cut and batched to what one request may carry. Pure, but for the clock."""

from __future__ import annotations

import datetime
import itertools
import json
import time
from collections.abc import Sequence
from typing import Any

ROLES = ("assistant", "user", "system", "tool")
_MAX_NAME_LENGTH = 100
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


def next_report(waiting: Sequence[dict[str, Any]]) -> tuple[dict[str, Any], int]:
    """Return the next report of what waits, and of how many entries it consists.

    Entries with a `type` are reports. Those without are turns: what stands together is sent together.
    """
    if "type" in waiting[0]:
        return waiting[0], 1
    turns = next_batch(list(itertools.takewhile(lambda entry: "type" not in entry, waiting)))
    return {"type": "transcript", "turns": turns}, len(turns)


def next_batch(turns: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the first turns that fit into one request, at least one."""
    size = 0
    for index, turn in enumerate(turns[:_MAX_BATCH_TURNS]):
        size += len(to_json(turn).encode())
        if index and size > _MAX_BATCH_BYTES:
            return turns[:index]
    return turns[:_MAX_BATCH_TURNS]


def moment(at_s: float | None = None) -> str:
    """Return a Unix time in seconds, by default now, as ISO 8601 with milliseconds."""
    at_s = time.time() if at_s is None else at_s
    return datetime.datetime.fromtimestamp(at_s, datetime.UTC).isoformat(timespec="milliseconds")


def require_name(agent: str) -> None:
    """Check the name of an agent as Trunkline does.

    Raises:
        ValueError: it is blank, or has more than 100 characters.
    """
    if not agent.strip() or len(agent) > _MAX_NAME_LENGTH:
        raise ValueError(f"an agent's name has 1 to {_MAX_NAME_LENGTH} characters")
