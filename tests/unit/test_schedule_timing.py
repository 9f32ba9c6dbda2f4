"""When schedules come: crontab lines in zones, rates, one time; and how EventBridge writes them."""

from __future__ import annotations

from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.schedules.cron import aws_cron, moments
from trunkline.schedules.timing import Timing, upcoming

NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


def ms(text: str) -> int:
    return int(datetime.fromisoformat(text).timestamp() * 1000)


def shown(line: str, zone: str, start: str, most: int, *, back: bool = False) -> list[str]:
    found = islice(moments(line, zone, ms(start), back=back), most)
    return [datetime.fromtimestamp(wall_ms / 1000, ZoneInfo(zone)).isoformat()[5:16] for wall_ms in found]


@pytest.mark.parametrize(
    ("line", "expression"),
    [
        ("0 9 * * mon-fri", "cron(0 9 ? * MON,TUE,WED,THU,FRI *)"),
        ("30 8 * * 1-5", "cron(30 8 ? * MON,TUE,WED,THU,FRI *)"),
        ("* * * * *", "cron(* * * * ? *)"),
        ("*/15 9-17 * * *", "cron(0,15,30,45 9-17 * * ? *)"),
        ("0 0 1,15 jan-mar *", "cron(0 0 1,15 1-3 ? *)"),
        ("0 12 * * 0", "cron(0 12 ? * SUN *)"),
        ("0 12 * * 7", "cron(0 12 ? * SUN *)"),
        ("0 12 * * 0-6", "cron(0 12 * * ? *)"),
        ("0 9 1-31 * mon", "cron(0 9 * * ? *)"),
        ("0 9 13 * 0-6", "cron(0 9 * * ? *)"),
        ("0 9 */1 * mon", "cron(0 9 ? * MON *)"),
        ("0 9 1-31 * *", "cron(0 9 * * ? *)"),
        ("0  9\t* * *", "cron(0 9 * * ? *)"),
        (" 0 9 * * * ", "cron(0 9 * * ? *)"),
        ("5-7,9 0 31 1,3 *", "cron(5-7,9 0 31 1,3 ? *)"),
    ],
)
def test_a_crontab_line_as_eventbridge_writes_it(line: str, expression: str) -> None:
    assert aws_cron(line) == expression


