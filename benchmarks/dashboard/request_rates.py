"""Requests of open pages to the API, a tab each: while nothing happens, and while calls are placed."""

from __future__ import annotations

import time
from collections import Counter
from contextlib import ExitStack

from playwright.sync_api import Page, Request

from benchmarks.call_latency import TenantClient
from benchmarks.dashboard.browser import Visitor
from benchmarks.results import Row
from local.stack import Stack

TABS = 10
A_MINUTE = 600
"""What a key may send by default."""

NEVER_HANGS_UP = "+15550100011"
ANSWERS = "+15550100001"
_PATHS = (
    "/now",
    "/calls",
    "/schedules",
    "/batches",
    "/agents",
    "/workflows",
    "/tools",
    "/trunks",
    "/rules",
    "/triggers",
    "/webhooks",
    "/place-call",
    "/settings/limits",
)
_SETTLES_S = 15
"""The first requests of a page, and what its long polls may send at once."""

_MINUTE_S = 60
_PLACES_EVERY_S = 2.0


def request_rows(stack: Stack, tenant: TenantClient, who: Visitor) -> list[Row]:
    """Count the requests of each page over a minute."""
    call_id = tenant.place_call(stack.seed.agent_id, NEVER_HANGS_UP)[1]
    counts: dict[str, Counter[str]] = {}
    with ExitStack() as tabs:
        sent = Counter[str]()
        paths = {path: path for path in _PATHS}
        paths |= {"a call": f"/calls/{call_id}", "a trunk": f"/trunks/{stack.seed.trunk_id}"}
        for name, path in paths.items():
            page = tabs.enter_context(who.tab())
            _count(page, name, sent)
            page.goto(f"{who.address}{path}")
        for name, busy in (("idle", False), ("busy", True)):
            _pass(page, _SETTLES_S, stack, tenant, busy=busy)
            sent.clear()
            _pass(page, _MINUTE_S, stack, tenant, busy=busy)
            counts[name] = Counter(sent)
    return [_row(name, each) for name, each in counts.items()]


def _count(page: Page, name: str, sent: Counter[str]) -> None:
    def note(request: Request) -> None:
        if "/api/" in request.url:
            sent[name] += 1

    page.on("request", note)


def _pass(page: Page, seconds: float, stack: Stack, tenant: TenantClient, *, busy: bool) -> None:
    until_s = time.monotonic() + seconds
    while (left_s := until_s - time.monotonic()) > 0:
        if busy:
            tenant.place_call(stack.seed.agent_id, ANSWERS)
        page.wait_for_timeout(min(left_s, _PLACES_EVERY_S) * 1000)


def _row(name: str, sent: Counter[str]) -> Row:
    """Ten tabs: the ten pages that ask most, and ten times the one that asks most of all."""
    page, most = sent.most_common(1)[0]
    together = sum(count for _, count in sent.most_common(TABS))
    share = TABS * most / A_MINUTE
    return Row(
        f"dashboard: requests of {TABS} open tabs to the API in a minute, {name}",
        f"{together} of the {TABS} pages that ask most, {TABS * most} of {TABS} tabs with {page}",
        f"{len(sent)} pages, a tab each",
        share,
        f"at most {A_MINUTE}",
        share <= 1,
    )
