"""Redial policy and calling window of a call: pure functions of times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from trunkline.calls.reasons import Reason

MAX_ATTEMPTS = 10
DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS = 15


class RetryOn(StrEnum):
    """Results after which a call may be redialled; each stands for one `failure_reason`."""

    BUSY = "busy"
    NO_ANSWER = "no_answer"
    DECLINED = "declined"
    TRUNK_UNAVAILABLE = "trunk_unavailable"
    TRUNK_REJECTED = "trunk_rejected"
    AGENT_UNAVAILABLE = "agent_unavailable"
    UNKNOWN = "unknown"


_REASON = {
    RetryOn.BUSY: Reason.DIAL_BUSY,
    RetryOn.NO_ANSWER: Reason.DIAL_NO_ANSWER,
    RetryOn.DECLINED: Reason.USER_DECLINED,
    RetryOn.TRUNK_UNAVAILABLE: Reason.TRUNK_UNAVAILABLE,
    RetryOn.TRUNK_REJECTED: Reason.TRUNK_REJECTED,
    RetryOn.AGENT_UNAVAILABLE: Reason.AGENT_UNAVAILABLE,
    RetryOn.UNKNOWN: Reason.DIAL_UNKNOWN,
}


@dataclass(frozen=True)
class RedialPolicy:
    """How often a call is attempted (`max_attempts` counts the first), after what, and after how long.

    `intervals_s` are the waits before the second, third, … attempt; the last one repeats.
    """

    max_attempts: int = 1
    retry_on: tuple[str, ...] = (RetryOn.BUSY, RetryOn.NO_ANSWER)
    intervals_s: tuple[int, ...] = (300,)

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> RedialPolicy:
        """Read a stored policy."""
        return cls(values["max_attempts"], tuple(values["retry_on"]), tuple(values["intervals_s"]))

    def due_ms(self, attempts_made: int, reason: Reason, now_ms: int) -> int | None:
        """Return when to redial after so many attempts, or None for never."""
        wanted = {_REASON[RetryOn(word)] for word in self.retry_on}
        if attempts_made >= self.max_attempts or reason not in wanted:
            return None
        interval_s = self.intervals_s[min(attempts_made, len(self.intervals_s)) - 1]
        return now_ms + interval_s * 1000


NO_REDIAL = RedialPolicy()


@dataclass(frozen=True)
class CallingWindow:
    """Local times at which a phone may ring, `start` and `end` as `HH:MM` (`24:00`: midnight).

    `zones` are IANA names; where a number may be in several, all must allow it.
    """

    start: str
    end: str
    days: tuple[str, ...]
    zones: tuple[str, ...]

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> CallingWindow:
        """Read a stored window."""
        return cls(values["start"], values["end"], tuple(values["days"]), tuple(values["zones"]))

    def opens_ms(self, now_ms: int) -> int | None:
        """Return the first time from now at which every zone allows a ring; None: not within two weeks."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        moment, limit = now, now + timedelta(days=_LOOK_AHEAD_DAYS)
        while moment < limit:
            later = max(self._opens_in(ZoneInfo(zone), moment) for zone in self.zones)
            if later == moment:
                return max(now_ms, int(moment.timestamp() * 1000))
            moment = later
        return None

    def closes_ms(self, now_ms: int) -> int:
        """Return when an open window closes in the first of its zones."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        closings = (
            _closing(now.astimezone(ZoneInfo(zone)).date(), self.end, ZoneInfo(zone)) for zone in self.zones
        )
        return int(min(closings).timestamp() * 1000)

    def _opens_in(self, zone: ZoneInfo, moment: datetime) -> datetime:
        """Return the first time from now on at which one zone allows a ring; a time that the clocks
        skip counts as the moment after the gap."""
        today = moment.astimezone(zone).date()
        for ahead in range(_LOOK_AHEAD_DAYS):
            day = today + timedelta(days=ahead)
            if DAYS[day.weekday()] not in self.days:
                continue
            opens = datetime.combine(day, time.fromisoformat(self.start), zone).astimezone(UTC)
            closes = _closing(day, self.end, zone)
            if moment < closes:
                return max(moment, opens)
        return moment + timedelta(days=_LOOK_AHEAD_DAYS)


def _closing(day: Any, end: str, zone: ZoneInfo) -> datetime:
    if end == "24:00":
        return datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    return datetime.combine(day, time.fromisoformat(end), zone).astimezone(UTC)
