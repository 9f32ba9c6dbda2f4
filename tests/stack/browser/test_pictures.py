"""Pictures of every page for the documentation: `make test-stack ARGS=tests/stack/browser SCREENSHOTS=1`."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from playwright.async_api import FilePayload, Page, Route, async_playwright, expect

from local.stack import Stack
from local.webhook_receiver import Receiver
from tests.stack.browser.pictures import is_wanted, keep_picture
from tests.stack.browser.showcase import CSV, Showcase, open_company, ring
from tests.support.chromium import find_chromium

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.alone,
    pytest.mark.skipif(not is_wanted(), reason="pictures are written with SCREENSHOTS=1 alone"),
]

_ADDRESS = "http://localhost:8080"
"""That of `make run`: it stands in commands. Chromium is told where it is in this run."""

_SHAPE = {"viewport": {"width": 1280, "height": 800}, "locale": "en-US", "timezone_id": "Europe/Berlin"}
_SETTLES_MS = 1_200
_SETTINGS = ("api-keys", "sessions", "limits", "audit", "livekit")
Prepare = Callable[[Page], Awaitable[None]]


@asynccontextmanager
async def a_browser(stack: Stack) -> AsyncIterator[Page]:
    """Open a page of a browser that finds the stack at the address of `make run`."""
    chromium = find_chromium()
    assert chromium, "no Chromium starts on this machine"
    rule = f"--host-resolver-rules=MAP localhost 127.0.0.1:{stack.config.api_port}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium.executable, args=["--no-sandbox", rule], env=dict(chromium.environment())
        )
        context = await browser.new_context(base_url=_ADDRESS, reduced_motion="reduce", **_SHAPE)  # type: ignore[arg-type]
        yield await context.new_page()
        await browser.close()


async def test_every_page_has_its_picture(stack: Stack, endpoint: Receiver) -> None:
    shown = await open_company(stack, endpoint)
    async with a_browser(stack) as page:
        await _show_as(page, stack, endpoint)
        await page.goto("/sign-in")
        await expect(page.get_by_label("API key")).to_be_visible()
        await keep_picture(page, "sign-in")
        await page.get_by_label("API key").fill(shown.key)
        await page.get_by_role("button", name="Sign in with a key").click()
        await page.wait_for_url("**/now")
        for name, path, prepare in _pages(shown):
            await _open(page, path)
            await prepare(page)
            await _keep(page, name)
        ring(stack, shown)
        await _open(page, "/now")
        await expect(page.get_by_role("img").first).to_be_visible()
        await _keep(page, "now")


async def _open(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.get_by_role("heading", level=1)).to_be_visible()


async def _keep(page: Page, name: str) -> None:
    """Wait until everything is read and drawn, and keep the picture."""
    await expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    await page.wait_for_timeout(_SETTLES_MS)
    await keep_picture(page, name)


async def _show_as(page: Page, stack: Stack, endpoint: Receiver) -> None:
    """Show the endpoint of this run under a name that a company would have."""

    async def answer(route: Route) -> None:
        # Chromium's mapping of addresses is not known to whoever fetches for it.
        here = route.request.url.replace(_ADDRESS, f"http://localhost:{stack.config.api_port}")
        response = await route.fetch(url=here)
        text = (await response.text()).replace(endpoint.url(""), "https://practice.example.com")
        text = re.sub(r"http://[a-z0-9]+\.execute-api\.localhost:\d+", _ADDRESS, text)
        await route.fulfill(response=response, body=text)

    await page.route(re.compile(r"/api/v1/(webhooks|triggers|deliveries|calls/[^?]*|audit)"), answer)


async def _nothing(_: Page) -> None:
    """The page is as it should be."""


def _clicks(*roles: tuple[str, str]) -> Prepare:
    async def prepare(page: Page) -> None:
        for role, name in roles:
            await page.get_by_role(role, name=name).first.click()  # type: ignore[arg-type]

    return prepare


async def _open_delivery(page: Page) -> None:
    await page.get_by_role("row").nth(1).click()
    await expect(page.get_by_label("body as JSON", exact=True)).to_be_visible()


async def _choose_agent(page: Page) -> None:
    await page.get_by_role("combobox", name="Agent", exact=True).click()
    await page.get_by_role("option", name="Appointment reminder").click()


async def _choose_rows(page: Page) -> None:
    file = FilePayload(name="december-recall.csv", mimeType="text/csv", buffer=CSV.encode())
    await page.locator("input[type=file]").set_input_files(file)
    await expect(page.get_by_role("cell").first).to_be_visible()
    await _choose_agent(page)


async def _fill_in_call(page: Page) -> None:
    await _choose_agent(page)
    await page.get_by_role("combobox", name="Phone number").fill("+12025550143")
    await page.get_by_label("Metadata").fill('{"patient": "Rosa Weber", "appointment": "2026-12-03 09:30"}')


def _pages(shown: Showcase) -> list[tuple[str, str, Prepare]]:
    return [
        ("calls", "/calls", _nothing),
        ("call", f"/calls/{shown.call_id}", _nothing),
        ("call-failed", f"/calls/{shown.failed_call_id}", _nothing),
        ("place-call", "/place-call", _fill_in_call),
        ("schedules", "/schedules", _nothing),
        ("schedule", f"/schedules/{shown.schedule_id}", _nothing),
        ("batches", "/batches", _nothing),
        ("new-batch", "/batches?create=true", _choose_rows),
        ("batch", f"/batches/{shown.batch_id}", _nothing),
        ("agents", "/agents", _nothing),
        ("agent", f"/agents/{shown.agent_id}", _nothing),
        ("agent-versions", f"/agents/{shown.agent_id}?tab=versions", _nothing),
        ("workflows", "/workflows", _nothing),
        ("workflow", "/workflows/appointment-reminder", _nothing),
        ("tools", "/tools", _nothing),
        ("tool", "/tools/move_appointment", _nothing),
        ("trunks", "/trunks", _nothing),
        ("trunk", f"/trunks/{shown.trunk_id}", _nothing),
        ("rules", "/rules", _nothing),
        ("triggers", "/triggers", _nothing),
        ("trigger", f"/triggers/{shown.trigger_id}", _nothing),
        ("webhooks", "/webhooks", _nothing),
        ("webhook-delivery", f"/webhooks/{shown.webhook_id}", _open_delivery),
        ("webhook-settings", f"/webhooks/{shown.webhook_id}?tab=settings", _nothing),
        ("webhook-verify", f"/webhooks/{shown.webhook_id}?tab=verify", _nothing),
        ("create-api-key", "/settings/api-keys", _clicks(("button", "Create API key"))),
        *((f"settings-{part}", f"/settings/{part}", _nothing) for part in _SETTINGS),
    ]