@pytest.mark.parametrize(
    "line",
    [
        "",
        "0 9 * *",
        "0 9 * * * *",
        "60 * * * *",
        "0 24 * * *",
        "0 0 0 * *",
        "0 0 * 13 *",
        "0 0 * * 8",
        "0 0 30 2 *",
        "0 0 L * *",
        "0 0 LW * *",
        "0 0 * * 5L",
        "0 0 * * 5#2",
        "*/0 * * * *",
        "5-3 * * * *",
        "0 9 1 * mon",
        "@daily",
        "0 9 */2 * mon",
        "0 9 1-30 * mon",
        "0\n9 * * *",
        "0 9 * * *\n",
        "1-59/2 1-23/2 1-31/2 1-11/2 *" + "0" * 90,
        "1-57/2,58 1-21/2,22,23 1-29/2,30 1-9/2,10 *".replace(",", ",3,5,") * 2,
    ],
)
def test_what_is_no_line_is_refused(line: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        aws_cron(line)


def test_a_time_that_the_clocks_skip_does_not_come_and_one_they_repeat_comes_once() -> None:
    assert shown("30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00+01:00", 2) == [
        "03-30T02:30",
        "03-31T02:30",
    ]
    autumn = shown("30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00+02:00", 2)
    assert autumn == ["10-25T02:30", "10-26T02:30"]
    first = next(moments("30 2 * * *", "Europe/Berlin", ms("2026-10-24T12:00:00+02:00")))
    assert datetime.fromtimestamp(first / 1000, UTC).isoformat() == "2026-10-25T00:30:00+00:00", "the first"
    in_the_second = ms("2026-10-25T02:15:00+01:00")
    assert next(moments("*/30 * * * *", "Europe/Berlin", in_the_second, back=True)) == ms(
        "2026-10-25T02:30:00+02:00"
    )


@st.composite
def fields(draw: st.DrawFn, first: int, last: int) -> str:
    begin = draw(st.integers(first, last))
    end = draw(st.integers(begin, last))
    step = draw(st.integers(1, last))
    return draw(st.sampled_from(["*", f"{begin}", f"{begin}-{end}", f"*/{step}", f"{begin}-{end}/{step}"]))


lines = st.tuples(fields(0, 59), fields(0, 23), fields(1, 28), fields(1, 12), fields(0, 7)).map(" ".join)
zones = st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kathmandu", "Australia/Lord_Howe"])
instants = st.integers(ms("2026-01-01T00:00:00Z"), ms("2028-01-01T00:00:00Z"))


@given(lines, zones, instants)
def test_each_moment_is_one_that_the_expression_names(line: str, zone: str, from_ms: int) -> None:
    try:
        minutes, hours, days, months, weekdays, _ = aws_cron(line)[5:-1].split(" ")
    except ValueError:
        return
    found = list(islice(moments(line, zone, from_ms), 5))
    assert found == sorted(set(found))
    assert all(wall_ms > from_ms for wall_ms in found)
    for wall_ms in found:
        wall = datetime.fromtimestamp(wall_ms / 1000, ZoneInfo(zone))
        assert wall.second == wall.microsecond == 0
        for field, value in (
            (minutes, wall.minute),
            (hours, wall.hour),
            (days, wall.day),
            (months, wall.month),
        ):
            assert names(field, value), (line, wall)
        assert weekdays in "?*" or NAMES[wall.isoweekday() % 7] in weekdays.split(",")


@given(lines, zones, instants)
def test_a_tick_belongs_to_the_moment_before_it(line: str, zone: str, from_ms: int) -> None:
    try:
        aws_cron(line)
    except ValueError:
        return
    timing = Timing(line, None, None, zone, 0, None)
    moment = timing.next_ms(from_ms)
    if moment is None:
        return
    assert [timing.due_ms(moment + late) for late in (-2_000, 0, 1, 9_000)] == [moment] * 4


def names(field: str, value: int) -> bool:
    if field in "*?":
        return True
    spans = (span.split("-") for span in field.split(","))
    return any(int(span[0]) <= value <= int(span[-1]) for span in spans)


def test_a_rate_counts_from_its_start_and_a_tick_is_its_nearest_moments() -> None:
    timing = Timing(None, 15, None, "UTC", 1_000, None)
    assert timing.expression() == "rate(15 minutes)"
    assert Timing(None, 1, None, "UTC", 0, None).expression() == "rate(1 minute)"
    quarter = 15 * 60_000
    assert upcoming(timing, 0, 2) == [1_000 + quarter, 1_000 + 2 * quarter]
    assert upcoming(timing, 1_000 + quarter, 1) == [1_000 + 2 * quarter]
    for tick_ms in (quarter - 9_000, quarter + 40_000):
        assert timing.due_ms(tick_ms) == 1_000 + quarter


@pytest.mark.parametrize("late_ms", [0, 3_000, 29_000])
@pytest.mark.parametrize("rate_minutes", [1, 15, 1440])
def test_the_tick_of_a_rate_that_eventbridge_has_just_learnt_is_at_no_time(
    rate_minutes: int, late_ms: int
) -> None:
    timing = Timing(None, rate_minutes, None, "UTC", 1_000, None)
    assert timing.due_ms(1_000 + late_ms) is None


@pytest.mark.parametrize(
    ("timing", "tick"),
    [
        (Timing("0 9 * * *", None, None, "UTC", 0, None), "2026-12-01T09:05:00Z"),
        (Timing("0 9 * * *", None, None, "UTC", 0, None), "2026-12-01T08:00:00Z"),
        (Timing("0 9 * * *", None, None, "UTC", ms("2026-12-02T00:00:00Z"), None), "2026-12-01T09:00:00Z"),
        (Timing("0 9 * * *", None, None, "UTC", 0, ms("2026-11-01T00:00:00Z")), "2026-12-01T09:00:00Z"),
        (Timing(None, 60, None, "UTC", ms("2026-12-01T00:00:00Z"), None), "2026-12-01T09:15:00Z"),
        (Timing(None, None, ms("2026-12-01T10:00:00Z"), "UTC", 0, None), "2026-12-01T09:00:00Z"),
    ],
)
def test_a_tick_at_no_time_of_a_schedule_is_due_at_none(timing: Timing, tick: str) -> None:
    assert timing.due_ms(ms(tick)) is None


def test_one_time_comes_once() -> None:
    at_ms = ms("2026-12-01T09:00:00+01:00")
    timing = Timing(None, None, at_ms, "UTC", 0, None)
    assert timing.expression() == "at(2026-12-01T08:00:00)"
    assert (timing.next_ms(at_ms - 1), timing.next_ms(at_ms)) == (at_ms, None)
    assert timing.due_ms(at_ms + 59_000) == at_ms


def test_nothing_comes_before_its_start_or_after_its_end() -> None:
    start, end = ms("2026-12-01T09:00:00Z"), ms("2026-12-02T09:00:00Z")
    timing = Timing("0 9 * * *", None, None, "UTC", start, end)
    assert upcoming(timing, 0, 5) == [start, end]
    assert timing.next_ms(end) is None
