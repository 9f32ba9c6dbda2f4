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
    """One utterance. Each `reporter` (an agent's job) counts `sequence` for itself in its `claim`.

    `attempt` is the number that clients see; None, claim 0 and no reporter: stored before they were known.
    """

    sequence: int
    role: str
    content: str
    agent: str | None = None
    at_ms: int | None = None
    attempt: int | None = None
    claim: int = 0
    reporter: str = ""


@dataclass(frozen=True)
class Transcript:
    """Turns in order, with `next_cursor` if there are more; `message_count` counts all of them."""

    turns: tuple[Turn, ...]
    message_count: int
    next_cursor: str | None = None


REPORTER = "[A-Za-z0-9_.-]{1,64}"
"""The form of a reporter's id."""

NOTHING_SAID = Transcript((), 0)
TOOL_EVENT = "tool_invoked"
"""The type of a timeline entry for a tool's invocation."""
