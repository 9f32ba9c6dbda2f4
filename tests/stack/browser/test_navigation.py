"""Addresses: back and forward, fresh links, two tabs, other tenants' ids, the way through Cognito."""

from __future__ import annotations

import base64
import hashlib
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.async_api import Page, Route, expect

from local.webhook_receiver import Receiver
from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.one_of_each import go_within, one_of_each
from tests.stack.browser.tab import Tab
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.tenant import ALL_SCOPES, Tenant
from tests.support.webhooks import create_webhook

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_nothing_of_another_tenant_is_found_at_any_address(
    tab: Tab, tenant: Tenant, make_tenant: MakeTenant, endpoint: Receiver
) -> None:
    page = tab.page
    theirs = "theirs-4711"
    paths = one_of_each(await make_tenant(), endpoint.url(), theirs)
    # Another tenant's delivery is asked for on a page of one's own.
    mine = create_webhook(tenant, endpoint.url())["id"]
    paths["delivery"] = f"/webhooks/{mine}?{urlsplit(paths['delivery']).query}"
    tab.expects(r"404 GET /api/v1/\S+")
    await tab.sign_in(tenant.key)
    await tab.sees_heading("Calls")
    for kind, path in paths.items():
        await go_within(page, path)
        await expect(page.get_by_role("heading", name="Not found"), kind).to_have_count(1)
        shown = await page.locator("body").inner_text()
        assert theirs not in shown.replace(path, ""), kind
        assert "+15550100002" not in shown, kind


