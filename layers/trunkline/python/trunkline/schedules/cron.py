"""Crontab lines in a time zone: their times, and their form for EventBridge Scheduler. Pure.

Five fields as in `crontab(5)`: minute, hour, day of month, month, day of week (0 and 7 are Sunday). A time
that the clocks skip is left out, and one that they repeat counts once, the first time. Source:
https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

_FORM = re.compile(r"[ \t]*[0-9A-Za-z*,/-]+([ \t]+[0-9A-Za-z*,/-]+){4}[ \t]*")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_MAX_AWS = 256
_SOME_DAY = datetime(2024, 1, 1)  # noqa: DTZ001 - a wall clock's


def aws_cron(line: str) -> str:
    """Return the EventBridge Scheduler expression of a crontab line.

    Raises:
        ValueError: it is none, it never comes, or it needs both fields of days, for which EventBridge has no
            form.
    """
    minutes, hours, days, months, weekdays = _fields(line)
    if "*" not in (days, weekdays):
        raise ValueError("day of month and day of week can't both be given: make two schedules")
    any_weekday = weekdays == "*"
    named = "?" if any_weekday else ",".join(_DAYS[int(day)] for day in _each(weekdays))
    written = [minutes, hours, days if any_weekday else "?", months, named, "*"]
    expression = f"cron({' '.join(written)})"
    if len(expression) > _MAX_AWS:
        raise ValueError("it names too many single minutes, hours and days")
    return expression


def moments(line: str, zone: str, from_ms: int, *, back: bool = False) -> Iterator[int]:
    """Yield the times of a line after (or before) a given one, nearest first, as long as there are any."""
    place = ZoneInfo(zone)
    begin = datetime.fromtimestamp(from_ms / 1000, place)
    wall = begin.replace(tzinfo=None, fold=0)
    if back and begin.fold:
        # In an hour that comes again, what stands later on the clock may have come before.
        wall += timedelta(hours=1)
    # A wall clock of our own: what the library does at a change of the clocks is not what EventBridge does.
    try:
        for each in CronSim(" ".join(_fields(line)), wall, reverse=back):
            moment_ms = _moment_ms(each, place)
            if moment_ms is not None and (moment_ms < from_ms if back else moment_ms > from_ms):
                yield moment_ms
    except OverflowError:
        return  # Python's calendar ends with the year 9999.


def _fields(line: str) -> list[str]:
    """Return the five fields, each as a `*` or a list of what it allows.

    If neither field of days begins with `*`, crontab takes either: where one of them allows every day, so
    does the line. Otherwise it takes both. Source: "the day of a command's execution" in `crontab(5)`.
    """
    if not _FORM.fullmatch(line):
        raise ValueError("five fields: minute, hour, day of month, month, day of week")
    given = line.split()
    try:
        said = CronSim(" ".join(given), _SOME_DAY)
    except CronSimError as error:
        raise ValueError(str(error)) from error
    if min(said.days) < 0 or any(isinstance(each, tuple) for each in said.weekdays):
        raise ValueError("L is not known here")
    weekdays = _written({each % 7 for each in said.weekdays if isinstance(each, int)}, range(7))
    days = _written(said.days, range(1, 32))
    is_either = not given[2].startswith("*") and not given[4].startswith("*")
    if is_either and "*" in (days, weekdays):
        days = weekdays = "*"
    return [
        _written(said.minutes, range(60)),
        _written(said.hours, range(24)),
        days,
        _written(said.months, range(1, 13)),
        weekdays,
    ]


def _each(field: str) -> Iterator[int]:
    for span in field.split(","):
        first, _, last = span.partition("-")
        yield from range(int(first), int(last or first) + 1)


def _written(values: set[int], every: range) -> str:
    """Format a field, with runs as ranges."""
    if values == set(every):
        return "*"
    runs = [
        [value for _, value in run]
        for _, run in groupby(enumerate(sorted(values)), key=lambda pair: pair[1] - pair[0])
    ]
    return ",".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _moment_ms(wall: datetime, place: ZoneInfo) -> int | None:
    moment = wall.replace(tzinfo=place, fold=0).astimezone(UTC)
    there = moment.astimezone(place).replace(tzinfo=None)
    return int(moment.timestamp() * 1000) if there == wall else None
