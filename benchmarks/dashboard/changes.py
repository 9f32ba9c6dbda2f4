"""From a call's new state in the API to the screen: on the call's page, in the list, and on the first page.

One thread asks the API for the call, as a backend would, and notes when it first had each state. The page
notes when it first showed each. Both use this machine's clock.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import httpx
from playwright.sync_api import Page

from benchmarks.call_latency import TenantClient, unlimited_key
from benchmarks.dashboard.browser import Visitor
from benchmarks.results import Row, load, p50
from local.stack import Stack

CALLS = 6
BOUND_MS = 1_000
ANSWERS = "+15550100001"
"""Rings for half a second and talks for three: a change a second or so, as a busy page has them."""

_STATES = ("queued", "connecting", "active", "completed")
_ASKS_EVERY_S = 0.04
_SETTLES_S = 2.0

_OBSERVE = """(callId) => {
  const read = () => { READ };
  const seen = window.__seen = [];
  const note = () => {
    const state = read();
    if (state && seen.at(-1)?.[1] !== state) seen.push([performance.timeOrigin + performance.now(), state]);
  };
  new MutationObserver(note).observe(document.body,
    {subtree: true, childList: true, characterData: true, attributes: true});
  note();
}"""

_OF_CALL = "return document.querySelector('main [data-status]')?.dataset.status"
_OF_ROW = """return document.querySelector(`[role=row]:has([aria-label="Select ${callId}"]) [data-status]`)
  ?.dataset.status"""
_OF_FIGURES = """const figures = new Map([...document.querySelectorAll('main dl > div')].map((each) =>
  [each.querySelector('dt').textContent, parseInt(each.querySelector('dd').textContent)]));
if (figures.get('Talking') > 0) return 'active';
if (figures.get('Dialing') > 0) return 'connecting';
return figures.get('Waiting') > 0 ? 'queued' : figures.has('Waiting') ? 'completed' : null"""


@dataclass
class _Watched:
    """When the API had each state of a call first, in milliseconds since 1970."""

    client: httpx.Client
    call_id: str
    seen_ms: dict[str, float] = field(default_factory=dict)

    def run(self) -> None:
        while "completed" not in self.seen_ms:
            state = self.client.get(f"/api/v1/calls/{self.call_id}").json()["status"]
            self.seen_ms.setdefault(state, time.time() * 1000)
            time.sleep(_ASKS_EVERY_S)


def change_rows(stack: Stack, tenant: TenantClient, who: Visitor) -> list[Row]:
    """Measure each page with a line that stands still until the page is open."""
    pages: dict[str, tuple[Callable[[str], str], str]] = {
        "the call's page": (lambda call_id: f"/calls/{call_id}", _OF_CALL),
        "the list of calls": (lambda _: "/calls", _OF_ROW),
        "the first page": (lambda _: "/now", _OF_FIGURES),
    }
    with httpx.Client(
        base_url=stack.config.api_url, headers={"x-api-key": unlimited_key(stack)}, timeout=30
    ) as api:
        return [
            _row(name, _lags_ms(stack, tenant, who, api, path, source))
            for name, (path, source) in pages.items()
        ]


def _lags_ms(
    stack: Stack,
    tenant: TenantClient,
    who: Visitor,
    api: httpx.Client,
    path: Callable[[str], str],
    source: str,
) -> list[float]:
    lags = []
    for _ in range(CALLS):
        with _held_line(stack, api) as resume, who.tab() as page:
            call_id = tenant.place_call(stack.seed.agent_id, ANSWERS)[1]
            page.goto(f"{who.address}{path(call_id)}")
            page.wait_for_function(f"(callId) => {{ {source} }}", arg=call_id)
            page.evaluate(_OBSERVE.replace("READ", source), call_id)
            page.wait_for_timeout(_SETTLES_S * 1000)
            watched = _Watched(api, call_id)
            thread = threading.Thread(target=watched.run)
            thread.start()
            resume()
            _wait_until_shown(page, thread)
            lags += _lags_of(watched.seen_ms, page.evaluate("window.__seen"))
    return lags


@contextmanager
def _held_line(stack: Stack, api: httpx.Client) -> Iterator[Callable[[], None]]:
    """Pause the trunk; what it yields resumes it."""
    trunk = f"/api/v1/trunks/{stack.seed.trunk_id}"
    api.patch(trunk, json={"paused": True}).raise_for_status()

    def resume() -> None:
        api.patch(trunk, json={"paused": False}).raise_for_status()

    yield resume


def _wait_until_shown(page: Page, thread: threading.Thread) -> None:
    while thread.is_alive():
        page.wait_for_timeout(200)
    page.wait_for_timeout(_SETTLES_S * 1000)


def _lags_of(api_ms: dict[str, float], shown: list[tuple[float, str]]) -> list[float]:
    """Return, for each state but the first, how much later the page showed it or one that came after it."""
    lags = []
    for rank, state in enumerate(_STATES):
        if rank == 0 or state not in api_ms:
            continue
        later = [at_ms for at_ms, seen in shown if _rank(seen) >= rank]
        lags.append(max(0.0, min(later, default=float("inf")) - api_ms[state]))
    return lags


def _rank(state: str) -> int:
    return _STATES.index(state) if state in _STATES else 0


def _row(page: str, lags_ms: list[float]) -> Row:
    share = max(lags_ms) / BOUND_MS
    return Row(
        f"dashboard: a call's new state, from the API to the screen, {page}",
        f"p50 {p50(lags_ms):.0f} ms, at most {max(lags_ms):.0f} ms",
        f"{len(lags_ms)} changes; {load()}",
        share,
        f"at most {BOUND_MS} ms",
        share <= 1,
    )
