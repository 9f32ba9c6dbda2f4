"""The pages of what happens now, and of trunks."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSES_CREDENTIALS = "+15550100024"
NEVER_HANGS_UP = "+15550100011"
BUSY = "+15550100002"


async def test_now_shows_what_a_paused_trunk_holds_up_and_moves_when_it_dials(
    tab: Tab, tenant: Tenant
) -> None:
    await tab.sign_in(tenant.key, "/now")
    strip = tab.page.get_by_role("region", name="main")
    await expect(strip.get_by_text("No call waits.")).to_be_visible()
    tenant.wait_for_end(tenant.placed(REFUSES_CREDENTIALS))
    # A run that finds no further call leaves it to the next one to open the circuit breaker.
    held_up = tenant.placed(NEVER_HANGS_UP)
    await expect(strip.get_by_text("the trunk's credentials are missing or wrong")).to_be_visible()
    await expect(strip.get_by_text("It tries again")).to_be_visible()
    waits = strip.get_by_role("listitem").filter(has_text="1 call trunk paused")
    await expect(waits.get_by_text(re.compile(r"until \d+ "))).to_be_visible()
    await strip.get_by_role("button", name="Resume").click()
    await tab.page.get_by_role("dialog").get_by_role("button", name="Resume").click()
    await expect(figure(strip, "Talking")).to_have_text("1", timeout=30_000)
    await expect(strip.get_by_text("No call waits.")).to_be_visible()
    await expect(strip.get_by_role("img")).to_have_accessible_name(re.compile(r"at most [1-9]"))
    tenant.cancel(held_up)
    await expect(figure(strip, "Talking")).to_have_text("0")


def figure(strip: Locator, label: str) -> Locator:
    """The value of a key figure."""
    return strip.locator("dl > div").filter(has_text=label).locator("dd")


async def test_now_counts_why_calls_failed_and_leads_to_them(tab: Tab, tenant: Tenant) -> None:
    tenant.wait_for_end(tenant.placed(BUSY))
    await tab.sign_in(tenant.key, "/now")
    reason = tab.page.get_by_role("link", name=re.compile("dial busy"))
    await expect(reason).to_contain_text("The line was busy.")
    await tab.page.get_by_text("24 h").click()
    await tab.page.wait_for_url("**/now?minutes=1440")
    await tab.page.go_back()
    await tab.page.wait_for_url("**/now")
    await reason.click()
    await tab.page.wait_for_url("**/calls?*failure_reason=dial_busy*")
    await expect(tab.page.get_by_text(BUSY)).to_be_visible()


async def test_a_limit_above_the_operators_is_refused_in_the_apis_words(tab: Tab, tenant: Tenant) -> None:
    tab.expects(f"400 PATCH /api/v1/trunks/{tenant.trunk.id}")
    await tab.sign_in(tenant.key, "/trunks")
    await tab.page.get_by_role("row").filter(has_text="main").click()
    await tab.sees_heading("main")
    field = tab.page.get_by_label("Calls per second")
    await field.fill("51")
    await tab.page.get_by_role("button", name="Save limits").click()
    await expect(field).to_have_accessible_description(re.compile("cps must not exceed the trunk's own 50"))
    await field.fill("7")
    await tab.page.get_by_role("button", name="Save limits").click()
    await expect(tab.page.get_by_text("Budget 7/s")).to_be_visible()
    assert tenant.my_trunk()["cps"] == 7


async def test_a_shared_trunk_cannot_be_paused_and_the_page_says_why(tab: Tab, tenant: Tenant) -> None:
    other = tenant.stack.operator().tenants.create(f"{tenant.id}-beside")
    tenant.stack.operator().grant_trunk(tenant.trunk.id, other, None)
    await tab.sign_in(tenant.key, "/now")
    button = tab.page.get_by_role("button", name="Pause")
    await expect(button).to_be_disabled()
    await expect(button).to_have_accessible_description(re.compile("Other tenants use this trunk"))


async def test_another_tenants_trunk_is_not_found(tab: Tab, tenant: Tenant, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    tab.expects(f"404 GET /api/v1/trunks/{other.trunk.id}.*")
    await tab.sign_in(tenant.key, f"/trunks/{other.trunk.id}")
    await expect(tab.page.get_by_role("heading", name="Not found")).to_be_visible()


async def test_a_key_without_the_rights_sees_which_are_missing(tab: Tab, tenant: Tenant) -> None:
    """Nothing is asked for that is refused: any 403 fails this test."""
    await tab.sign_in(tenant.create_key("agents:read"), "/now")
    await expect(tab.page.get_by_text("Your key lacks the scope trunks:read.")).to_be_visible()
    await expect(tab.page.get_by_text("Your key lacks the scope calls:read.").first).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_now_and_trunks(open_tab: OpenTab, tenant: Tenant, scheme: str) -> None:
    tenant.wait_for_end(tenant.placed(BUSY))
    tenant.change_trunk(paused=True)
    tenant.placed(BUSY)
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/now")
    await expect(tab.page.get_by_text("dial busy")).to_be_visible()
    await expect(tab.page.get_by_text("Paused by request.")).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.goto("/trunks")
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.has_no_barriers()
    await tab.page.get_by_role("row").filter(has_text="main").click()
    await expect(tab.page.get_by_role("region", name="Events").get_by_text("by request")).to_be_visible()
    await tab.has_no_barriers()
