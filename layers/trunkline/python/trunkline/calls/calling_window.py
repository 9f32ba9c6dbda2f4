"""The calling window of a call: the local times at which a phone may ring. Pure.

A phone may ring whenever a clock on the callee's wall shows a time in the window. So nothing rings in an hour
that the clocks skip, and a repeated hour counts twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_AHEAD_DAYS = 15
_DAY, _SECOND = timedelta(days=1), timedelta(seconds=1)


@dataclass(frozen=True)
class CallingWindow:
    """Local times at which a phone may ring, `start` and `end` as `HH:MM` (`24:00`: midnight).

    A window whose end is before its start ends on the next day; `days` are those on which it begins. `zones`
    are IANA names; where a number may be in several, all must allow it.
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
        moment, limit = now, now + _LOOK_AHEAD_DAYS * _DAY
        while moment < limit:
            later = max(self._next_in(zone, moment, limit)[0] for zone in self.zones)
            if later == moment:
                return max(now_ms, int(moment.timestamp() * 1000))
            moment = later
        return None

    def closes_ms(self, now_ms: int) -> int:
        """Return when an open window closes in the first of its zones."""
        now = datetime.fromtimestamp(now_ms / 1000, UTC)
        closings = (self._next_in(zone, now, now)[1] for zone in self.zones)
        return int(min(closings).timestamp() * 1000)

    def _next_in(self, zone: str, moment: datetime, limit: datetime) -> tuple[datetime, datetime]:
        """Return the first time from a moment on at which one zone allows a ring, and when that ends."""
        here = ZoneInfo(zone)
        yesterday = moment.astimezone(here).date() - _DAY
        for ahead in range(_LOOK_AHEAD_DAYS + 2):
            day = yesterday + ahead * _DAY
            if DAYS[day.weekday()] not in self.days:
                continue
            for opens, closes in _spans(*self._local_times(day), here):
                if moment < closes:
                    return max(moment, opens), closes
        return max(moment, limit), max(moment, limit)

    def _local_times(self, day: date) -> tuple[datetime, datetime]:
        """Return the local times of start and end, without a zone, of the window that begins on a day."""
        ends_next_day = self.end == "24:00" or self.end < self.start
        end = time() if self.end == "24:00" else time.fromisoformat(self.end)
        start = datetime.combine(day, time.fromisoformat(self.start))
        return start, datetime.combine(day + _DAY if ends_next_day else day, end)


def _spans(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[tuple[datetime, datetime]]:
    """Yield the spans of UTC in which a zone's clocks show a time from start to end, in order.

    They are two where the clocks change between both times and the spans do not touch.
    """
    before = start.replace(tzinfo=zone, fold=0).utcoffset()
    after = end.replace(tzinfo=zone, fold=1).utcoffset()
    if before is None or after is None or before == after:
        yield _utc(start, before), _utc(end, before)
        return
    change = _change(_utc(start, max(before, after)), _utc(end, min(before, after)), zone)
    first = (_utc(start, before), min(_utc(end, before), change))
    second = (max(_utc(start, after), change), _utc(end, after))
    if first[0] < first[1] == second[0] < second[1]:
        yield first[0], second[1]
        return
    yield from (span for span in (first, second) if span[0] < span[1])


def _utc(local: datetime, offset: timedelta | None) -> datetime:
    return (local - (offset or timedelta())).replace(tzinfo=UTC)


def _change(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return when the offset of a zone changes between two moments, to the second."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > _SECOND:
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(microsecond=0)
