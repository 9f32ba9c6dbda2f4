"""Interaction to next paint, over a fixed script of clicks and keys on the main pages: https://web.dev/articles/inp"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from benchmarks.call_latency import BUSY, TenantClient
from benchmarks.dashboard.browser import Visitor
from benchmarks.results import Row, load, p50
from local.stack import Stack

GOOD_INP_MS = 200
_CALLS = 12
_SHORTEST_MS = 16
"""The Event Timing API reports no interaction that is shorter: https://www.w3.org/TR/event-timing/"""

_OBSERVE = f"""window.__interactions = new Map();
new PerformanceObserver((list) => {{
  for (const entry of list.getEntries()) {{
    if (!entry.interactionId) continue;
    const {{interactionId: id, name, duration}} = entry;
    const longest = window.__interactions.get(id)?.[1] ?? 0;
    if (duration > longest) {{
      const target = entry.target?.getAttribute?.('aria-label') ?? entry.target?.textContent?.slice(0, 30);
      window.__interactions.set(id, [`${{location.pathname}} ${{name}} ${{target}}`, duration]);
    }}
  }}
}}).observe({{type: 'event', durationThreshold: {_SHORTEST_MS}, buffered: true}});"""


def interaction_row(stack: Stack, tenant: TenantClient, who: Visitor) -> Row:
    """Walk through the main pages as a person does, and take the slowest interaction."""
    call_id = [tenant.place_call(stack.seed.agent_id, BUSY)[1] for _ in range(_CALLS)][-1]
    tenant.wait_for_end(call_id)
    with who.tab() as page:
        page.add_init_script(_OBSERVE)
        page.goto(f"{who.address}/now")
        count = _walk(page, call_id)
        page.wait_for_timeout(500)
        found: list[list[Any]] = page.evaluate("[...window.__interactions.values()]")
    return _row(found, count)


def _walk(page: Page, call_id: str) -> int:
    """Click and type; return the number of interactions. Links lead on, so that all are of one document."""
    steps = [*_now(), *_calls(call_id), *_call(), *_place_call(), *_settings()]
    for kind, target in steps:
        _WAYS[kind](page, target)
        page.wait_for_timeout(250)
    return sum(kind in ("click", "press") for kind, _ in steps)


_WAYS: dict[str, Callable[[Page, str], None]] = {
    "click": lambda page, target: page.locator(target).first.click(),
    "press": lambda page, key: page.keyboard.press(key),
    "see": lambda page, target: page.locator(target).first.wait_for(),
    "gone": lambda page, target: page.locator(target).first.wait_for(state="hidden"),
}


def _now() -> list[tuple[str, str]]:
    return [("click", "text=24 h"), ("click", "text=15 min")]


def _calls(call_id: str) -> list[tuple[str, str]]:
    row = f'[role=row]:has([aria-label="Select {call_id}"])'
    return [
        ("click", "nav >> text=Calls"),
        ("click", "[role=columnheader] >> text=Status"),
        ("click", "[role=columnheader] >> text=Created"),
        ("click", "[aria-label='Select all loaded rows']"),
        ("click", "[aria-label='Select all loaded rows']"),
        ("press", "/"),
        *(("press", key) for key in "+15550100002"),
        ("press", "Enter"),
        ("click", f"{row} >> [role=gridcell] >> nth=1"),
    ]


def _call() -> list[tuple[str, str]]:
    return [("click", f"[role=tab] >> text={tab}") for tab in ("Transcript", "Deliveries", "JSON", "Story")]


def _place_call() -> list[tuple[str, str]]:
    return [
        ("click", "nav >> text=Place a call"),
        ("click", "role=combobox[name='Phone number']"),
        *(("press", key) for key in "+15550100001"),
        ("press", "Escape"),
    ]


def _settings() -> list[tuple[str, str]]:
    return [
        ("click", "nav >> text=Settings"),
        ("click", "role=button[name='Create API key']"),
        ("see", "role=dialog"),
        ("press", "Escape"),
        ("gone", "role=dialog"),
        ("click", "nav >> text=Webhooks"),
        ("press", "?"),
        ("see", "role=dialog"),
        ("press", "Escape"),
        ("gone", "role=dialog"),
    ]


def _row(found: list[list[Any]], count: int) -> Row:
    """Fewer than fifty interactions: the slowest is the page's figure, as web-vitals takes it."""
    slowest, longest_ms = max(found, key=lambda each: float(each[1]))
    share = longest_ms / GOOD_INP_MS
    median = p50([each[1] for each in found] + [_SHORTEST_MS] * (count - len(found)))
    return Row(
        "dashboard: interaction to next paint, main pages",
        f"at most {longest_ms:.0f} ms, p50 {median:.0f} ms",
        f"{count} clicks and keys, the slowest: {slowest}; {load()}",
        share,
        f"at most {GOOD_INP_MS} ms",
        share <= 1,
    )
