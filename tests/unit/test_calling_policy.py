"""Redials and calling windows: pure functions of times."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from phonenumbers import SUPPORTED_REGIONS, PhoneNumberFormat, example_number, format_number

from tests.support.clocks import NOW_MS
from trunkline.calls.callee_time_zones import zones_of
from trunkline.calls.calling_policy import RedialPolicy
from trunkline.calls.calling_policy_schemas import RedialSpec, WindowSpec, resolved_window
from trunkline.calls.calling_window import DAYS, CallingWindow
from trunkline.calls.reasons import Reason
from trunkline.core import field_types
from trunkline.core.errors import InvalidRequest
from trunkline.core.validation import validated

WORK = ("mon", "tue", "wed", "thu", "fri")
BERLIN, NEW_YORK, CHICAGO = "Europe/Berlin", "America/New_York", "America/Chicago"


def at(text: str, zone: str = "UTC") -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp() * 1000)


def local(wall_ms: int | None, zone: str) -> str:
    assert wall_ms is not None
    return datetime.fromtimestamp(wall_ms / 1000, UTC).astimezone(ZoneInfo(zone)).strftime("%a %H:%M")


def test_a_policy_counts_the_first_attempt_and_repeats_its_last_interval() -> None:
    policy = RedialPolicy(4, ("busy",), (10, 60))
    assert [policy.due_ms(made, Reason.DIAL_BUSY, 0) for made in (1, 2, 3, 4)] == [
        10_000,
        60_000,
        60_000,
        None,
    ]
    assert policy.due_ms(1, Reason.DIAL_NO_ANSWER, 0) is None
    assert RedialPolicy().due_ms(1, Reason.DIAL_BUSY, 0) is None


def test_inside_the_window_is_now_and_outside_its_next_opening() -> None:
    window = CallingWindow("09:00", "20:00", WORK, (BERLIN,))
    inside = at("2026-11-20T10:00", BERLIN)
    assert window.opens_ms(inside) == inside
    assert local(window.opens_ms(at("2026-11-20T08:59", BERLIN)), BERLIN) == "Fri 09:00"
    assert local(window.opens_ms(at("2026-11-20T20:00", BERLIN)), BERLIN) == "Mon 09:00"


def test_every_zone_that_a_number_may_be_in_must_allow_it() -> None:
    window = CallingWindow("09:00", "17:00", DAYS, (NEW_YORK, CHICAGO))
    assert local(window.opens_ms(at("2026-11-20T09:30", NEW_YORK)), NEW_YORK) == "Fri 10:00"
    assert local(window.opens_ms(at("2026-11-20T17:30", NEW_YORK)), NEW_YORK) == "Sat 10:00"
    never = CallingWindow("09:00", "10:00", DAYS, (BERLIN, NEW_YORK))
    assert never.opens_ms(NOW_MS) is None


def test_windows_follow_the_local_clock_through_its_changes() -> None:
    window = CallingWindow("09:00", "20:00", DAYS, (BERLIN,))
    for day in ("2026-03-28", "2026-03-29", "2026-10-24", "2026-10-25"):
        opens = window.opens_ms(at(f"{day}T03:30", "UTC"))
        assert local(opens, BERLIN).endswith("09:00")
    skipped = CallingWindow("02:30", "04:00", DAYS, (BERLIN,))
    assert local(skipped.opens_ms(at("2026-03-29T00:00", BERLIN)), BERLIN) == "Sun 03:00"
    midnight = CallingWindow("22:00", "24:00", DAYS, (BERLIN,))
    late = at("2026-11-20T23:59", BERLIN)
    assert midnight.opens_ms(late) == late


def test_nothing_rings_in_a_skipped_hour_and_a_repeated_one_counts_twice() -> None:
    window = CallingWindow("02:10", "02:50", DAYS, (BERLIN,))
    assert local(window.opens_ms(at("2026-03-29T00:00", BERLIN)), BERLIN) == "Mon 02:10"
    first, second = at("2026-10-25T00:15"), at("2026-10-25T01:15")
    assert (window.opens_ms(first), window.opens_ms(second)) == (first, second)
    assert window.closes_ms(first) == at("2026-10-25T00:50")
    whole_day = CallingWindow("00:00", "24:00", ("sun",), (BERLIN,))
    assert whole_day.closes_ms(at("2026-10-25T12:00", BERLIN)) == at("2026-10-26T00:00", BERLIN)


def test_an_overnight_window_belongs_to_the_day_on_which_it_begins() -> None:
    window = CallingWindow("21:00", "02:00", ("fri",), (BERLIN,))
    late, early = at("2026-11-20T23:30", BERLIN), at("2026-11-21T01:59", BERLIN)
    assert (window.opens_ms(late), window.opens_ms(early)) == (late, early)
    assert window.closes_ms(late) == at("2026-11-21T02:00", BERLIN)
    assert local(window.opens_ms(at("2026-11-21T02:00", BERLIN)), BERLIN) == "Fri 21:00"
    assert local(window.opens_ms(at("2026-11-20T01:00", BERLIN)), BERLIN) == "Fri 21:00"


HOURS = st.integers(0, 23)
TIMES = st.builds("{:02d}:{:02d}".format, HOURS, st.sampled_from([0, 15, 30, 45]))


@given(
    st.sampled_from(["2026-03-29", "2026-10-25", "2026-11-01", "2026-04-05", "2026-10-04", "2026-11-20"]),
    st.integers(-24 * 12, 24 * 12),
    TIMES,
    TIMES,
    st.sampled_from([BERLIN, NEW_YORK, "Australia/Lord_Howe", "Africa/Casablanca"]),
)
def test_a_window_is_open_whenever_the_clock_on_the_wall_is_in_it(
    day: str, steps: int, start: str, end: str, zone: str
) -> None:
    assume(start != end)
    now_ms = at(f"{day}T12:00") + steps * 300_000
    shown = local(now_ms, zone)[4:]
    is_in = start <= shown < end if start < end else shown >= start or shown < end
    assert (CallingWindow(start, end, DAYS, (zone,)).opens_ms(now_ms) == now_ms) is is_in


@given(
    st.integers(NOW_MS, NOW_MS + 400 * 24 * 3_600_000),
    st.tuples(HOURS, HOURS).filter(lambda hours: hours[0] < hours[1]),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.sets(st.sampled_from([BERLIN, NEW_YORK, CHICAGO, "Asia/Kolkata"]), min_size=1, max_size=2),
)
def test_an_opening_is_never_in_the_past_and_always_inside(
    now_ms: int, hours: tuple[int, int], days: set[str], zones: set[str]
) -> None:
    window = CallingWindow(f"{hours[0]:02d}:00", f"{hours[1]:02d}:00", tuple(days), tuple(zones))
    opens = window.opens_ms(now_ms)
    if opens is None:
        return
    assert opens >= now_ms
    assert window.opens_ms(opens) == opens
    for zone in zones:
        moment = datetime.fromtimestamp(opens / 1000, UTC).astimezone(ZoneInfo(zone))
        assert DAYS[moment.weekday()] in days
        assert moment.time() < time(hours[1])


def test_the_callees_zones_come_from_the_number() -> None:
    assert zones_of("+493012345678") == (BERLIN,)
    assert zones_of("+14155552671") == ("America/Los_Angeles",)
    assert len(zones_of("+18005551234")) > 1, "toll-free: anywhere in the country"
    assert zones_of("+881612345678") == ()


@pytest.mark.parametrize("number", ["+12192000000", "+18509990000", "+14482000000", "+12702000000"])
def test_an_exchange_that_is_not_known_may_be_in_any_zone_of_its_area_code(number: str) -> None:
    assert zones_of(number) == (CHICAGO, NEW_YORK)


@pytest.mark.parametrize(
    ("number", "zones"),
    [
        ("+12425551234", {"America/Nassau"}),
        ("+12645551234", {"America/Anguilla"}),
        ("+16715551234", {"Pacific/Guam"}),
        ("+16845551234", {"Pacific/Pago_Pago"}),
    ],
)
def test_an_island_that_shares_a_country_code_has_its_own_zone(number: str, zones: set[str]) -> None:
    assert set(zones_of(number)) == zones


def test_russia_and_kazakhstan_share_a_code_but_no_zones() -> None:
    russian, kazakh = set(zones_of("+79161234567")), set(zones_of("+77011234567"))
    assert {"Europe/Moscow", "Asia/Kamchatka"} <= russian
    assert "Asia/Almaty" in kazakh
    assert not russian & kazakh
    assert zones_of("+77273123456") == ("Asia/Almaty",)


def test_every_country_has_zones_and_no_more_than_its_own() -> None:
    for region in SUPPORTED_REGIONS - {"TA"}:  # Tristan da Cunha is in neither list
        example = example_number(region)
        assert example is not None
        zones = zones_of(format_number(example, PhoneNumberFormat.E164))
        assert zones, region
        assert len(zones) <= 29, (region, zones)


def test_a_window_without_a_zone_takes_the_callees_or_is_refused() -> None:
    spec = WindowSpec(start="09:00", end="20:00")
    window = resolved_window(spec.window(()), "+493012345678")
    assert window is not None
    assert window.zones == (BERLIN,)
    held = resolved_window(spec.window(()), "+881612345678")
    assert held is not None
    assert held.zones == ()
    there = resolved_window(spec.window(()), "+881612345678", BERLIN)
    assert there is not None
    assert there.zones == (BERLIN,)
    named = WindowSpec(start="09:00", end="20:00", timezone=BERLIN).window(())
    assert resolved_window(named, "+881612345678") == named
    assert resolved_window(None, "+14155552671") is None


@pytest.mark.parametrize(
    "values",
    [
        {"start": "9:00", "end": "20:00"},
        {"start": "09:00", "end": "09:00"},
        {"start": "09:00", "end": "24:01"},
        {"start": "09:00", "end": "20:00", "timezone": "Mars/Phobos"},
        {"start": "09:00", "end": "20:00", "days": ["monday"]},
        {"start": "09:00", "end": "20:00", "days": []},
        {"start": "09:00", "end": "20:00", "holiday": True},
    ],
)
def test_a_bad_window_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        validated(WindowSpec, values)


@pytest.mark.parametrize(
    "values",
    [
        {"maxAttempts": 0},
        {"maxAttempts": 11},
        {"maxAttempts": "3"},
        {"maxAttempts": 3, "retryOn": ["weather"]},
        {"maxAttempts": 3, "retryOn": []},
        {"maxAttempts": 3, "intervals": [0]},
        {"maxAttempts": 3, "intervals": [60.5]},
        {"maxAttempts": 3, "interval": [60]},
        {},
    ],
)
def test_a_bad_redial_policy_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest):
        validated(RedialSpec, values)


def test_the_names_of_time_zones_are_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    def read_again() -> set[str]:
        raise AssertionError("600 files are opened for each window")

    WindowSpec(start="09:00", end="17:00", timezone=BERLIN)
    monkeypatch.setattr(field_types, "available_timezones", read_again)
    assert WindowSpec(start="09:00", end="17:00", timezone=CHICAGO).timezone == CHICAGO


def test_names_are_taken_in_both_forms() -> None:
    camel = validated(RedialSpec, {"maxAttempts": 2, "retryOn": ["unknown"], "intervals": [5]})
    snake = validated(RedialSpec, {"max_attempts": 2, "retry_on": ["unknown"], "intervals": [5]})
    assert camel == snake
    assert camel.policy() == RedialPolicy(2, ("unknown",), (5,))
