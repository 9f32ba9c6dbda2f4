"""The finder of assertions on wall time: what it finds, and what it leaves alone."""

from __future__ import annotations

import pytest

from tests.support.wall_time import wall_time_assertions


@pytest.mark.parametrize(
    "body",
    [
        "began = time.monotonic()\nwork()\nassert time.monotonic() - began < 5",
        "began = time.monotonic()\nwork()\nassert time.monotonic() < began + 5",
        "began = perf_counter()\nwork()\nms = round((perf_counter() - began) * 1000)\nassert ms < 5",
        "assert abs(shown['created_at'] - time.time()) < 60",
        "assert shown['created_at'] == pytest.approx(time.time(), abs=60)",
        "now = datetime.now(UTC)\nwork()\nassert (datetime.now(UTC) - now).total_seconds() < 2",
        "now = datetime.datetime.now()\nassert datetime.datetime.now() - now < timedelta(seconds=2)",
        "times = []\nfor _ in range(3):\n    times.append(time.time())\n"
        "assert all(later - earlier > 1 for earlier, later in zip(times, times[1:]))",
        "loop = asyncio.get_running_loop()\nbegan = loop.time()\nassert loop.time() - began < 1",
        "began = asyncio.get_running_loop().time()\nassert asyncio.get_running_loop().time() - began < 1",
        "while waiting():\n    pass\nbegan = time.time()\nwith x:\n    assert 3 > time.time() - began",
    ],
)
def test_an_assertion_on_wall_time_is_found(body: str) -> None:
    assert wall_time_assertions(in_a_function(body))


@pytest.mark.parametrize(
    "body",
    [
        "deadline = time.monotonic() + 5\nwhile not done():\n    assert time.monotonic() < deadline",
        "before = time.time()\ncall = create()\nassert before <= call.created_at <= time.time()",
        "assert signed(at_s=int(time.time())) == expected",
        "clock = ManualClock()\nbegan = clock.wall_ms()\nassert clock.wall_ms() - began < 5",
        "began = time.monotonic()\nprint(time.monotonic() - began)\nassert done()",
    ],
)
def test_other_uses_of_a_clock_are_not(body: str) -> None:
    assert not wall_time_assertions(in_a_function(body))


def test_the_time_of_a_virtual_loop_may_be_asserted_on() -> None:
    body = "loop = asyncio.get_running_loop()\nbegan = loop.time()\nassert loop.time() - began == 1"
    assert not wall_time_assertions(in_a_function(body), loop_time_is_virtual=True)


def in_a_function(body: str) -> str:
    indented = "\n".join(f"    {line}" for line in body.splitlines())
    return f"from time import perf_counter\nasync def test_it():\n{indented}\n"
