"""The main paths by the keyboard alone: the focus is never lost, and comes back after dialogs."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from local.webhook_receiver import Receiver
from tests.stack.browser.keyboard import focus_by_tab, press
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_call_is_placed_and_a_failed_one_understood(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await page.goto("/place-call")
    await expect(page.get_by_label("API key")).to_be_focused()
    await page.keyboard.type(tenant.key)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("combobox", name="Agent")).to_have_value("Ada")
    await expect(page.get_by_role("main")).to_be_focused()
    await page.keyboard.press("Shift+Tab")
    await focus_by_tab(page.get_by_role("link", name="Skip to the content"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("main")).to_be_focused()
    await focus_by_tab(page.get_by_role("combobox", name="Phone number"))
    await page.keyboard.type("+15550100002")
    await press(page.get_by_role("button", name="Place the call"))
    await tab.sees_heading("+15550100002")
    await expect(page.get_by_label("What the call does")).to_contain_text("The line was busy (SIP 486).")
    await expect(page.get_by_role("main")).to_be_focused()
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await tab.sees_heading("Calls")
    await focus_by_tab(page.get_by_label("Status", exact=True))
    await page.keyboard.type("failed")
    await page.wait_for_url("**status=failed*")
    row = page.get_by_role("row").filter(has_text="+15550100002")
    await focus_by_tab(row)
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("What the call does")).to_contain_text("Busy Here")


async def test_a_key_is_made_used_and_revoked(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/api-keys")
    create = page.get_by_role("button", name="Create API key")
    await press(create)
    form = page.get_by_role("dialog")
    await focus_by_tab(form.get_by_label("Name"))
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await expect(create).to_be_focused()
    await page.keyboard.press("Enter")
    await focus_by_tab(form.get_by_label("Name"))
    await page.keyboard.type("by keyboard")
    await press(form.get_by_role("checkbox", name="calls:read", exact=True), "Space")
    await press(form.get_by_role("button", name="Create API key"))
    await expect(form.get_by_text("it is shown only once")).to_be_visible()
    # No key leaves the page while the secret is shown: it would be lost.
    await focus_by_tab(form.get_by_role("button", name="Copy API key"))
    for key in ("Escape", "g", "n"):
        await page.keyboard.press(key)
    await press(form.get_by_label("I have stored it"), "Space")
    await press(form.get_by_role("button", name="Done"))
    await expect(form).to_have_count(0)
    await expect(create).to_be_focused()
    row = page.get_by_role("row").filter(has_text="by keyboard")
    await focus_by_tab(page.get_by_role("row").nth(1))
    await to_row(page, "by keyboard")
    await page.keyboard.press("Enter")
    await press(form.get_by_role("button", name="Rotate"))
    await press(page.get_by_role("button", name="Rotate key"))
    await expect(page.get_by_text("it is shown only once")).to_be_visible()
    await page.keyboard.press("Escape")
    await press(page.get_by_label("I have stored it"), "Space")
    await press(page.get_by_role("button", name="Done"))
    await expect(form).to_have_count(1)
    await press(form.get_by_role("button", name="Revoke"))
    question = page.get_by_role("dialog", name="Revoke")
    await expect(question).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(question).to_have_count(0)
    await expect(form.get_by_role("button", name="Revoke")).to_be_focused()
    await page.keyboard.press("Enter")
    await press(question.get_by_role("button", name="Revoke key"))
    await expect(row).to_have_count(0)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await has_focus(page)


async def to_row(page: Page, text: str) -> None:
    """Move with the arrow key to the row with a text."""
    row = page.get_by_role("row").filter(has_text=text)
    for _ in range(20):
        if await row.evaluate("(node) => node === document.activeElement"):
            return
        await page.keyboard.press("ArrowDown")
    await expect(row).to_be_focused()


async def has_focus(page: Page) -> None:
    """Wait until the focus is on something of the page."""
    # Not by `wait_for_function`: what it repeats is an `eval`, which the page's policy refuses.
    await expect(page.locator(":focus")).to_have_count(1)


async def test_a_webhook_is_registered_and_pinged(tab: Tab, tenant: Tenant, endpoint: Receiver) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/webhooks")
    await press(page.get_by_role("button", name="New webhook"))
    form = page.get_by_role("dialog")
    await focus_by_tab(form.get_by_label("URL", exact=True))
    await page.keyboard.type(endpoint.url())
    await press(form.get_by_role("button", name="Create webhook"))
    await press(form.get_by_label("I have stored it"), "Space")
    await press(form.get_by_role("button", name="Done"))
    await expect(page.get_by_role("main")).to_be_focused()
    ping = page.get_by_role("button", name="Send a ping")
    await press(ping)
    await expect(form.get_by_text("Delivered by attempt 1")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(form).to_have_count(0)
    await expect(ping).to_be_focused()


async def test_calls_are_sorted_selected_and_cancelled(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.change_trunk(paused=True)
    for n in range(3):
        tenant.placed(f"+1555010100{n}")
    await tab.sign_in(tenant.key, "/calls")
    rows = page.get_by_role("row")
    await expect(rows).to_have_count(4)
    await press(page.get_by_role("button", name="Callee"))
    await expect(page.get_by_role("columnheader", name="Callee")).to_have_attribute("aria-sort", "ascending")
    await expect(rows.nth(1)).to_contain_text("+15550101000")
    await focus_by_tab(rows.nth(1))
    await page.keyboard.press("End")
    await expect(rows.nth(3)).to_be_focused()
    await page.keyboard.press("Space")
    await expect(rows.nth(3)).to_have_attribute("aria-selected", "true")
    await focus_by_tab(page.get_by_role("button", name="Clear", exact=True), "Shift+Tab")
    await page.keyboard.press("Enter")
    await expect(rows.nth(3)).to_have_attribute("aria-selected", "false")
    await has_focus(page)
    await focus_by_tab(page.get_by_label("Select all loaded rows"), "Shift+Tab")
    await page.keyboard.press("Space")
    await focus_by_tab(page.get_by_role("button", name="Cancel 3 calls"), "Shift+Tab")
    await page.keyboard.press("Enter")
    await press(page.get_by_role("dialog").get_by_role("button", name="Cancel 3 calls"))
    await expect(page.get_by_text("3 cancelled.")).to_be_visible()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await has_focus(page)


async def test_searching_keeps_the_focus_and_the_way_back(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.api.post("/api/v1/suppressions", json={"numbers": ["+15550100001"], "reason": "asked"})
    await tab.sign_in(tenant.key, "/calls")
    for path, field, text in (
        ("/calls", "Phone number, call id", "order=1"),
        ("/calls?view=refused", "Phone number", "+15550100001"),
        ("/rules", "Number, or its beginning", "+1555"),
    ):
        await page.goto(path)
        search = page.get_by_label(field)
        await expect(search).to_be_visible()
        await page.keyboard.press("/")
        await page.keyboard.type(text)
        await page.keyboard.press("Enter")
        await page.wait_for_url("**=*1*")
        await expect(search).to_be_focused()
        await page.go_back()
        await expect(search).to_have_value("")
