"""A wrong clock, a lost network, an API that refuses, fails or hangs: shown, and recovered from."""

from __future__ import annotations

import asyncio
import re
from datetime import UTC, datetime, timedelta

import pytest
from playwright.async_api import Page, Route, expect

from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
AGENTS = re.compile(r"/api/v1/agents(\?|$)")
LOST = [f"{prefix}net::ERR_INTERNET_DISCONNECTED.*" for prefix in ("", "console: Failed to load resource: ")]
FAILED = [f"{prefix}net::ERR_FAILED.*" for prefix in ("", "console: Failed to load resource: ")]


async def go(page: Page, name: str) -> None:
    """Go to a page by the navigation: the app stays loaded."""
    await page.get_by_role("navigation", name="Pages").get_by_role("link", name=name, exact=True).click()


async def test_ages_follow_the_apis_clock(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects("503 GET /api/v1/webhooks")
    tenant.wait_for_end(tenant.placed("+15550100001"))
    await page.clock.install(time=datetime.now(UTC) + timedelta(hours=1))
    await tab.sign_in(tenant.key, "/calls?since=15m")
    row = page.get_by_role("row").filter(has_text="+15550100001")
    await expect(row.get_by_role("time")).to_have_text(re.compile(r"^(now|\d+ sec\. ago|1 min\. ago)$"))
    await go(page, "Webhooks")
    await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()
    unavailable = {"status": 503, "headers": {"Retry-After": "0"}, "body": "{}"}
    await page.route("**/api/v1/webhooks", lambda route: route.fulfill(**unavailable))
    await page.clock.fast_forward("00:06")
    stale = page.get_by_text("Not up to date")
    await expect(stale).to_contain_text(re.compile(r"read (now|\d+ sec\. ago)\."))
    await page.unroute("**/api/v1/webhooks")
    await page.clock.fast_forward("00:06")
    await expect(stale).to_have_count(0)


async def test_a_lost_network_is_shown_and_recovered_from(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects(*LOST)
    await tab.sign_in(tenant.key)
    await expect(page.get_by_role("heading", name="No calls yet")).to_be_visible()
    await go(page, "Agents")
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.context.set_offline(True)
    banner = page.get_by_role("status").filter(has_text="You are offline")
    await expect(banner).to_be_visible()
    await expect(page.get_by_role("row")).to_have_count(2)
    await page.get_by_role("button", name="Account and appearance").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await expect(page.get_by_role("alert")).to_contain_text("You may still be signed in")
    await go(page, "Calls")
    tenant.placed("+15550100001")
    await page.context.set_offline(False)
    await expect(page.get_by_role("row").filter(has_text="+15550100001")).to_be_visible()
    await expect(banner).to_have_count(0)


async def test_a_call_that_cannot_be_followed_says_so_and_goes_on(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects(*FAILED)
    tenant.change_trunk(paused=True)
    # The person does not hang up: whatever the request that waits already answers, it is not the end.
    call_id = tenant.placed("+15550100011")
    await tab.sign_in(tenant.key, f"/calls/{call_id}")
    await expect(page.get_by_label("What the call does")).to_be_visible()
    await page.route(f"**/api/v1/calls/{call_id}*", lambda route: route.abort())
    tenant.change_trunk(paused=False)
    await expect(page.get_by_text("Not up to date")).to_be_visible()
    tenant.cancel(call_id)
    ended = tenant.wait_for_end(call_id)
    await page.unroute(f"**/api/v1/calls/{call_id}*")
    await expect(page.get_by_label("What the call does")).to_contain_text(ended["reason_text"])
    await expect(page.get_by_text("Not up to date")).to_have_count(0)


async def test_a_refused_pace_is_shown_at_once_and_ends_by_itself(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects("429 GET /api/v1/calls/.*")
    call_id = tenant.placed("+15550100001")
    tenant.wait_for_end(call_id)
    await page.clock.install()
    await tab.sign_in(tenant.key)

    async def refuse(route: Route) -> None:
        error = {"message": "Rate limited", "code": 429, "type": "rate_limited"}
        await route.fulfill(status=429, headers={"Retry-After": "40"}, json={"error": error})

    await page.route(f"**/api/v1/calls/{call_id}", refuse)
    await page.get_by_role("row").filter(has_text="+15550100001").click()
    await expect(page.get_by_role("heading", name="Too many requests")).to_be_visible()
    await page.unroute(f"**/api/v1/calls/{call_id}")
    await page.clock.fast_forward("00:45")
    await expect(page.get_by_label("What the call does")).to_contain_text("The person hung up.")


@pytest.mark.parametrize(
    ("status", "content_type", "body", "said"),
    [
        (200, "text/html", "<!doctype html><h1>Welcome to the hotel</h1>", "The API failed"),
        (502, "text/html", "<html><h1>Bad gateway</h1></html>", "The API failed"),
        (200, "application/json", "{}", "This page failed"),
    ],
)
async def test_an_answer_that_is_not_the_apis_is_explained(
    tab: Tab, tenant: Tenant, status: int, content_type: str, body: str, said: str
) -> None:
    page = tab.page
    tab.expects("502 GET /api/v1/agents", "(?s)console: .*")
    await tab.sign_in(tenant.key)
    await page.route(AGENTS, lambda route: route.fulfill(status=status, content_type=content_type, body=body))
    await go(page, "Agents")
    await expect(page.get_by_role("heading", name=said)).to_be_visible()
    shown = await page.get_by_role("main").inner_text()
    assert "JSON" not in shown
    assert "undefined" not in shown
    await expect(page.get_by_role("navigation", name="Pages")).to_be_visible()
    await page.unroute(AGENTS)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("row").filter(has_text="Ada")).to_be_visible()


async def test_a_request_that_hangs_is_given_up_and_tried_again(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await page.clock.install()
    await tab.sign_in(tenant.key)
    asked = asyncio.Event()

    async def never_answer(_: Route) -> None:
        asked.set()

    await page.route(AGENTS, never_answer)
    await go(page, "Agents")
    await asked.wait()
    await page.clock.fast_forward("00:40")
    await expect(page.get_by_text("The API did not answer within 35 seconds")).to_be_visible()
    await page.unroute(AGENTS)
    await page.get_by_role("button", name="Try again").click()
    await expect(page.get_by_role("row").filter(has_text="Ada")).to_be_visible()


async def test_a_change_whose_answer_is_lost_is_said_to_be_in_doubt(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects(*FAILED)
    await tab.sign_in(tenant.key, "/settings/api-keys?new=true")
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("in doubt")
    await form.get_by_role("checkbox", name="calls:read", exact=True).check()
    await page.route("**/api/v1/api-keys", lambda route: route.abort())
    await form.get_by_role("button", name="Create API key").click()
    await expect(form.get_by_role("alert")).to_contain_text("It may have been done")
    await page.unroute("**/api/v1/api-keys")
    await form.get_by_role("button", name="Create API key").click()
    await expect(page.get_by_role("dialog").get_by_text("it is shown only once")).to_be_visible()
