"""A campaign from a CSV file: dry run, start, results; cells with script are text."""

from __future__ import annotations

import json
import re

import pytest
from playwright.async_api import FilePayload, Page, expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = "<img src=x onerror=document.title='owned'>"
ROWS = f"Phone,{SCRIPT}\n+15550100001,{SCRIPT}\n+15550100002,Bob\n12,Bad\n+15550100001,Again\n"


def csv(text: str) -> FilePayload:
    return {"name": "autumn.csv", "mimeType": "text/csv", "buffer": text.encode()}


def ndjson(*rows: dict[str, str]) -> FilePayload:
    text = "\n".join(json.dumps(row) for row in rows)
    return {"name": "rows.ndjson", "mimeType": "application/x-ndjson", "buffer": text.encode()}


async def choose(page: Page, label: str, option: str) -> None:
    await page.get_by_role("combobox", name=label).click()
    await page.get_by_role("option", name=option, exact=True).click()


async def test_a_campaign_is_checked_then_started_and_has_results(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/batches")
    await expect(page.get_by_role("heading", name="No batches yet")).to_be_visible()
    await page.get_by_role("button", name="New batch").click()
    await page.locator("input[type=file]").set_input_files(csv(ROWS))
    await expect(page.get_by_role("cell", name=SCRIPT)).to_be_visible()
    await choose(page, "Agent", tenant.agent.name)
    await page.get_by_role("button", name="Check the rows").click()
    await page.wait_for_url("**/batches/bat_*")
    await expect(page.get_by_role("region", name="Forecast")).to_contain_text("2")
    refused = page.get_by_role("region", name="Refused rows")
    await expect(refused).to_contain_text("duplicate")
    await expect(refused).to_contain_text("invalid request")
    await page.get_by_role("button", name="Start").click()
    await page.get_by_role("dialog").get_by_role("button", name="Start").click()
    await expect(page.get_by_role("region", name="Why calls ended")).to_contain_text("busy")
    await page.get_by_role("link", name="Results").click()
    await expect(page.get_by_role("row")).to_have_count(5)
    await choose(page, "Rows", "refused")
    await expect(page.get_by_role("row")).to_have_count(3)
    await page.wait_for_url("**only=refused*")
    await page.goto(page.url.replace("only=refused", "status=failed"))
    await expect(page.get_by_role("row")).to_have_count(2)
    busy = page.get_by_role("row").filter(has_text="+15550100002").get_by_role("link")
    await expect(busy).to_have_attribute("href", re.compile("^/calls/[0-9a-f-]{36}$"))
    await page.get_by_role("button", name="Export as CSV").click()
    await expect(page.get_by_role("link", name="Download CSV")).to_be_visible()
    assert await page.title() == "autumn · Trunkline"
    assert await page.locator("img").count() == 0


async def test_an_upload_that_fails_says_so_and_goes_on_with_the_same_batch(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    failed = "net::ERR_CONNECTION_FAILED"
    tab.expects(rf"{failed} PUT .*/upload", f"console: Failed to load resource: {failed}")
    tab.expects("400 POST /api/v1/batches")
    workflow = {"slug": "checks", "channel": "phone", "entry_agent": tenant.agent.name}
    tenant.api.post("/api/v1/workflows", json=workflow).raise_for_status()
    await tab.sign_in(tenant.key, "/batches?create=true")
    await page.locator("input[type=file]").set_input_files(ndjson({"id": "r-1", "phone": "+15550100001"}))
    await choose(page, "Each row starts", "A workflow call")
    await choose(page, "Workflow", "checks (phone)")
    await page.get_by_label("No attempt after").fill("2026-01-01T00:00")
    await page.get_by_role("button", name="Check the rows").click()
    await expect(page.get_by_label("No attempt after")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("No attempt after").fill("")
    await page.route("**/upload?*", lambda route: route.abort("connectionfailed"))
    await page.get_by_role("button", name="Check the rows").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await page.unroute("**/upload?*")
    await page.get_by_role("button", name="Check the rows").click()
    await page.wait_for_url("**/batches/bat_*")
    batch = tenant.api.get(f"/api/v1/batches/{page.url.rsplit('/', 1)[1]}").json()
    assert (batch["kind"], batch["format"]) == ("workflow", "ndjson")
    assert batch["body"]["user_id"] == "{{row.id}}"
    await page.get_by_role("button", name="Cancel batch").first.click()
    await page.get_by_role("dialog").get_by_role("button", name="Cancel batch").click()
    await expect(page.get_by_text("It was cancelled.")).to_be_visible()
    await page.goto("/batches")
    await expect(page.get_by_role("row")).to_have_count(2)


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_the_pages_of_batches(
    open_tab: OpenTab, tenant: Tenant, scheme: str
) -> None:
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/batches?create=true")
    await tab.page.locator("input[type=file]").set_input_files(csv(ROWS))
    await expect(tab.page.get_by_role("cell", name="Bob")).to_be_visible()
    await tab.has_no_barriers()
    await choose(tab.page, "Agent", tenant.agent.name)
    await tab.page.get_by_role("button", name="Check the rows").click()
    await expect(tab.page.get_by_role("region", name="Forecast")).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.get_by_role("link", name="Results").click()
    await tab.has_no_barriers()
