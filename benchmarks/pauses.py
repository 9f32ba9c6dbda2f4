"""Time until a pause and a lowered pace of a busy trunk hold, counted in the stand-in's INVITE log."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

from benchmarks.queue import BenchmarkTrunk
from benchmarks.results import Row, ms, p50, p99
from local.stack import Stack

BOUND_S = 0.5
"""What docs/trunks.md promises, from the response to the last INVITE of before."""

PAUSES, LOWERINGS = 100, 25
_CPS, _LOWER_CPS = 20, 2
_CALLS = 10_000
_WATCH_S = 1.5


def pause_rows(stack: Stack) -> list[Row]:
    """Pause a trunk that dials at 20 CPS, again and again, and lower its pace to 2 CPS."""
    trunk = BenchmarkTrunk(stack, _CPS)
    trunk.enqueue(_CALLS)
    operator, trunk_id = stack.operator(), trunk.trunk.id
    paused_s, lowered_s = list[float](), list[float]()
    for _ in range(PAUSES):
        operator.set_trunk_paused(trunk_id, paused=False)
        _wait_for_dials(trunk)
        paused_s.append(_late_s(trunk, partial(operator.set_trunk_paused, trunk_id, paused=True), 0))
    operator.set_trunk_paused(trunk_id, paused=False)
    for _ in range(LOWERINGS):
        _wait_for_dials(trunk)
        lowered_s.append(
            _late_s(trunk, partial(operator.trunks.set, trunk_id, {"cps": _LOWER_CPS}, None), _LOWER_CPS)
        )
        operator.trunks.set(trunk_id, {"cps": None}, None)
    trunk.pause()
    return [
        _row(f"pause of a trunk at {_CPS} CPS, to its last INVITE", paused_s),
        _row(f"pace lowered from {_CPS} to {_LOWER_CPS} CPS, to the last INVITE above it", lowered_s),
    ]


def _wait_for_dials(trunk: BenchmarkTrunk) -> None:
    before = len(trunk.starts().times_s)
    while len(trunk.starts().times_s) < before + _CPS // 2:
        time.sleep(0.1)


def _late_s(trunk: BenchmarkTrunk, change: Callable[[], None], cps: int) -> float:
    """Change the trunk, and return how long after it an INVITE came that `cps` does not allow (0: none)."""
    change()
    changed_s = time.monotonic()
    time.sleep(_WATCH_S)
    times_s = trunk.starts().times_s
    too_many = [
        later
        for earlier, later in zip(times_s, times_s[cps:], strict=False)
        if later - earlier < 1 or not cps
    ]
    return max(0.0, too_many[-1] - changed_s) if too_many else 0.0


def _row(name: str, waits_s: list[float]) -> Row:
    longest_s = p99(waits_s)
    value = f"{len(waits_s)} times: p50 {ms(p50(waits_s))}, p99 {ms(longest_s)}"
    ratio = longest_s / BOUND_S
    return Row(name, value, f"bound {ms(BOUND_S)}", ratio, "≤ 1", ratio <= 1)
