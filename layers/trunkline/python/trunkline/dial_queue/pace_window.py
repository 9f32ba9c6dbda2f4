"""Pace window: what share of its budget a lane has dialled while calls waited. Pure.

Only the time counts in which a call waited that could have been dialled: an idle trunk, or one whose slots
are all taken, uses no pace and lacks none.
"""

from __future__ import annotations

MIN_BUDGET = 10
"""Starts that the budget must have allowed: one start more or less is then a tenth."""


class PaceWindow:
    """Adds up the starts that the budget allowed, and those that were made."""

    def __init__(self) -> None:
        self._budget = 0.0
        self._starts = 0
        self._looked_us: int | None = None

    def look(self, *, waiting: bool, cps: float, now_us: int) -> None:
        """Count the time since the last look, if calls waited at that one."""
        if self._looked_us is not None:
            self._budget += cps * (now_us - self._looked_us) / 1_000_000
        self._looked_us = now_us if waiting else None

    def start(self) -> None:
        """Count a start; one that follows the last waiting call is beyond what is measured."""
        if self._looked_us is not None:
            self._starts += 1

    def take_percent(self) -> float | None:
        """Return the share in percent and begin anew; None, and go on, while there is too little to tell."""
        if self._budget < MIN_BUDGET:
            return None
        percent = 100 * self._starts / self._budget
        self._budget, self._starts = 0.0, 0
        return percent
