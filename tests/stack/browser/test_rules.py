"""The page of rules: suppression list, prefixes, frequency cap."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")

NUMBER = "+15550100001"
SCRIPT = "<img src=x onerror=\"document.title='owned'\">"


async def test_a_suppressed_number_is_not_called_until_it_is_released(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/rules")
    await page.get_by_role("button", name="Add numbers").click()
    await page.get_by_label("Numbers", exact=True).fill(NUMBER)
    await page.get_by_label("Reason").fill(SCRIPT)
    await page.get_by_role("button", name="Add 1 number").click()
    row = page.get_by_role("row").filter(has_text=NUMBER)
    await expect(row).to_contain_text(SCRIPT)
    refused = tenant.place(NUMBER)
    assert (refused.status_code, refused.json()["error"]["type"]) == (403, "suppressed")
    await row.get_by_role("checkbox").check()
    await page.get_by_role("button", name="Release 1 number").click()
    await page.get_by_role("dialog").get_by_role("button", name="Release").click()
    await expect(page.get_by_role("heading", name="No number is suppressed")).to_be_visible()
    assert tenant.place(NUMBER).status_code == 201
    assert await page.title() == "Rules · Trunkline"


async def test_a_csv_file_is_imported_and_searched(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    numbers = [f"+1415555{n:04d}" for n in range(1200)] + ["+4930901820"]
    rows = "\r\n".join(["phone;name", *(f"{number};Ada" for number in numbers), f"{SCRIPT};Eve"])
    await tab.sign_in(tenant.key, "/rules")
    await page.get_by_role("button", name="Add numbers").click()
    async with page.expect_file_chooser() as chooser:
        await page.get_by_role("button", name="Choose a CSV file").click()
    file = {"name": "list.csv", "mimeType": "text/csv", "buffer": f"\ufeff{rows}".encode("utf-16")}
    await (await chooser.value).set_files(file)  # type: ignore[arg-type]
    await expect(page.get_by_text("1,201 numbers", exact=True)).to_be_visible()
    await expect(page.get_by_text(f"line 1203: {SCRIPT}"[:50])).to_be_visible()
    await page.get_by_role("button", name="Add 1,201 numbers").click()
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_label("Number, or its beginning").fill("+49 30")
    await page.keyboard.press("Enter")
    await page.wait_for_url(re.compile(r"/rules\?number="))
    await expect(page.get_by_role("row")).to_have_count(2)
    await expect(page.get_by_role("row").filter(has_text="+4930901820")).to_be_visible()


async def test_number_rules_are_saved_and_refused_in_the_apis_words(tab: Tab, tenant: Tenant) -> None:
    tab.expects("400 PUT /api/v1/number-rules")
    page = tab.page
    await tab.sign_in(tenant.key, "/rules?tab=numbers")
    denied = page.get_by_role("combobox", name="Denied prefixes")
    await denied.fill("+1900")
    await page.keyboard.press("Enter")
    await page.get_by_label("At most this many attempts").fill("3")
    save = page.get_by_role("region", name="Number rules").get_by_role("button", name="Save rules")
    dialog = page.get_by_role("dialog")
    await save.click()
    await expect(dialog).to_contain_text("fail as number_not_allowed")
    await dialog.get_by_role("button", name="Save rules").click()
    await expect(dialog).to_contain_text("frequency_cap must have max_attempts")
    await dialog.get_by_role("button", name="Cancel").click()
    await expect(dialog).to_have_count(0)
    await expect(page.get_by_text("frequency_cap must have max_attempts")).to_be_visible()
    await page.get_by_label("In this many hours").fill("24")
    await save.click()
    await dialog.get_by_role("button", name="Save rules").click()
    await expect(page.get_by_text("Saved.")).to_be_visible()
    rules = tenant.api.get("/api/v1/number-rules").json()
    assert rules["denied_prefixes"] == ["+1900"]
    assert rules["frequency_cap"] == {"max_attempts": 3, "per_hours": 24}


async def test_a_key_that_may_only_read_changes_nothing(tab: Tab, tenant: Tenant) -> None:
    await tab.sign_in(tenant.create_key("rules:read"), "/rules")
    button = tab.page.get_by_role("button", name="Add numbers")
    await expect(button).to_be_disabled()
    await expect(button).to_have_accessible_description("Your session lacks the scope rules:write.")


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_rules(open_tab: OpenTab, tenant: Tenant, scheme: str) -> None:
    tenant.api.post("/api/v1/suppressions", json={"numbers": [NUMBER], "reason": "asked"})
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/rules")
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.has_no_barriers()
    await tab.page.get_by_role("button", name="Add numbers").click()
    await tab.page.get_by_label("Numbers", exact=True).fill("04155\n+15550100002")
    await expect(tab.page.get_by_text("line 1: 04155")).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.goto("/rules?tab=numbers")
    await expect(tab.page.get_by_role("combobox", name="Denied prefixes")).to_be_visible()
    await tab.has_no_barriers()