async def test_back_and_forward_go_over_filters_tabs_and_dialogs(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    call_id = tenant.placed("+15550100002")
    tenant.wait_for_end(call_id)
    await tab.sign_in(tenant.key)
    await page.get_by_label("Status", exact=True).select_option("failed")
    await page.get_by_label("Period").select_option("24h")
    await page.get_by_role("row").filter(has_text="+15550100002").click()
    await page.get_by_role("tab", name="JSON").click()
    await page.get_by_role("link", name="Settings").click()
    await page.get_by_role("button", name="Create API key").click()
    form = page.get_by_role("dialog")
    await expect(form).to_be_visible()
    await page.go_back()
    await expect(form).to_have_count(0)
    await page.go_forward()
    await expect(form).to_be_visible()
    await page.go_back()
    await page.go_back()
    await expect(page.get_by_role("tab", name="JSON")).to_have_attribute("aria-selected", "true")
    await page.go_back()
    await expect(page.get_by_role("tab", name="Story")).to_have_attribute("aria-selected", "true")
    await page.go_back()
    await expect(page.get_by_label("Period")).to_have_value("24h")
    await page.go_back()
    await expect(page.get_by_label("Period")).to_have_value("")
    await expect(page.get_by_label("Status", exact=True)).to_have_value("failed")
    await page.go_forward()
    await expect(page.get_by_label("Period")).to_have_value("24h")
    fresh = page.url
    await page.goto("about:blank")
    await page.goto(fresh)
    await expect(page.get_by_label("Period")).to_have_value("24h")
    await expect(page.get_by_role("row").filter(has_text="+15550100002")).to_be_visible()


async def test_what_a_filter_hides_is_not_acted_on(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.change_trunk(paused=True)
    call_id = tenant.placed("+15550101000")
    await tab.sign_in(tenant.key)
    await page.get_by_label(f"Select {call_id}").check()
    await expect(page.get_by_role("button", name="Cancel 1 call")).to_be_visible()
    await page.get_by_label("Status", exact=True).select_option("completed")
    await expect(page.get_by_role("heading", name="No call matches")).to_be_visible()
    await expect(page.get_by_role("button", name="Cancel 1 call")).to_have_count(0)


async def test_a_session_that_ends_in_a_form_comes_back_to_the_form(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects(r"401 \w+ /api/v1/.*")
    await tab.sign_in(tenant.key, "/settings/api-keys?new=true")
    await page.get_by_role("dialog").get_by_label("Name").fill("late")
    await page.evaluate("fetch('/api/v1/session', {method: 'DELETE'})")
    await page.get_by_role("dialog").get_by_role("button", name="Create API key").click()
    await expect(page.get_by_text("Your session has ended")).to_be_visible()
    await page.get_by_label("API key").fill(tenant.key)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/settings/api-keys?new=true")
    await expect(page.get_by_role("dialog").get_by_label("Name")).to_be_visible()


async def test_whoever_signs_in_beside_is_who_every_tab_shows(
    tab: Tab, open_tab: OpenTab, tenant: Tenant, make_tenant: MakeTenant
) -> None:
    """The session is the browser's: a tab that still showed another tenant would mislead."""
    other = await make_tenant(agent={"name": "Grace", "livekit_agent_name": "grace"})
    key = other.stack.operator().create_key(other.id, "Grace's key", ALL_SCOPES, livemode=True)
    await tab.sign_in(tenant.key, "/agents")
    await expect(tab.page.get_by_role("row").filter(has_text="Ada")).to_be_visible()
    beside = await open_tab(beside=tab)
    await beside.page.goto("/sign-in?return_to=/agents")
    await beside.page.get_by_label("API key").fill(key)
    await beside.page.keyboard.press("Enter")
    for each in (beside, tab):
        await expect(each.page.get_by_text("Grace's key")).to_be_visible()
        await expect(each.page.get_by_role("row").filter(has_text="Grace")).to_be_visible()
        await expect(each.page.get_by_role("row").filter(has_text="Ada")).to_have_count(0)


class UserPool:
    """A stand-in for Cognito's pages, at an address of the same origin: the policy lets the page ask it."""

    def __init__(self, page: Page, tenant: Tenant) -> None:
        self._page = page
        self._tenant = tenant
        self.asked: dict[str, str] = {}
        self.exchanged: list[dict[str, str]] = []
        self.sends_back = "code=code-1"

    async def stand(self, origin: str) -> None:
        self.config = {"stage": "local", "cognito": {"domain": f"{origin}/pool", "client_id": "client-1"}}
        await self._page.route("**/config.json", lambda route: route.fulfill(json=self.config))
        await self._page.route("**/pool/oauth2/authorize?*", self._authorize)
        await self._page.route("**/pool/oauth2/token", self._token)
        await self._page.route("**/api/v1/session", self._session)

    async def _authorize(self, route: Route) -> None:
        self.asked = _query(urlsplit(route.request.url).query)
        back = f"{self.asked['redirect_uri']}?{self.sends_back}&state={self.asked['state']}"
        await route.fulfill(status=302, headers={"Location": back})

    async def _token(self, route: Route) -> None:
        self.exchanged.append(_query(route.request.post_data or ""))
        await route.fulfill(json={"id_token": "token-1"})

    async def _session(self, route: Route) -> None:
        """The API trusts no pool on the local stack: the session is opened by a key in its place."""
        if route.request.method != "POST":
            await route.continue_()
        else:
            assert route.request.post_data_json == {"id_token": "token-1"}
            await route.continue_(post_data=json.dumps({"api_key": self._tenant.key}))


def _query(text: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(text).items()}


async def test_cognito_signs_in_with_state_and_pkce(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await page.goto("/sign-in")
    pool = UserPool(page, tenant)
    await pool.stand(await page.evaluate("location.origin"))
    await page.goto("/agents?create=true")
    await page.get_by_role("button", name="Sign in with your account").click()
    await page.wait_for_url("**/agents?create=true")
    (exchange,) = pool.exchanged
    challenge = hashlib.sha256(exchange["code_verifier"].encode()).digest()
    assert pool.asked["code_challenge"] == base64.urlsafe_b64encode(challenge).rstrip(b"=").decode()
    assert pool.asked["code_challenge_method"] == "S256"
    assert (pool.asked["response_type"], exchange["grant_type"]) == ("code", "authorization_code")
    assert exchange["code"] == "code-1"
    assert exchange["redirect_uri"] == pool.asked["redirect_uri"]
    # A second sign-in has another state and another verifier.
    first = pool.asked
    await page.get_by_role("button", name="Account and appearance").click()
    await page.get_by_role("menuitem", name="Sign out").click()
    await page.get_by_role("button", name="Sign in with your account").click()
    await tab.sees_heading("Now")
    assert {first["state"], first["code_challenge"]}.isdisjoint(pool.asked.values())


async def test_a_sign_in_that_this_tab_did_not_start_is_refused(tab: Tab, tenant: Tenant) -> None:
    """A link from others must not sign a person in as somebody else, nor make the page say anything."""
    page = tab.page
    await page.goto("/sign-in")
    pool = UserPool(page, tenant)
    await pool.stand(await page.evaluate("location.origin"))
    await page.goto("/sign-in?code=code-1&state=theirs")
    await expect(page.get_by_role("alert")).to_contain_text("was not started in this tab")
    await page.goto("/sign-in?error=x&error_description=Call+%2B1900+to+unlock+your+account")
    await expect(page.get_by_role("alert")).to_contain_text("was not started in this tab")
    await expect(page.get_by_text("unlock your account")).to_have_count(0)
    assert pool.exchanged == []
    pool.sends_back = "error=access_denied"
    await page.get_by_role("button", name="Sign in with your account").click()
    await expect(page.get_by_role("alert")).to_contain_text("access_denied")
    pool.sends_back = "code=code-1"
    await page.route("**/pool/oauth2/token", lambda route: route.fulfill(body="<h1>Bad gateway</h1>"))
    await page.get_by_role("button", name="Sign in with your account").click()
    await expect(page.get_by_role("alert")).to_contain_text("Cognito did not accept the sign-in")
    assert await page.context.cookies() == []
