"""A table of 10,000 calls, scrolled from its top to its end: frames, and those that took long.

The rows are answered by the browser's own routes: the stack needs no 10,000 calls. The page takes them as it
takes every response of the API.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from typing import Any

from playwright.sync_api import Page, Route

from benchmarks.dashboard.browser import Visitor
from benchmarks.results import Row, load, p50, p99

ROWS = 10_000
BOUND_MS = 50
_STEP_PX = 400
"""A frame: at 60 frames a second, 545 rows a second pass."""

_SCROLL = """(step) => new Promise((resolve) => {
  const grid = document.querySelector('[role=grid]');
  const long = [];
  const keep = (entries) => long.push(...entries.map((each) => each.duration));
  const observer = new PerformanceObserver((list) => keep(list.getEntries()));
  observer.observe({type: 'long-animation-frame'});
  const frames = [];
  let before = null;
  const move = (now) => {
    if (before !== null) frames.push(now - before);
    before = now;
    const top = grid.scrollTop;
    grid.scrollTop = top + step;
    if (grid.scrollTop > top) return void requestAnimationFrame(move);
    keep(observer.takeRecords());
    setTimeout(() => {
      const rows = [...grid.querySelectorAll('[role=row]')];
      resolve({frames, long, last: Math.max(...rows.map((row) => Number(row.ariaRowIndex)))});
    }, 500);
  };
  requestAnimationFrame(move);
})"""


def scroll_row(who: Visitor) -> Row:
    """Scroll through all rows; `long-animation-frame` reports each frame over 50 ms.

    https://developer.mozilla.org/docs/Web/API/PerformanceLongAnimationFrameTiming
    """
    with who.tab() as page:
        listed = page.request.get(f"{who.address}/api/v1/calls?limit=1").json()
        held = _answer_with_rows(page, listed)
        page.goto(f"{who.address}/calls")
        page.wait_for_selector(f"text={ROWS:,} rows")
        page.wait_for_timeout(1_000)
        who.browser.start_tracing(page=page, categories=["toplevel"])
        seen: dict[str, Any] = page.evaluate(_SCROLL, _STEP_PX)
        tasks_ms = _tasks_ms(who.browser.stop_tracing())
        for route in held:
            route.abort()
    assert seen["last"] == ROWS + 1, "the end was not reached"
    return _row(seen["frames"], seen["long"], tasks_ms)


def _tasks_ms(trace: bytes) -> list[float]:
    """Return the processor time of each task of the page's main thread: other processes add nothing to it."""
    events = json.loads(trace)["traceEvents"]
    threads = {
        (event["pid"], event["tid"])
        for event in events
        if event["name"] == "thread_name" and event["args"]["name"] == "CrRendererMain"
    }
    return [
        event["tdur"] / 1000
        for event in events
        if "tdur" in event and (event["pid"], event["tid"]) in threads
    ]


def _answer_with_rows(page: Page, listed: dict[str, Any]) -> list[Route]:
    """Answer with the rows, and return the long polls: they stay open, as they do while nothing changes."""
    held: list[Route] = []
    body = json.dumps({"data": list(_copies(listed["data"][0])), "next_cursor": None, "version": "0" * 16})

    def answer(route: Route) -> None:
        if "wait=" in route.request.url:
            held.append(route)
        else:
            route.fulfill(body=body, content_type="application/json")

    page.route("**/api/v1/calls?*", answer)
    return held


def _copies(call: dict[str, Any]) -> Iterator[dict[str, Any]]:
    states = ("completed", "failed", "active", "queued", "timeout")
    for number in range(ROWS):
        yield call | {
            "call_id": str(uuid.UUID(int=number)),
            "status": states[number % len(states)],
            "phone_number": f"+1555{number:07d}",
        }


def _row(frames_ms: list[float], long_ms: list[float], tasks_ms: list[float]) -> Row:
    """Compare processor time with the bound: the time of a frame is that of the machine's other work, too."""
    longest_ms = max(tasks_ms)
    share = longest_ms / BOUND_MS
    return Row(
        f"dashboard: a table of {ROWS:,} calls, scrolled to its end, longest task of the page",
        f"{longest_ms:.0f} ms of processor time",
        f"{len(frames_ms)} frames: by the clock {len(long_ms)} over {BOUND_MS} ms, "
        f"p50 {p50(frames_ms):.0f} ms, p99 {p99(frames_ms):.0f} ms; {load()}",
        share,
        f"at most {BOUND_MS} ms",
        share <= 1,
    )
