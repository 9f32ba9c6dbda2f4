"""Moments: what is taken can be shown again, exactly; what has no date in UTC is refused."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.core.timestamps import MAX_MOMENT_MS, iso_from_ms, moment_ms
from trunkline.schedules.timing import Timing, upcoming

OFFSETS = st.timedeltas(timedelta(hours=-23), timedelta(hours=23)).map(
    lambda offset: timezone(timedelta(minutes=offset // timedelta(minutes=1)))
)


@given(st.datetimes(), OFFSETS)
def test_a_moment_is_refused_or_can_be_shown(wall: datetime, offset: timezone) -> None:
    text = wall.replace(tzinfo=offset).isoformat()
    try:
        found = moment_ms(text)
    except ValueError:
        return
    assert moment_ms(iso_from_ms(found)) == found
    assert datetime.fromisoformat(iso_from_ms(found)) <= wall.replace(tzinfo=offset)


@given(st.integers(0, MAX_MOMENT_MS))
def test_a_shown_moment_is_the_same_to_the_millisecond(wall_ms: int) -> None:
    assert moment_ms(iso_from_ms(wall_ms)) == wall_ms


@pytest.mark.parametrize(
    "text",
    [
        "9999-12-31T23:59:59-05:00",
        "9999-12-31T23:59:59-14:00",
        "0001-01-01T00:00:00+14:00",
        "1969-12-31T23:59:59Z",
        "2026-01-01T00:00:00",
    ],
)
def test_what_has_no_date_in_utc_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"1970 to 9999|offset"):
        moment_ms(text)


def test_the_bounds_are_the_years_1970_to_9999() -> None:
    assert moment_ms("1970-01-01T00:00:00Z") == 0
    assert iso_from_ms(moment_ms("9999-12-31T23:59:59.999Z")) == "9999-12-31T23:59:59.999Z"


@given(
    st.sampled_from(["* * * * *", "0 0 29 2 *", "59 23 31 12 *", None]),
    st.integers(1, 99_999 * 1440),
    st.sampled_from(["Pacific/Kiritimati", "UTC", "Etc/GMT+12"]),
    st.integers(0, 3 * 366 * 86_400_000),
)
def test_a_schedule_at_the_end_of_time_ends(
    cron: str | None, rate_minutes: int, zone: str, before_ms: int
) -> None:
    starts_ms = MAX_MOMENT_MS - before_ms
    timing = Timing(cron, None if cron else rate_minutes, None, zone, starts_ms, None)
    for each in upcoming(timing, 0, 3):
        assert starts_ms <= each <= MAX_MOMENT_MS
        assert iso_from_ms(each)
        assert datetime.fromtimestamp(each / 1000, UTC).year <= 9999
