"""Timeline entries and transcript of a call. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class CallEvent:
    """One entry of a call's timeline."""

    sequence: int
    type: str
    at_ms: int
    data: dict[str, Any]


@dataclass(frozen=True)
class Turn:
    """One utterance; the agent counts `sequence`, which gives the order."""

    sequence: int
    role: str
    content: str
    agent: str | None = None
    at_ms: int | None = None


@dataclass(frozen=True)
class Transcript:
    """Turns in order, with `next_cursor` if there are more; `message_count` counts all of them."""

    turns: tuple[Turn, ...]
    message_count: int
    next_cursor: str | None = None


NOTHING_SAID = Transcript((), 0)
TOOL_EVENT = "tool_invoked"
"""The type of a timeline entry for a tool's invocation."""
