"""The frame of every page: mode, keyboard, text that is text, and what axe finds."""

from __future__ import annotations

import uuid

import pytest
from playwright.async_api import expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.support.tenant import ALL_SCOPES, Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


async def test_script_in_a_name_is_text(tab: Tab, tenant: Tenant) -> None:
    key = tenant.stack.operator().create_key(tenant.id, SCRIPT[:100], ALL_SCOPES, livemode=True)
    await tab.sign_in(key)
    await expect(tab.page.get_by_text(SCRIPT[:100])).to_be_visible()
    await expect(tab.page).to_have_title("Calls · Trunkline")
    assert await tab.page.locator("img").count() == 0


async def test_test_mode_is_unmistakable_and_shows_test_calls_alone(tab: Tab, tenant: Tenant) -> None:
    call_id = tenant.placed("+15550100001")
    tenant.wait_for_end(call_id)
    await tab.sign_in(tenant.key)
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.page.get_by_text("Test", exact=True).click()
    await expect(tab.page.get_by_text("No phone rings here.")).to_be_visible()
    await expect(tab.page.get_by_role("heading", name="No calls yet")).to_be_visible()
    await tab.page.reload()
    await expect(tab.page.get_by_text("No phone rings here.")).to_be_visible()
    await tab.page.get_by_text("Live", exact=True).click()
    await expect(tab.page.get_by_role("row")).to_have_count(2)


async def test_the_keyboard_alone_does_the_main_path(tab: Tab, tenant: Tenant) -> None:
    call_id = tenant.placed("+15550100001")
    tenant.wait_for_end(call_id)
    page = tab.page
    await page.goto(f"/sign-in#key={tenant.key}")
    await expect(page.get_by_role("button", name="Sign in with the demo key")).to_be_focused()
    await page.keyboard.press("Enter")
    await tab.sees_heading("Now")
    await page.keyboard.press("g")
    await page.keyboard.press("c")
    await tab.sees_heading("Calls")
    await page.keyboard.press("?")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.keyboard.press("/")
    await expect(page.get_by_label("Phone number")).to_be_focused()
    await page.keyboard.type("+15550100001")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/calls?phone_number=*")
    row = page.get_by_role("row").filter(has_text="+15550100001")
    await row.focus()
    await page.keyboard.press("Home")
    await expect(row).to_be_focused()


async def test_an_address_without_a_page_says_so(tab: Tab, tenant: Tenant) -> None:
    await tab.sign_in(tenant.key)
    await tab.page.goto(f"/nothing-{uuid.uuid4()}")
    await expect(tab.page.get_by_role("heading", name="No such page")).to_be_visible()


async def test_a_right_that_the_key_lacks_is_named(tab: Tab, tenant: Tenant) -> None:
    tab.expects("403 GET /api/v1/calls")
    await tab.sign_in(tenant.create_key("agents:read"))
    await expect(tab.page.get_by_text("Your key lacks the scope calls:read.")).to_be_visible()


async def test_a_failure_is_shown_and_recovered_from(tab: Tab, tenant: Tenant) -> None:
    tab.expects("503 GET /api/v1/calls")
    await tab.page.route(
        "**/api/v1/calls?*", lambda route: route.fulfill(status=503, headers={"Retry-After": "0"}, body="{}")
    )
    await tab.sign_in(tenant.key)
    await expect(tab.page.get_by_role("heading", name="The API failed")).to_be_visible()
    await tab.page.unroute("**/api/v1/calls?*")
    await tab.page.get_by_role("button", name="Try again").click()
    await expect(tab.page.get_by_role("heading", name="No calls yet")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_sign_in_and_calls(
    open_tab: OpenTab, tenant: Tenant, scheme: str
) -> None:
    tenant.wait_for_end(tenant.placed("+15550100002"))
    tab = await open_tab(scheme=scheme)
    await tab.page.goto("/sign-in")
    await tab.sees_heading("Sign in")
    await tab.has_no_barriers()
    await tab.sign_in(tenant.key)
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.has_no_barriers()


async def test_a_narrow_window_has_its_navigation_behind_a_button(open_tab: OpenTab, tenant: Tenant) -> None:
    tab = await open_tab(width=390)
    await tab.sign_in(tenant.key)
    assert await tab.page.evaluate("document.documentElement.scrollWidth") <= 390
    await tab.page.get_by_role("button", name="Open the navigation").click()
    await tab.page.get_by_role("dialog").get_by_role("link", name="Calls").click()
    await expect(tab.page.get_by_role("dialog")).to_have_count(0)
