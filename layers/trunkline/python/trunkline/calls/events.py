"""What happened in a call and what was said. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CallEvent:
    """One entry of a call's story."""

    sequence: int
    type: str
    at_ms: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One thing that was said; `sequence` is its reporter's, and gives the order."""

    sequence: int
    role: str
    content: str
    agent: str | None = None
    at_ms: int | None = None


@dataclass(frozen=True)
class Transcript:
    """Turns in order; `next_cursor` if there are more, `message_count` is of all of them."""

    turns: tuple[Turn, ...]
    message_count: int
    next_cursor: str | None = None


NOTHING_SAID = Transcript((), 0)
TOOL_EVENT = "tool_invoked"
"""The entry of a story that tells of a tool's use."""
