"""Forecast of when calls will have been made, from a trunk's pace, concurrency and windows. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from trunkline.calls.calling_policy import CallingWindow
from trunkline.trunks.models import Trunk

_MAX_STEPS = 10_000
_NOTHING = 1e-6


@dataclass(frozen=True)
class Load:
    """So many calls that may be made while a window is open; None: always."""

    window: CallingWindow | None
    calls: int

    @property
    def key(self) -> str:
        """A name by which loads are added up: the same for the same window."""
        if self.window is None:
            return ""
        window = self.window
        return "|".join([window.start, window.end, ",".join(window.days), ",".join(window.zones)])

    @classmethod
    def parse(cls, key: str, calls: int) -> Load:
        """Read a load's key."""
        if not key:
            return cls(None, calls)
        start, end, days, zones = key.split("|")
        return cls(CallingWindow(start, end, tuple(days.split(",")), tuple(zones.split(","))), calls)


def pace_of(trunk: Trunk, average_call_s: float) -> float:
    """How many batch calls a trunk can begin a second: its CPS, less the share that is kept for direct calls,
    and no more than its concurrency lets through when a call lasts so long."""
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
    """When the last call begins, if nothing else is dialled, each number is rung once, and open windows are
    served in order; None: some window never opens."""
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
    """Make calls until something opens or closes, or all are made; returns when that is."""
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
