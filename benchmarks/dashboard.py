"""What the dashboard costs a browser: script bytes of a first visit, and the largest contentful paint."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, sync_playwright

from benchmarks.results import Row, p50
from infrastructure.dashboard_site import dashboard_site
from local.stack import Stack
from tests.support.chromium import find_chromium

VISITS = 9
SCRIPT_BYTES = 200 * 1024
GOOD_LCP_MS = 2_500
"""The bound of a good one: https://web.dev/articles/lcp"""

_LCP = """new Promise((resolve) => new PerformanceObserver((list) => {
  const entries = list.getEntries(); resolve(entries[entries.length - 1].startTime);
}).observe({type: 'largest-contentful-paint', buffered: true}))"""


def dashboard_rows(stack: Stack) -> list[Row]:
    """Measure first visits of the sign-in page, and of the calls with a session."""
    return [_script_row(dashboard_site()), *_paint_rows(stack)]


def _script_row(site: Path) -> Row:
    manifest = json.loads((site / ".vite" / "manifest.json").read_text())
    routes = [name for name, each in manifest.items() if name.startswith("src/routes/") and "imports" in each]
    frame = [name for name in routes if name.startswith("src/routes/_app.tsx")]
    sizes = {
        name: sum(
            sent_bytes(site, manifest[each]["file"])
            for each in with_imports(manifest, ["index.html", name, *frame])
        )
        for name in routes
    }
    largest = max(sizes, key=lambda name: sizes[name])
    share = sizes[largest] / SCRIPT_BYTES
    page = Path(largest.split("?")[0]).stem
    return Row(
        "dashboard: compressed script of a first visit",
        f"{sizes[largest] / 1024:.0f} KB",
        f"the largest page, {page}",
        share,
        f"at most {SCRIPT_BYTES // 1024} KB",
        share <= 1,
    )


def sent_bytes(site: Path, file: str) -> int:
    """Count the bytes sent of a script: one that compression does not shrink is sent as it is."""
    compressed = site / f"{file}.br"
    return (compressed if compressed.exists() else site / file).stat().st_size


def with_imports(manifest: dict[str, Any], names: Iterable[str]) -> set[str]:
    """Return scripts with all that they import, and so on, of Vite's manifest."""
    reached, to_look_at = set(names), list(names)
    while to_look_at:
        imported = set(manifest[to_look_at.pop()].get("imports", ())) - reached
        reached |= imported
        to_look_at += imported
    return reached


def _paint_rows(stack: Stack) -> list[Row]:
    chromium = find_chromium()
    if chromium is None:
        return [Row("dashboard: largest contentful paint", "not measured", "no Chromium starts here")]
    address = stack.config.api_url.replace("127.0.0.1", "localhost")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium.executable, args=["--no-sandbox"], env=dict(chromium.environment())
        )
        first = [_first_paint_ms(browser, f"{address}/sign-in") for _ in range(VISITS)]
        with_session = _paints_with_session_ms(browser, address, stack.seed.live_key)
        browser.close()
    return [
        _paint_row("sign-in, nothing cached", first),
        _paint_row("calls, files cached", with_session),
    ]


def _paint_row(what: str, samples_ms: list[float]) -> Row:
    median = p50(samples_ms)
    return Row(
        f"dashboard: largest contentful paint, {what}, p50",
        f"{median:.0f} ms",
        f"{len(samples_ms)} visits by Chromium on this machine",
        median / GOOD_LCP_MS,
        f"at most {GOOD_LCP_MS} ms",
        median <= GOOD_LCP_MS,
    )


def _first_paint_ms(browser: Browser, url: str) -> float:
    context = browser.new_context()
    page = context.new_page()
    page.goto(url)
    page.wait_for_selector("h1")
    paint_ms: float = page.evaluate(_LCP)
    context.close()
    return paint_ms


def _paints_with_session_ms(browser: Browser, address: str, key: str) -> list[float]:
    context = browser.new_context()
    page = context.new_page()
    page.goto(f"{address}/sign-in#key={key}")
    page.get_by_role("button", name="Sign in with the demo key").click()
    page.wait_for_url("**/calls")
    samples = []
    for _ in range(VISITS):
        page.goto(f"{address}/calls")
        page.wait_for_selector("[role=gridcell], h2")
        samples.append(float(page.evaluate(_LCP)))
    context.close()
    return samples
