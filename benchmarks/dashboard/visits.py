"""The largest contentful paint of first visits: https://web.dev/articles/lcp"""

from __future__ import annotations

from benchmarks.dashboard.browser import Visitor
from benchmarks.results import Row, p50

VISITS = 9
GOOD_LCP_MS = 2_500

_LCP = """new Promise((resolve) => new PerformanceObserver((list) => {
  const entries = list.getEntries(); resolve(entries[entries.length - 1].startTime);
}).observe({type: 'largest-contentful-paint', buffered: true}))"""


def paint_rows(visitor: Visitor) -> list[Row]:
    """Visit the sign-in page with nothing cached, and the calls with a session."""
    return [
        _row("sign-in, nothing cached", [_first_visit_ms(visitor) for _ in range(VISITS)]),
        _row("calls, files cached", _visits_with_session_ms(visitor)),
    ]


def _row(what: str, samples_ms: list[float]) -> Row:
    median = p50(samples_ms)
    return Row(
        f"dashboard: largest contentful paint, {what}, p50",
        f"{median:.0f} ms",
        f"{len(samples_ms)} visits by Chromium on this machine",
        median / GOOD_LCP_MS,
        f"at most {GOOD_LCP_MS} ms",
        median <= GOOD_LCP_MS,
    )


def _first_visit_ms(visitor: Visitor) -> float:
    with visitor.stranger() as page:
        page.goto(f"{visitor.address}/sign-in")
        page.wait_for_selector("h1")
        return float(page.evaluate(_LCP))


def _visits_with_session_ms(visitor: Visitor) -> list[float]:
    samples = []
    with visitor.tab() as page:
        for _ in range(VISITS):
            page.goto(f"{visitor.address}/calls")
            page.wait_for_selector("[role=gridcell], h2")
            samples.append(float(page.evaluate(_LCP)))
    return samples
