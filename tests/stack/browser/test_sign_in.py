"""Signing in and out of the dashboard."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
_LIST_WAITS_MS = 60_000
"""A list learns of the end with its next request: the one before waits for 25 s, and the machine is busy."""


async def test_a_key_opens_a_session_and_stays_nowhere_in_the_browser(tab: Tab, tenant: Tenant) -> None:
    await tab.sign_in(tenant.key)
    await tab.sees_heading("Calls")
    stored = await tab.page.evaluate(
        "JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie, location.href])"
    )
    assert tenant.key not in stored
    (cookie,) = await tab.page.context.cookies()
    assert cookie["name"] == "session"
    assert (cookie["httpOnly"], cookie["secure"], cookie["sameSite"]) == (True, True, "Strict")


async def test_a_wrong_key_is_refused_in_the_apis_words(tab: Tab, tenant: Tenant) -> None:
    tab.expects("401 POST /api/v1/session")
    await tab.page.goto("/sign-in")
    await tab.page.get_by_label("API key").fill(tenant.key[:-1] + ("y" if tenant.key.endswith("x") else "x"))
    await tab.page.keyboard.press("Enter")
    field = tab.page.get_by_label("API key")
    await expect(field).to_have_accessible_description("Invalid API key")
    await expect(field).to_be_focused()


async def test_a_link_fills_in_a_key_and_a_person_decides(tab: Tab, tenant: Tenant) -> None:
    """A link that signed people in by itself would let another site do so with a key of its own."""
    await tab.page.goto(f"/sign-in#key={tenant.key}")
    button = tab.page.get_by_role("button", name="Sign in with the demo key")
    await expect(button).to_be_focused()
    assert tenant.key not in tab.page.url
    assert await tab.page.context.cookies() == []
    await button.click()
    await tab.sees_heading("Now")


async def test_an_ended_session_asks_again_and_goes_on_where_it_was(tab: Tab, tenant: Tenant) -> None:
    tab.expects("401 GET /api/v1/.*")
    await tab.sign_in(tenant.key, "/calls?status=failed")
    await tab.page.evaluate("fetch('/api/v1/session', {method: 'DELETE'})")
    # The list's next refresh learns of it.
    await expect(tab.page.get_by_text("Your session has ended")).to_be_visible(timeout=_LIST_WAITS_MS)
    await tab.page.get_by_label("API key").fill(tenant.key)
    await tab.page.keyboard.press("Enter")
    await tab.page.wait_for_url("**/calls?status=failed")
    await tab.sees_heading("Calls")


async def test_signing_out_signs_out_every_tab(tab: Tab, open_tab: OpenTab, tenant: Tenant) -> None:
    await tab.sign_in(tenant.key)
    other = await open_tab(beside=tab)
    for each in (tab, other):
        # A list that is read in that moment learns of the end before the news comes.
        each.expects("401 GET /api/v1/calls")
    await other.page.goto("/calls")
    await other.sees_heading("Calls")
    await tab.page.get_by_role("button", name="Account and appearance").click()
    await tab.page.get_by_role("menuitem", name="Sign out").click()
    for each in (tab, other):
        await each.sees_heading("Sign in")
    assert await tab.page.context.cookies() == []


async def test_signing_in_goes_to_no_other_site(tab: Tab, tenant: Tenant) -> None:
    await tab.page.goto("/sign-in?return_to=//evil.example/calls")
    await tab.page.get_by_label("API key").fill(tenant.key)
    await tab.page.keyboard.press("Enter")
    await tab.sees_heading("Now")
    assert tab.page.url.startswith("http://localhost:")
