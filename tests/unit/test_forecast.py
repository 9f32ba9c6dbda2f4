"""When so many calls will have been made."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.builders import TRUNK
from tests.support.clocks import NOW_MS
from trunkline.batches.forecast import Load, finish_ms, pace_of
from trunkline.calls.calling_window import DAYS, CallingWindow

# NOW_MS is a Tuesday, 22:13:20 UTC.
HOUR_MS = 3_600_000
MIDNIGHT_MS = NOW_MS + 6_400_000
MORNING = CallingWindow("09:00", "10:00", DAYS, ("UTC",))
EVENING = CallingWindow("22:00", "23:00", DAYS, ("UTC",))


def test_without_windows_it_is_calls_by_pace() -> None:
    assert finish_ms([Load(None, 50)], 5, NOW_MS) == NOW_MS + 10_000
    assert finish_ms([], 5, NOW_MS) == NOW_MS
    assert finish_ms([Load(None, 0)], 5, NOW_MS) == NOW_MS


def test_a_closed_window_is_waited_for() -> None:
    assert finish_ms([Load(MORNING, 60)], 1, NOW_MS) == MIDNIGHT_MS + 9 * HOUR_MS + 60_000


def test_what_does_not_fit_into_a_window_goes_on_the_next_day() -> None:
    fits, more = 3600, 60
    assert finish_ms([Load(MORNING, fits + more)], 1, NOW_MS) == MIDNIGHT_MS + 33 * HOUR_MS + more * 1000


def test_open_windows_go_while_others_are_closed() -> None:
    loads = [Load(MORNING, 10), Load(EVENING, 10), Load(None, 10)]
    assert finish_ms(loads, 1, NOW_MS) == MIDNIGHT_MS + 9 * HOUR_MS + 10_000


def test_a_window_that_never_opens_is_never_done() -> None:
    never = CallingWindow("09:00", "10:00", ("mon",), ("Pacific/Kiritimati", "Pacific/Pago_Pago"))
    assert finish_ms([Load(never, 1)], 1, NOW_MS) is None


@given(st.integers(1, 5000), st.sampled_from([0.5, 1, 7, 50]), st.sampled_from([None, MORNING, EVENING]))
def test_it_is_never_quicker_than_the_pace_and_more_calls_take_no_less(
    calls: int, pace: float, window: CallingWindow | None
) -> None:
    end_ms = finish_ms([Load(window, calls)], pace, NOW_MS)
    later_ms = finish_ms([Load(window, calls + 100)], pace, NOW_MS)
    assert end_ms is not None
    assert later_ms is not None
    assert NOW_MS + calls / pace * 1000 <= end_ms <= later_ms


@pytest.mark.parametrize("window", [None, MORNING, replace(MORNING, zones=("UTC", "Europe/Berlin"))])
def test_a_loads_name_says_all_of_it(window: CallingWindow | None) -> None:
    load = Load(window, 3)
    assert Load.parse(load.key, 3) == load


def test_the_pace_is_what_direct_calls_and_concurrency_leave() -> None:
    assert pace_of(TRUNK, 60) == 5
    assert pace_of(replace(TRUNK, max_concurrent_calls=60), 60) == 1
    assert pace_of(replace(TRUNK, direct_share=0.2), 60) == 4
