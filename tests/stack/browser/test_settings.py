"""Settings in the dashboard: the integration guide's walk to an API key, sessions, audit log, LiveKit."""

from __future__ import annotations

import httpx
import pytest
from playwright.async_api import expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.shown_once import take_secret
from tests.stack.browser.tab import Tab
from tests.support import http
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
GUIDE_SCOPES = ("calls:initiate", "calls:read", "workflows:read", "webhooks:write")


def bearer(tenant: Tenant, key: str) -> httpx.Client:
    """curl, as the guide uses it."""
    headers = {"Authorization": f"Bearer {key}"}
    return http.client(base_url=tenant.stack.config.api_url, headers=headers)


async def test_the_guides_walk_to_an_api_key(tab: Tab, tenant: Tenant) -> None:
    """Dashboard → Settings → API Keys, Create API Key, scopes, environment, save the key; then revoke it."""
    page = tab.page
    await tab.sign_in(tenant.key)
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_role("button", name="Create API key").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Name").fill("crm backend")
    for scope in GUIDE_SCOPES:
        await form.get_by_role("checkbox", name=scope, exact=True).check()
    await form.get_by_text("Live (production)").click()
    await form.get_by_label("Requests per minute").fill("60")
    await form.get_by_role("button", name="Create API key").click()
    key = await take_secret(page, "API key")
    assert key.startswith("as_live_")

    with bearer(tenant, key) as curl:
        call = {"agentId": tenant.agent.id, "phoneNumber": "+15550100001"}
        placed = curl.post("/api/v1/calls/outbound", json=call)
        assert placed.status_code == 201, placed.text
        assert placed.headers["ratelimit-policy"] == '"key";q=60;w=60'
        assert curl.get("/api/v1/agents").json()["error"]["message"] == "Missing scope: agents:read"
        await page.get_by_role("row").filter(has_text="crm backend").click()
        await expect(page.get_by_role("dialog").get_by_text("Live (production)")).to_be_visible()
        await page.get_by_role("button", name="Revoke").click()
        await page.get_by_role("button", name="Revoke key").click()
        await expect(page.get_by_role("row").filter(has_text="crm backend")).to_have_count(0)
        assert curl.get("/api/v1/session").status_code == 401

    await page.get_by_role("link", name="Audit log").click()
    for action in ("api_key.created", "api_key.revoked"):
        row = page.get_by_role("row").filter(has_text=action).first
        await expect(row).to_contain_text("session")


async def test_a_wrong_key_form_says_why_at_the_field(tab: Tab, tenant: Tenant) -> None:
    tab.expects("400 POST /api/v1/api-keys")
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/api-keys?new=true")
    form = page.get_by_role("dialog")
    await form.get_by_role("button", name="Create API key").click()
    await expect(form.get_by_label("Name")).to_have_accessible_description(
        "Validation error: name must be 1 to 100 characters Who uses it, and for what."
    )


async def test_a_key_is_rotated_with_an_overlap(tab: Tab, tenant: Tenant) -> None:
    old = tenant.create_key("calls:read")
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/api-keys")
    await page.get_by_role("row").filter(has_text=old[-4:]).click()
    await page.get_by_role("dialog").get_by_role("button", name="Rotate").click()
    await page.get_by_role("button", name="Rotate key").click()
    new = await take_secret(page, "API key")
    for key in (old, new):
        with bearer(tenant, key) as curl:
            assert curl.get("/api/v1/session").status_code == 200


async def test_test_mode_sees_and_makes_test_keys_alone(tab: Tab, tenant: Tenant) -> None:
    practice = tenant.create_key(livemode=False)
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/api-keys")
    await expect(page.get_by_text("as_live_").first).to_be_visible()
    await page.get_by_text("Test", exact=True).click()
    await expect(page.get_by_text(practice[-4:])).to_be_visible()
    await expect(page.get_by_text("as_live_")).to_have_count(0)
    await page.get_by_role("button", name="Create API key").click()
    await expect(page.get_by_label("Live (production)")).to_be_disabled()


async def test_a_session_of_a_test_key_sees_no_live_key(tab: Tab, tenant: Tenant) -> None:
    await tab.sign_in(tenant.create_key(livemode=False), "/settings/api-keys")
    await expect(tab.page.get_by_text("as_test_").first).to_be_visible()
    await expect(tab.page.get_by_text("as_live_")).to_have_count(0)
    await expect(tab.page.get_by_text("Live", exact=True)).to_have_count(0)


async def test_another_session_is_ended_and_then_all_others(
    tab: Tab, open_tab: OpenTab, tenant: Tenant
) -> None:
    other = await open_tab()
    other.expects("401 GET /api/v1/.*")
    name = "left open"
    left_open = tenant.stack.operator().create_key(tenant.id, name, ["calls:read"], livemode=True)
    await other.sign_in(left_open)
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/sessions")
    await expect(page.get_by_role("row").filter(has_text="you")).to_have_count(1)
    await page.get_by_role("button", name=f"End the session of {name}").click()
    await page.get_by_role("button", name="End session").click()
    await expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)
    await other.page.get_by_role("link", name="Webhooks").click()
    await expect(other.page.get_by_text("Your session has ended")).to_be_visible()
    opened = tenant.api.post("/api/v1/session", json={"api_key": left_open}, headers={"x-api-key": left_open})
    assert opened.status_code == 201
    await page.get_by_role("link", name="API keys").click()
    await page.get_by_role("link", name="Sessions").click()
    await expect(page.get_by_role("row").filter(has_text=name)).to_have_count(1)
    await page.get_by_role("button", name="End all other sessions").click()
    await page.get_by_role("dialog").get_by_role("button", name="End all others").click()
    await expect(page.get_by_role("row").filter(has_text=name)).to_have_count(0)
    await expect(page.get_by_role("row").filter(has_text="you")).to_have_count(1)


async def test_own_livekit_is_refused_at_the_field_and_in_test_mode(tab: Tab, tenant: Tenant) -> None:
    tab.expects("400 PUT /api/v1/livekit")
    page = tab.page
    await tab.sign_in(tenant.key, "/settings/livekit")
    await expect(page.get_by_text("Your calls use the deployment’s LiveKit project.")).to_be_visible()
    await page.get_by_label("URL").fill("wss://10.0.0.1")
    await page.get_by_label("API key").fill("APIown")
    await page.get_by_label("API secret").fill("s" * 32)
    await page.get_by_role("button", name="Use this project").click()
    await expect(page.get_by_label("URL")).to_have_attribute("aria-invalid", "true")
    await page.get_by_text("Test", exact=True).click()
    await expect(page.get_by_text("switch to live mode to change the project")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_in_settings(open_tab: OpenTab, tenant: Tenant, scheme: str) -> None:
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/settings/api-keys?new=true")
    await expect(tab.page.get_by_role("checkbox", name="audit:read")).to_be_visible()
    await tab.has_no_barriers()
    for part, seen in (
        ("api-keys", "API keys"),
        ("sessions", "Sessions"),
        ("audit", "Audit log"),
    ):
        await tab.page.goto(f"/settings/{part}")
        await expect(tab.page.get_by_role("grid", name=seen)).to_be_visible()
        await tab.has_no_barriers()
    for part, text in (("limits", "Calls in progress"), ("livekit", "Use a project of your own")):
        await tab.page.goto(f"/settings/{part}")
        await expect(tab.page.get_by_role("heading", name=text)).to_be_visible()
        await tab.has_no_barriers()
