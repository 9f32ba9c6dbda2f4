"""Agents, workflows, tools and schedules: edited, compared, tried and run."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_agent_is_edited_and_its_versions_are_compared(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects(f"400 PATCH /api/v1/agents/{tenant.agent.id}")
    await tab.sign_in(tenant.key, f"/agents/{tenant.agent.id}")
    ring = page.get_by_label("Rings for at most")
    await ring.fill("2")
    await page.get_by_role("button", name="Save").click()
    await expect(ring).to_have_attribute("aria-invalid", "true")
    for seconds, version in (("31", 2), ("33", 3)):
        await ring.fill(seconds)
        await page.get_by_role("button", name="Save").click()
        await expect(page.get_by_text(f"Saved as version {version}.")).to_be_visible()
    await page.get_by_role("link", name="Versions").click()
    changes = page.get_by_role("list", name="Changes")
    await expect(changes).to_contain_text("ring_timeout_s")
    await expect(changes.get_by_label("before")).to_contain_text("31")
    await expect(changes.get_by_label("after")).to_contain_text("33")


async def test_a_schedule_is_previewed_made_and_run_now(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects("400 POST /api/v1/schedules/preview")
    await tab.sign_in(tenant.key, "/schedules?create=true")
    runs = page.get_by_role("region", name="Next runs").get_by_role("listitem")
    await expect(runs).to_have_count(5)
    await page.get_by_label("Crontab line").fill("61 * * * *")
    await expect(page.get_by_label("Crontab line")).to_have_attribute("aria-invalid", "true")
    await page.get_by_label("Crontab line").fill("30 8 * * mon-fri")
    await expect(runs).to_have_count(5)
    await page.get_by_label("Name", exact=True).fill("morning")
    await page.get_by_role("combobox", name="Agent").click()
    await page.get_by_role("option", name=tenant.agent.name).click()
    await page.get_by_role("combobox", name="Phone number").fill("+15550100001")
    await page.get_by_role("button", name="Create schedule").click()
    await tab.sees_heading("morning")
    await page.get_by_role("button", name="Run now").click()
    await page.get_by_role("dialog").get_by_role("button", name="Run now").click()
    await expect(page.get_by_role("row").filter(has_text="The call was created.")).to_be_visible()
    await page.get_by_role("button", name="Pause").click()
    await expect(page.get_by_role("button", name="Resume")).to_be_visible()


async def test_a_tool_shows_its_request_and_a_secret_is_never_shown(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/tools?tab=secrets")
    await page.get_by_role("button", name="New secret").click()
    await page.get_by_role("textbox", name="Name").fill("crm")
    await page.get_by_label("Value", exact=True).fill("value-of-the-secret")
    await page.get_by_role("button", name="Create secret").click()
    await expect(page.get_by_role("button", name="Delete crm")).to_be_visible()
    await page.goto("/tools?create=true")
    await page.get_by_label("Name", exact=True).fill("save_meal")
    await page.get_by_text("JSON", exact=True).click()
    config = """{"parameters": [{"name": "meal", "type": "string"}], "actions": [{"type": "api_call",
      "method": "POST", "url": "https://example.com/meals", "headers": {"X-Key": "{{secrets.crm}}"},
      "body": {"meal": "{{params.meal}}"}}]}"""
    await page.get_by_role("textbox", name="Config").fill(config)
    await page.get_by_text("Fields", exact=True).click()
    await expect(page.get_by_label("URL")).to_have_value("https://example.com/meals")
    await page.get_by_role("button", name="Create tool").click()
    await page.get_by_role("link", name="Try").click()
    await page.get_by_label("params").fill('{"meal": "<b>two eggs</b>"}')
    await page.get_by_role("button", name="Show the requests").click()
    request = page.get_by_label("Resolved request")
    await expect(request).to_contain_text("<b>two eggs</b>")
    assert "value-of-the-secret" not in await page.content()
    await page.goto("/tools?tab=secrets")
    await page.get_by_role("button", name="Delete crm").click()
    await expect(page.get_by_role("dialog")).to_contain_text("tool save_meal")


async def test_ids_of_nothing_of_the_tenants_are_not_found(tab: Tab, tenant: Tenant) -> None:
    tab.expects(r"404 GET /api/v1/.*")
    await tab.sign_in(tenant.key, "/agents")
    for path in (
        "agents/21a4845a-90ad-5114-9649-451485ea4190",
        "batches/bat_x",
        "schedules/sch_x",
        "tools/x",
    ):
        await tab.page.goto(f"/{path}")
        await expect(tab.page.get_by_role("heading", name="Not found")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_the_pages_to_build(
    open_tab: OpenTab, tenant: Tenant, scheme: str
) -> None:
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/agents")
    for path, heading in (
        (f"/agents/{tenant.agent.id}", tenant.agent.name),
        ("/workflows?create=true", "New workflow"),
        ("/tools?create=true", "New tool"),
        ("/tools?tab=secrets", "Tools"),
        ("/schedules?create=true", "New schedule"),
    ):
        await tab.page.goto(path)
        await tab.sees_heading(heading)
        await tab.has_no_barriers()
