"""Answer gap of a trunk: how many dials in a row, and since when, nobody has answered. Pure.

It is stored with the lane, whose lease is renewed every second anyway: it costs no write, and outlives the
run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

MIN_DIALS = 50
"""Fewer dials without an answer are chance: where one in ten is answered, fifty in a row are missed by one
series in two hundred."""


@dataclass(frozen=True)
class AnswerGap:
    """Dials since the last answer; `since_ms` is when the first of them was sent, None if there are none."""

    dials: int = 0
    since_ms: int | None = None

    @classmethod
    def parse(cls, item: Mapping[str, Any]) -> Self:
        """Read the gap that is stored with a lane."""
        return cls(item.get("unanswered_dials", 0), item.get("unanswered_since_ms"))

    def as_attributes(self) -> dict[str, int | None]:
        """Return the attributes to store with the lane."""
        return {"unanswered_dials": self.dials, "unanswered_since_ms": self.since_ms}

    def widened(self, sent_ms: int) -> AnswerGap:
        """Return the gap after one more dial that nobody answered."""
        since_ms = sent_ms if self.since_ms is None else self.since_ms
        return AnswerGap(self.dials + 1, since_ms)

    def length_s(self, now_ms: int) -> float:
        """Compute how long nobody has answered, in seconds; 0 below `MIN_DIALS`."""
        if self.since_ms is None or self.dials < MIN_DIALS:
            return 0
        return max(0, now_ms - self.since_ms) / 1000


NO_GAP = AnswerGap()
