"""Calls in a browser: place one and watch it, find out why one failed, cancel many, and text that is text."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from playwright.async_api import Route, expect

from tests.stack.browser.fixtures_browser import OpenTab
from tests.stack.browser.tab import Tab
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script>"


async def test_a_call_is_placed_and_watched_to_its_end(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    await tab.sign_in(tenant.key, "/place-call")
    await expect(page.get_by_role("combobox", name="Agent")).to_have_value("Ada")
    number = page.get_by_role("combobox", name="Phone number")
    await number.click()
    await page.get_by_role("option").filter(has_text="+15550100001").click()
    await expect(number).to_have_accessible_description(re.compile("^Answers after half a second"))
    await page.get_by_label("Metadata").fill('{"order": "4711", "invoice": 12345678901234567890}')
    await page.get_by_role("button", name="Place the call").click()
    await page.wait_for_url(re.compile(r"/calls/[0-9a-f-]{36}$"))
    await tab.sees_heading("+15550100001")
    verdict = page.get_by_label("What the call does")
    await expect(verdict).to_contain_text("The person hung up.")
    story = page.get_by_role("list", name="Steps of the call")
    for title in ("Accepted", "In line", "Dialled", "Answered", "Completed"):
        await expect(story.get_by_text(title, exact=True)).to_be_visible()
    for interval in ("prepares the agent", "talks"):
        await expect(page.get_by_label(re.compile(rf"^{interval}, \d"))).to_be_visible()
    call_id = page.url.rsplit("/", 1)[1]
    assert tenant.call(call_id)["metadata"] == {"order": "4711", "invoice": 12345678901234567890}


async def test_why_a_busy_call_failed_is_found_by_its_number(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.wait_for_end(tenant.placed("+15550100001"))
    call_id = tenant.placed("+15550100002")
    tenant.wait_for_end(call_id)
    await tab.sign_in(tenant.key)
    await tab.sees_heading("Calls")
    await page.keyboard.press("/")
    await page.keyboard.type("+1 555 010 0002")
    await page.keyboard.press("Enter")
    row = page.get_by_role("row").filter(has_text="+15550100002")
    await expect(row).to_contain_text("The line was busy.")
    await expect(page.get_by_role("row")).to_have_count(2)
    await row.focus()
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"**/calls/{call_id}")
    verdict = page.get_by_label("What the call does")
    await expect(verdict).to_contain_text("The line was busy (SIP 486).")
    await expect(verdict).to_contain_text("Busy Here")
    await page.go_back()
    await expect(page.get_by_role("searchbox").or_(page.locator("[data-search]"))).to_have_value(
        "+15550100002"
    )


async def test_calls_are_cancelled_together_and_the_list_shows_it(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.wait_for_end(tenant.placed("+15550100001"))
    tenant.change_trunk(paused=True)
    waiting = [tenant.placed(f"+1555010100{n}") for n in range(3)]
    await tab.sign_in(tenant.key, "/calls?status=queued")
    await expect(page.get_by_role("row")).to_have_count(4)
    await page.get_by_label("Select all loaded rows").check()
    await page.get_by_role("button", name="Cancel 3 calls").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("no phone rings for them")
    await dialog.get_by_role("button", name="Cancel 3 calls").click()
    await expect(page.get_by_text("3 cancelled.")).to_be_visible()
    await expect(page.get_by_role("heading", name="No call matches")).to_be_visible()
    assert [tenant.call(call_id)["status_reason"] for call_id in waiting] == ["cancelled"] * 3


async def test_a_new_call_appears_in_the_list_without_a_reload(tab: Tab, tenant: Tenant) -> None:
    tenant.wait_for_end(tenant.placed("+15550100001"))
    await tab.sign_in(tenant.key)
    rows = tab.page.get_by_role("row")
    await expect(rows).to_have_count(2)
    tenant.placed("+15550100002")
    await expect(rows).to_have_count(3)
    busy = rows.filter(has_text="+15550100002")
    await expect(busy).to_contain_text("The line was busy.")


async def test_another_tenants_call_is_not_found(tab: Tab, tenant: Tenant, make_tenant: MakeTenant) -> None:
    other = await make_tenant()
    theirs = other.placed("+15550100001")
    tab.expects(f"404 GET /api/v1/calls/{theirs}")
    await tab.sign_in(tenant.key, f"/calls/{theirs}")
    await expect(tab.page.get_by_role("heading", name="Not found")).to_be_visible()
    await expect(tab.page.get_by_text("+15550100001")).to_have_count(0)


async def test_text_of_others_is_shown_as_text(tab: Tab, tenant: Tenant) -> None:
    """Script in metadata, transcript, summary, SIP phrase, tool and agent: the page shows its letters."""
    page = tab.page
    call_id = tenant.placed("+15550100001", metadata={"note": SCRIPT, SCRIPT[:90]: "name"})
    known = tenant.wait_for_end(call_id)

    async def hostile(route: Route) -> None:
        await route.fulfill(json=_hostile(known))

    await page.route(f"**/api/v1/calls/{call_id}", hostile)
    await tab.sign_in(tenant.key, f"/calls/{call_id}")
    await expect(page.get_by_label("What the call does")).to_contain_text(SCRIPT)
    await expect(page.get_by_text(f"Tool {SCRIPT} failed")).to_be_visible()
    for name, text in (("Transcript", "40 turns"), ("JSON", "onerror"), ("Story", "Accepted")):
        await page.get_by_role("tab", name=name).click()
        await expect(page.get_by_text(text).first).to_be_visible()
    assert await page.title() == "+15550100001 · Trunkline"
    assert await page.locator("img").count() == 0


def _hostile(call: dict[str, Any]) -> dict[str, Any]:
    turn = {
        "sequence": 1,
        "attempt": 1,
        "reporter": "r",
        "role": "user",
        "agent": None,
        "at": call["ended_at"],
    }
    used = {
        "status": "tool_invoked",
        "at": call["ended_at"],
        "tool": SCRIPT,
        "message": SCRIPT,
        "error": SCRIPT,
    }
    unknown = {"status": SCRIPT, "at": call["ended_at"], "reason": SCRIPT}
    return call | {
        "detail": SCRIPT,
        "reason_text": SCRIPT,
        "summary": SCRIPT,
        "transcript": [turn | {"content": f"40 turns {SCRIPT}"}, turn | {"role": SCRIPT, "content": SCRIPT}],
        "timeline": [*call["timeline"], used, unknown],
        "data": call["data"] | {"agent": {"id": "a", "name": SCRIPT, "type": "voice"}},
    }


async def test_the_apis_own_texts_stand_beside_the_fields(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tab.expects("400 POST /api/v1/calls/outbound")
    await tab.sign_in(tenant.key, "/place-call")
    number = page.get_by_role("combobox", name="Phone number")
    await number.fill("0800 123")
    await page.get_by_label("Metadata").fill("{")
    await page.get_by_role("button", name="Place the call").click()
    await expect(page.get_by_text("This is not JSON")).to_be_visible()
    await page.get_by_label("Metadata").fill("{}")
    await page.get_by_role("button", name="Place the call").click()
    await expect(page.get_by_text("Phone number must be in E.164 format (+1234567890)")).to_be_visible()
    await expect(number).to_be_focused()
    assert tenant.api.get("/api/v1/calls").json()["data"] == []


async def test_a_call_like_another_is_filled_in(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    call_id = tenant.placed("+15550100002", metadata={"order": 12345678901234567890}, priority=3)
    tenant.wait_for_end(call_id)
    await tab.sign_in(tenant.key, f"/calls/{call_id}")
    await page.get_by_role("link", name="One like this").click()
    await tab.sees_heading("Place a call")
    await expect(page.get_by_role("combobox", name="Phone number")).to_have_value("+15550100002")
    await expect(page.get_by_label("Priority")).to_have_value("3")
    assert json.loads(await page.get_by_label("Metadata").input_value()) == {"order": 12345678901234567890}


async def test_a_right_that_the_key_lacks_is_named_and_nothing_can_be_done(tab: Tab, tenant: Tenant) -> None:
    tenant.change_trunk(paused=True)
    call_id = tenant.placed()
    page = tab.page
    await tab.sign_in(tenant.create_key("calls:read"), f"/calls/{call_id}")
    cancel = page.get_by_role("button", name="Cancel call")
    await expect(cancel).to_have_attribute("aria-disabled", "true")
    await cancel.click(force=True)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    await page.get_by_role("tab", name="Deliveries").click()
    await expect(page.get_by_text("Your key lacks the scope webhooks:read.")).to_be_visible()
    await page.get_by_role("link", name="One like this").click()
    await expect(page.get_by_text("Your key lacks the scope calls:create.")).to_be_visible()
    assert tenant.call(call_id)["status"] == "queued"


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_no_barrier_is_found_on_the_pages_of_calls(
    open_tab: OpenTab, tenant: Tenant, scheme: str
) -> None:
    call_id = tenant.placed("+15550100001", metadata={"order": "4711"})
    tenant.wait_for_end(call_id)
    tab = await open_tab(scheme=scheme)
    await tab.sign_in(tenant.key, f"/calls/{call_id}")
    await expect(tab.page.get_by_text("Completed", exact=True)).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.get_by_role("tab", name="Transcript").click()
    await expect(tab.page.get_by_role("tabpanel", name="Transcript")).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.get_by_role("link", name="Calls", exact=True).click()
    await tab.page.get_by_label(f"Select {call_id}").check()
    await expect(tab.page.get_by_role("button", name="Cancel 1 call")).to_be_visible()
    await tab.has_no_barriers()
    await tab.page.get_by_role("link", name="Place a call").first.click()
    await tab.sees_heading("Place a call")
    await expect(tab.page.get_by_role("combobox", name="Agent")).to_have_value("Ada")
    await tab.has_no_barriers()
