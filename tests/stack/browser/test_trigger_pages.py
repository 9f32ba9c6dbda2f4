"""The pages of triggers."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import httpx
import pytest
from playwright.async_api import Locator, expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.stack.fixtures_tenants import MakeTenant
from tests.support import http
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")


def send(tenant: Tenant, trigger_url: str, secret: str, **event: str) -> httpx.Response:
    """Send an event as another system would."""
    address = tenant.stack.config.api_url + urlsplit(trigger_url).path
    headers = {"Authorization": f"Bearer {secret}"}
    return httpx.post(address, json=event, headers=headers, verify=http.TLS, timeout=60)


async def store(dialog: Locator) -> None:
    """Say that a secret was stored, and close its dialog."""
    await dialog.get_by_label("I have stored it").check()
    await dialog.get_by_role("button", name="Done").click()


def created(tenant: Tenant, name: str = "leads") -> dict[str, str]:
    body = {"agentId": tenant.agent.id, "phoneNumber": "{{event.phone}}"}
    spec = {"name": name, "kind": "outbound", "body": body}
    made: dict[str, str] = tenant.api.post("/api/v1/triggers", json=spec).json()
    return made


async def test_a_trigger_is_made_and_what_came_of_its_events_is_in_its_history(
    tab: Tab, tenant: Tenant
) -> None:
    tab.expects("400 POST /api/v1/triggers")
    page = tab.page
    await tab.sign_in(tenant.key, "/triggers")
    await page.get_by_role("button", name="New trigger").click()
    await tab.sees_heading("New trigger")
    await page.get_by_role("combobox", name="Agent").click()
    await page.get_by_role("option", name=tenant.agent.name).click()
    await page.get_by_role("button", name="Create trigger").click()
    await expect(page.get_by_label("Name")).to_have_accessible_description(re.compile("name"))
    await page.get_by_label("Name").fill("leads")
    await page.get_by_role("button", name="Create trigger").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("it is shown only once.")
    secret, url = (await dialog.locator("code").all_inner_texts())[:2]
    await store(dialog)
    await tab.sees_heading("leads")
    sent = send(tenant, url, secret, id="e-1", phone="+15550100001")
    assert (sent.status_code, sent.json()["outcome"]) == (202, "called")
    assert send(tenant, url, secret, id="e-2").status_code == 400
    history = page.get_by_role("list", name="Events")
    called = history.get_by_role("listitem").filter(has_text="called")
    await expect(called).to_contain_text("e-1")
    await expect(called.get_by_role("link")).to_have_attribute("href", f"/calls/{sent.json()['call_id']}")
    await expect(history.get_by_role("listitem").filter(has_text="refused")).to_contain_text("phone")
    await page.reload()
    await expect(history.get_by_role("listitem")).to_have_count(2)
    assert secret not in await page.content()


async def test_a_rotated_secret_replaces_the_old_one_and_a_disabled_trigger_rejects(
    tab: Tab, tenant: Tenant
) -> None:
    trigger = created(tenant)
    page = tab.page
    await tab.sign_in(tenant.key, f"/triggers/{trigger['id']}")
    await page.get_by_role("button", name="Rotate secret").click()
    await page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    dialog = page.get_by_role("dialog", name="The secret of leads")
    secret = await dialog.locator("code").first.inner_text()
    await store(dialog)
    number = "+15550100001"
    assert send(tenant, trigger["url"], trigger["secret"], id="e-1", phone=number).status_code == 401
    assert send(tenant, trigger["url"], secret, id="e-1", phone=number).status_code == 202
    await page.get_by_role("button", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("heading", name="disabled")).to_be_visible()
    assert send(tenant, trigger["url"], secret, id="e-2", phone=number).status_code == 401


async def test_a_trigger_is_changed_while_it_is_changed_elsewhere_and_deleted(
    tab: Tab, tenant: Tenant
) -> None:
    trigger = created(tenant)
    page = tab.page
    await tab.sign_in(tenant.key, f"/triggers/{trigger['id']}")
    await page.get_by_label("Only when").fill("type == 'lead'")
    path = f"/api/v1/triggers/{trigger['id']}"
    tenant.api.patch(path, json={"description": "theirs"})
    await page.get_by_role("button", name="Disable").click()
    await page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    await expect(page.get_by_role("alert")).to_contain_text("Changed elsewhere")
    await expect(page.get_by_label("Only when")).to_have_value("type == 'lead'")
    await page.get_by_role("button", name="Keep my edits").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("Version 4.")).to_be_visible()
    changed = tenant.api.get(path).json()
    assert (changed["description"], changed["when"]) == ("theirs", "type == 'lead'")
    await page.get_by_role("button", name="Delete").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_role("button", name="Delete")).to_be_disabled()
    await dialog.get_by_label(re.compile("to confirm")).fill("leads")
    await dialog.get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", name="No triggers yet")).to_be_visible()


async def test_another_tenants_trigger_is_not_found(
    tab: Tab, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    trigger = created(await make_tenant())
    tab.expects(f"404 GET /api/v1/triggers/{trigger['id']}.*")
    await tab.sign_in(tenant.key, f"/triggers/{trigger['id']}")
    await expect(tab.page.get_by_role("heading", name="Not found")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_triggers(open_tab: OpenTab, tenant: Tenant, scheme: str) -> None:
    trigger = created(tenant)
    send(tenant, trigger["url"], trigger["secret"], id="e-1", phone="+15550100001")
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/triggers")
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.has_no_barriers()
    await tab.page.get_by_role("row").filter(has_text="leads").click()
    await expect(tab.page.get_by_role("list", name="Events").get_by_role("listitem")).to_have_count(1)
    await tab.has_no_barriers()
    await tab.page.goto("/triggers/new")
    await tab.sees_heading("New trigger")
    await tab.has_no_barriers()
