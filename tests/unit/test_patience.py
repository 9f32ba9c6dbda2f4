"""A request that waits ends in its time, however long its looks take."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.support.clocks import ManualClock
from trunkline.call_control.patience import Patience


@given(
    wait_s=st.integers(0, 25),
    look_s=st.floats(0, 10, allow_nan=False),
    pause_s=st.floats(0.1, 5, allow_nan=False),
)
def test_no_look_is_begun_that_would_end_too_late(wait_s: int, look_s: float, pause_s: float) -> None:
    clock = ManualClock()
    began_us = clock.monotonic_us()

    def look() -> str:
        clock.move_s(look_s)
        return "same"

    patience = Patience(began_us + wait_s * 1_000_000, clock, clock.move_s)
    assert patience.look_until(lambda found: found == "new", "same", look, lambda _: pause_s) == "same"
    took_s = (clock.monotonic_us() - began_us) / 1_000_000
    # How long a look takes is known after the first one.
    assert took_s <= wait_s + look_s + 0.001
    if wait_s > 2 * (look_s + pause_s):
        assert took_s <= wait_s + 0.001


def test_what_is_wanted_ends_the_wait_at_once() -> None:
    clock, seen = ManualClock(), iter(["same", "new", "newer"])
    patience = Patience(clock.monotonic_us() + 25_000_000, clock, clock.move_s)
    found = patience.look_until(lambda found: found == "new", "same", lambda: next(seen), lambda _: 0.5)
    assert (found, next(seen)) == ("new", "newer")
    assert (
        patience.look_until(lambda found: found == "new", "new", lambda: "not looked at", lambda _: 1)
        == "new"
    )
