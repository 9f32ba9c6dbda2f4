"""Data that would break a page: script in every field, and more of it than a page can hold."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Locator, Page, Route, expect

from local.webhook_receiver import Receiver
from tests.stack.browser.one_of_each import go_within, one_of_each
from tests.stack.browser.tab import Tab
from tests.support.tenant import Tenant

pytestmark = pytest.mark.asyncio(loop_scope="session")
SCRIPT = "<img src=x onerror=\"window.owned=1\"><script>window.owned=1</script>{{''.constructor}}"
MOST_NODES = 4_000
"""What a page of any data may have in its document."""

# Words that the API chooses, and what addresses are made of. All other texts come from people.
_OF_THE_API = re.compile(
    r"(^|_)(id|ids|at|type|state|status|kind|mode|modes|scope|scopes|cursor|slug|version|method|lane|url|reason"
    r"|reasons|environment|channel|cron|outcome|events|timezone|since|until|tool|paused|field)$"
)
_IS_WORD = re.compile(r"\d{4}-\d\d-\d\dT.*|[0-9a-f-]{36}|\w+_[0-9a-f]{8,}|[\d.]*")


def poisoned(value: Any, name: str = "") -> Any:
    """The same with script in each text that people, agents, carriers or endpoints can choose."""
    if isinstance(value, dict):
        return {key: poisoned(each, key) for key, each in value.items()}
    if isinstance(value, list):
        return [poisoned(each, name) for each in value]
    is_free = isinstance(value, str) and not _OF_THE_API.search(name) and not _IS_WORD.fullmatch(value)
    return f"{value} {SCRIPT}" if is_free else value


def with_conversation(path: str, body: dict[str, Any]) -> dict[str, Any]:
    """Add what only an agent in a call reports: turns, and a tool with what went in and came out."""
    at = "2026-01-01T00:00:00Z"
    used = {"tool": SCRIPT, "error": SCRIPT, "params": {SCRIPT: SCRIPT}, "result": SCRIPT, "answer": SCRIPT}
    if re.search(r"/calls/[^/]+/events$", path):
        event = {"id": 99, "type": "tool_invoked", "at": at, "data": used}
        return body | {"data": [*body["data"], event]}
    if "transcript" not in body:
        return body
    turn = {"sequence": 1, "attempt": 1, "reporter": "r", "role": "user", "agent": None, "at": at}
    return body | {
        "transcript": [
            turn | {"content": SCRIPT},
            turn | {"role": SCRIPT, "agent": SCRIPT, "content": SCRIPT},
        ],
        "timeline": [*body["timeline"], {"status": "tool_invoked", "at": at} | used],
        "summary": SCRIPT,
        "detail": SCRIPT,
        "user_id": SCRIPT,
    }


async def poison(route: Route) -> None:
    """Let the API answer, and put script into the answer."""
    if route.request.method != "GET":
        await route.continue_()
        return
    response = await route.fetch()
    body = poisoned(await response.json())
    await route.fulfill(response=response, json=with_conversation(urlsplit(route.request.url).path, body))


def script_shown(page: Page) -> Locator:
    """Where the letters of the script stand: in a text, or in a field."""
    texts = page.locator("main, [role=dialog]").filter(has_text="onerror")
    return texts.or_(page.locator("input[value*=onerror]")).first


async def test_script_in_any_field_of_any_page_is_text(tab: Tab, tenant: Tenant, endpoint: Receiver) -> None:
    page = tab.page
    endpoint.respond = lambda _: (500, {"X-Evil": SCRIPT}, SCRIPT.encode())
    paths = one_of_each(tenant, endpoint.url(), "hostile")
    tenant.api.post("/api/v1/suppressions", json={"numbers": ["+15550100009"], "reason": SCRIPT[:60]})
    call, webhook = paths["call"], paths["webhook"]
    await tab.sign_in(tenant.key, call)
    await page.route(re.compile(r"/api/v1/(?!session$)"), poison)
    await page.reload()
    hidden = ("/place-call",)  # names are in closed lists there
    visited = [
        *paths.values(),
        *(f"{call}?tab={part}" for part in ("transcript", "tools", "deliveries", "json")),
        *(f"{webhook}?tab=settings", f"{paths['agent']}?tab=versions", "/agents", "/triggers", "/calls"),
        *("/now", "/rules", "/settings/sessions"),
        *hidden,
    ]
    for path in visited:
        await go_within(page, path)
        await expect(page.get_by_label("Loading"), path).to_have_count(0)
        failed = await page.get_by_role("heading", name="This page failed").count()
        assert (failed, tab.unexpected()) == (0, []), path
        assert await page.locator("img, script:not([src])").count() == 0, path
        if path not in hidden:
            await expect(script_shown(page), path).to_be_attached()
    await go_within(page, f"{call}?tab=tools")
    await page.get_by_role("button", name="Show parameters and result").first.click()
    await expect(page.get_by_label("result as JSON", exact=True)).to_contain_text("onerror")
    await go_within(page, paths["delivery"])
    await expect(page.get_by_label("Headers of the request")).to_contain_text("onerror")
    await go_within(page, "/batches?create=true")
    file = {
        "name": f"{SCRIPT}.csv".replace("/", "_"),
        "mimeType": "text/csv",
        "buffer": b"Phone\n+15550100001\n",
    }
    await page.locator("input[type=file]").set_input_files(file)  # type: ignore[arg-type]
    await expect(page.get_by_role("cell", name="+15550100001")).to_be_visible()
    await page.unroute_all(behavior="ignoreErrors")
    assert await page.evaluate("window.owned") is None
    assert await page.locator("img").count() == 0


# Answers of a request are made in the page itself: a hundred thousand rows need not go over the wire.
_ANSWER_WITH = """(() => {
  const ask = window.fetch;
  window.fetch = (request, init) => {
    const { pathname, searchParams } = new URL(request.url ?? request, location.href);
    const make = pathname === PATH ? MAKE : null;
    if (!make) return ask(request, init);
    if (searchParams.has("wait")) return new Promise(() => {});
    const headers = { "content-type": "application/json", date: new Date().toUTCString() };
    return Promise.resolve(new Response(JSON.stringify(make()), { headers }));
  };
})()"""


async def answer_with(page: Page, path: str, make: str) -> None:
    """Answer requests of a path with what a function of JavaScript returns."""
    await page.add_init_script(_ANSWER_WITH.replace("PATH", json.dumps(path)).replace("MAKE", f"({make})"))


async def nodes(page: Page) -> int:
    """Count what the document has."""
    count: int = await page.evaluate("document.querySelectorAll('*').length")
    return count


async def test_a_hundred_thousand_rows_are_a_page_like_any_other(tab: Tab, tenant: Tenant) -> None:
    page = tab.page
    tenant.wait_for_end(tenant.placed("+15550100002"))
    call = tenant.api.get("/api/v1/calls").json()["data"][0]
    row = (
        """(_, n) => ({ ...call, call_id: `row-${n}`, phone_number: `+1555${String(n).padStart(7, "0")}` })"""
    )
    made = f"""() => {{
      const call = {json.dumps(call)};
      return {{ data: Array.from({{ length: 100_000 }}, {row}), next_cursor: null, version: "v" }};
    }}"""
    await answer_with(page, "/api/v1/calls", made)
    await tab.sign_in(tenant.key)
    await expect(page.get_by_text("100,000 rows")).to_be_visible()
    rows = page.get_by_role("row")
    await rows.nth(1).focus()
    await page.keyboard.press("End")
    last = rows.filter(has_text="+15550099999")
    await expect(last).to_be_focused()
    await expect(last).to_have_attribute("aria-rowindex", "100001")
    assert await nodes(page) < MOST_NODES
    await page.get_by_role("grid").hover()
    await page.mouse.wheel(0, -2_000_000)
    await expect(rows.filter(has_text="+15550054")).not_to_have_count(0)
    await expect(last).to_be_focused()
    await page.keyboard.press("Home")
    await expect(rows.filter(has_text="+15550000000")).to_be_focused()
    callee = page.get_by_role("button", name="Callee")
    await callee.click()
    await callee.click()
    await expect(rows.nth(1)).to_contain_text("+15550099999")
    await page.get_by_label("Select all loaded rows").check()
    await expect(page.get_by_role("button", name="Cancel 100,000 calls")).to_be_visible()
    await page.get_by_role("button", name="Clear", exact=True).click()
    await page.keyboard.press("/")
    await page.keyboard.type("somebody")
    await page.keyboard.press("Enter")
    await page.wait_for_url("**user_id=somebody*")
    assert await nodes(page) < MOST_NODES


async def test_megabytes_of_a_call_are_a_page_like_any_other(tab: Tab, tenant: Tenant) -> None:
    """A transcript of 10 MB, 20,000 tools, a megabyte of metadata, and a turn of a megabyte."""
    page = tab.page
    call_id = tenant.placed("+15550100002")
    call = tenant.wait_for_end(call_id)
    turn = {
        "sequence": 1,
        "attempt": 1,
        "reporter": "r",
        "role": "user",
        "agent": None,
        "at": call["ended_at"],
    }
    used = {"status": "tool_invoked", "at": call["ended_at"], "tool": "save_meal"}
    made = f"""() => {{
      const [call, turn, used] = {json.dumps([call, turn, used])};
      const turns = Array.from({{ length: 20_000 }}, (_, n) =>
        ({{ ...turn, sequence: n, content: `turn ${{n}} ` + "word ".repeat(100) }}));
      turns[0].content = "long ".repeat(200_000);
      const metadata = {{ long: "x".repeat(1_000_000) }};
      const timeline = [...call.timeline, ...Array(20_000).fill(used)];
      return {{ ...call, transcript: turns, metadata, timeline, summary: "s ".repeat(500_000) }};
    }}"""
    await answer_with(page, f"/api/v1/calls/{call_id}", made)
    await tab.sign_in(tenant.key, f"/calls/{call_id}")
    await expect(page.get_by_role("button", name="Show more")).to_contain_text("19,9")
    assert await nodes(page) < MOST_NODES
    await page.get_by_role("tab", name="Transcript").click()
    log = page.get_by_role("log", name="Transcript")
    await log.get_by_role("button", name="Show more").first.click()
    await log.focus()
    await page.keyboard.press("End")
    await expect(log.get_by_text("turn 19999 ")).to_be_visible()
    assert await nodes(page) < MOST_NODES
    await page.get_by_role("tab", name="JSON").click()
    await page.get_by_role("button", name="Show more").click()
    assert await nodes(page) < MOST_NODES
    assert len(await page.get_by_role("main").inner_text()) < 500_000
    await page.get_by_role("link", name="One like this").click()
    await expect(page.get_by_label("Metadata")).not_to_have_value("")
    await page.get_by_role("combobox", name="Phone number").fill("+15550100001")
    code = page.get_by_role("complementary", name="The same by API")
    await expect(code).to_contain_text("+15550100001")
    assert len(await page.get_by_role("main").inner_text()) < 500_000
