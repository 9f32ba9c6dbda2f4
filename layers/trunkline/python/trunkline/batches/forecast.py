"""Forecast of when the last call begins, from a trunk's pace, concurrency and windows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trunkline.calls.calling_window import CallingWindow
from trunkline.trunks.models import Trunk

_MAX_STEPS = 10_000
_NOTHING = 1e-6


@dataclass(frozen=True)
class Load:
    """A number of calls that may begin while a window is open; None: at any time."""

    window: CallingWindow | None
    calls: int

    @property
    def key(self) -> str:
        """Return the key under which calls with the same window are counted."""
        if self.window is None:
            return ""
        window = self.window
        return "|".join([window.start, window.end, ",".join(window.days), ",".join(window.zones)])

    @classmethod
    def parse(cls, key: str, calls: int) -> Load:
        """Parse a stored key."""
        if not key:
            return cls(None, calls)
        start, end, days, zones = key.split("|")
        return cls(CallingWindow(start, end, tuple(days.split(",")), tuple(zones.split(","))), calls)


def pace_of(trunk: Trunk, average_call_s: float) -> float:
    """Return how many batch calls a trunk can begin a second, with calls of `average_call_s`.

    The share that is reserved for direct calls is not included.
    """
    share = 1 - trunk.direct_share
    if trunk.max_concurrent_calls is None:
        return trunk.cps * share
    return share * min(trunk.cps, trunk.max_concurrent_calls / average_call_s)


@dataclass
class _Left:
    window: CallingWindow | None
    calls: float

    def opens_ms(self, now_ms: int) -> int | None:
        return self.window.opens_ms(now_ms) if self.window else now_ms


def finish_ms(loads: Iterable[Load], pace: float, now_ms: int) -> int | None:
    """Return when the last call begins; None if a window never opens.

    Assumes that nothing else is dialled, that every number is called once, and that open windows are served
    in order.
    """
    left = [_Left(load.window, load.calls) for load in loads]
    moment = now_ms
    for _ in range(_MAX_STEPS):
        left = [each for each in left if each.calls > _NOTHING]
        opens = [each.opens_ms(moment) for each in left]
        times = [at_ms for at_ms in opens if at_ms is not None]
        if len(times) < len(left):
            return None
        if not left:
            return moment
        ready = [each for each, at_ms in zip(left, times, strict=True) if at_ms <= moment]
        later = min((at_ms for at_ms in times if at_ms > moment), default=None)
        moment = _serve(ready, pace, moment, later) if ready else min(times)
    return None


def _serve(ready: Sequence[_Left], pace: float, now_ms: int, later_ms: int | None) -> int:
    """Begin calls until a window opens or closes, or none is left; return the time of that."""
    changes = [each.window.closes_ms(now_ms) for each in ready if each.window]
    changes += [] if later_ms is None else [later_ms]
    calls = sum(each.calls for each in ready)
    end_ms = min([*changes, now_ms + max(1, math.ceil(calls / pace * 1000))])
    budget = pace * (end_ms - now_ms) / 1000
    for each in ready:
        made = min(budget, each.calls)
        each.calls -= made
        budget -= made
    return end_ms
