"""Webhooks in the dashboard: make one, break it, see why, and replay."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import Locator, Page, expect

from local.webhook_receiver import Receiver
from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.shown_once import take_secret
from tests.stack.browser.tab import Tab
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.tenant import Tenant
from tests.support.webhooks import create_webhook, verified_by_the_guide

pytestmark = pytest.mark.asyncio(loop_scope="session")
HOSTILE = b"<script>document.title='owned'</script>"


async def ping(page: Page) -> Locator:
    """Send a ping; return the panel with its delivery."""
    await page.get_by_role("button", name="Send a ping").click()
    panel = page.get_by_role("dialog")
    await expect(panel.get_by_text("webhook.ping").first).to_be_visible()
    return panel


async def test_a_webhook_is_made_broken_understood_and_replayed(
    tab: Tab, tenant: Tenant, endpoint: Receiver
) -> None:
    tab.expects("400 POST /api/v1/webhooks")
    page = tab.page
    await tab.sign_in(tenant.key, "/webhooks")
    await expect(page.get_by_role("heading", name="No webhooks yet")).to_be_visible()
    await page.get_by_role("button", name="New webhook").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("URL", exact=True).fill("ftp://10.0.0.1/")
    await page.get_by_role("button", name="Create webhook").click()
    await expect(page.get_by_text("the URL must begin with https://")).to_be_visible()
    await form.get_by_label("URL", exact=True).fill(endpoint.url())
    await form.get_by_label("Attempts for each delivery").fill("1")
    await page.get_by_role("button", name="Create webhook").click()
    secret = await take_secret(page, "signing secret")
    await expect(page.get_by_text("hmac.compare_digest")).to_be_visible()

    panel = await ping(page)
    await expect(panel.get_by_text("Delivered by attempt 1 of 1.")).to_be_visible()
    await expect(panel.get_by_label("body as JSON", exact=True)).to_contain_text("webhook.ping")
    await expect(panel.get_by_label("Headers of the request")).to_contain_text(
        "X-Webhook-Signature: [hidden]"
    )
    assert verified_by_the_guide(secret, endpoint.wait_for("/hook", 1)[0])
    await page.keyboard.press("Escape")

    endpoint.respond = lambda _: (410, {}, HOSTILE)
    panel = await ping(page)
    await expect(panel.get_by_text("The endpoint answered 410 Gone")).to_be_visible()
    await expect(panel.get_by_text(HOSTILE.decode())).to_be_visible()
    await page.keyboard.press("Escape")
    health = page.get_by_label("Health")
    await expect(health).to_contain_text("Trunkline disabled it: the endpoint answered 410 Gone.")

    endpoint.respond = lambda _: 200
    await health.get_by_role("button", name="Enable").click()
    await expect(health).not_to_contain_text("disabled it")
    await page.get_by_role("row").filter(has_text="failed").click()
    await panel.get_by_role("button", name="Send again").click()
    await expect(panel.get_by_text("Delivered by attempt 1 of 1.")).to_be_visible()
    first, second = endpoint.wait_for("/hook", 3)[1:]
    assert first.event["id"] == second.event["id"]
    assert await page.title() != "owned"


async def test_what_failed_is_recovered_since_a_time(tab: Tab, tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url(), max_attempts=1)
    endpoint.respond = lambda _: 500
    for _ in range(2):
        tenant.api.post(f"/api/v1/webhooks/{webhook['id']}/test")
    page = tab.page
    await tab.sign_in(tenant.key, f"/webhooks/{webhook['id']}")
    # Two that fail in the same moment may be counted once.
    await expect(page.get_by_label("Health")).to_contain_text(re.compile("requests? in a row failed"))
    await expect(page.get_by_role("row").filter(has_text="failed")).to_have_count(2)
    endpoint.respond = lambda _: 200
    await page.get_by_role("button", name="Recover").click()
    await page.get_by_role("button", name="Send again").click()
    await expect(page.get_by_text("Sent again: 2.")).to_be_visible()
    await page.get_by_role("dialog").get_by_role("button", name="Close").last.click()
    await page.get_by_label("State", exact=True).select_option("succeeded")
    await page.wait_for_url("**state=succeeded*")
    await expect(page.get_by_role("row").filter(has_text="succeeded")).to_have_count(2)
    await page.go_back()
    await expect(page.get_by_role("row").filter(has_text="failed")).to_have_count(2)


async def test_a_secret_is_rotated_with_an_overlap_that_ends(
    tab: Tab, tenant: Tenant, endpoint: Receiver
) -> None:
    webhook = create_webhook(tenant, endpoint.url())
    page = tab.page
    await tab.sign_in(tenant.key, f"/webhooks/{webhook['id']}?tab=settings")
    await page.get_by_role("button", name="Rotate secret").click()
    await page.get_by_role("dialog").get_by_role("button", name="Rotate secret").click()
    # The page reads the webhook again meanwhile: the secret must stay until it is stored.
    await expect(page.get_by_text("Two secrets sign until")).to_be_attached()
    secret = await take_secret(page, "signing secret")
    await expect(page.get_by_text("Two secrets sign until")).to_be_visible()
    await page.get_by_role("button", name="End the overlap now").click()
    await page.get_by_role("button", name="End overlap").click()
    await expect(page.get_by_text("Two secrets sign until")).to_have_count(0)
    await ping(page)
    assert verified_by_the_guide(secret, endpoint.wait_for("/hook", 1)[0])


async def test_who_may_only_read_sees_what_is_missing(tab: Tab, tenant: Tenant, endpoint: Receiver) -> None:
    webhook = create_webhook(tenant, endpoint.url())
    await tab.sign_in(tenant.create_key("webhooks:read"), f"/webhooks/{webhook['id']}")
    button = tab.page.get_by_role("button", name="Send a ping")
    await expect(button).to_be_disabled()
    await button.hover()
    await expect(tab.page.get_by_text("Your session lacks the scope webhooks:write.")).to_be_visible()


async def test_a_webhook_of_another_tenant_is_not_found(
    tab: Tab, tenant: Tenant, make_tenant: MakeTenant, endpoint: Receiver
) -> None:
    webhook = create_webhook(await make_tenant(), endpoint.url())
    tab.expects(r"404 GET /api/v1/webhooks/\S+")
    await tab.sign_in(tenant.key, f"/webhooks/{webhook['id']}")
    await expect(tab.page.get_by_role("heading", name="Not found")).to_be_visible()


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_webhooks(
    open_tab: OpenTab, tenant: Tenant, endpoint: Receiver, scheme: str
) -> None:
    values = {"headers": {"X-Token": "hunter22"}, "description": "Orders backend"}
    webhook = create_webhook(tenant, endpoint.url(), **values)
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, "/webhooks?new=true")
    await expect(tab.page.get_by_role("dialog").get_by_label("URL", exact=True)).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.goto("/webhooks")
    await expect(tab.page.get_by_role("row")).to_have_count(2)
    await tab.has_no_barriers()
    await tab.page.goto(f"/webhooks/{webhook['id']}")
    panel = await ping(tab.page)
    await expect(panel.get_by_text("Delivered by")).to_be_visible()
    await expect(panel.get_by_label("body as JSON", exact=True)).to_be_visible()
    await tab.has_no_barriers()
    for part in ("settings", "verify"):
        await tab.page.goto(f"/webhooks/{webhook['id']}?tab={part}")
        await expect(tab.page.get_by_label("Health")).to_be_visible()
        await tab.has_no_barriers()
