"""A tab of the browser: what a person does in it, and what went wrong behind the scenes."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from playwright.async_api import ConsoleMessage, Page, Request, Response, expect

from local.config import ROOT

_AXE = (ROOT / "dashboard" / "node_modules" / "axe-core" / "axe.min.js").read_text()
_OF_A_RESPONSE = "Failed to load resource: the server responded"
"""Chromium's words for a response that the tab notes itself."""
_SERIOUS = ("serious", "critical")


class Tab:
    """A page, with a record of its errors: console, exceptions, policy violations, failed requests."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self._problems: list[str] = []
        # Whoever is not signed in is told so: the page asks once.
        self._expected = ["401 GET /api/v1/session"]
        page.on("console", self._note_console)
        page.on("pageerror", lambda error: self._problems.append(f"exception: {error}"))
        page.on("response", self._note_response)
        page.on("requestfailed", self._note_failure)

    def _note_console(self, message: ConsoleMessage) -> None:
        if message.type == "error" and not message.text.startswith(_OF_A_RESPONSE):
            self._problems.append(f"console: {message.text}")

    def _note_response(self, response: Response) -> None:
        if response.status >= 400:
            path = urlsplit(response.url).path
            self._problems.append(f"{response.status} {response.request.method} {path}")

    def _note_failure(self, request: Request) -> None:
        # A page that is left, or a filter that is changed, aborts what it asked for.
        if request.failure != "net::ERR_ABORTED":
            self._problems.append(f"{request.failure} {request.method} {urlsplit(request.url).path}")

    def expects(self, *patterns: str) -> None:
        """Expect problems: `tab.expects("401 POST /api/v1/session")`; patterns match a whole problem."""
        self._expected += patterns

    def unexpected(self) -> list[str]:
        """Return the problems that the test does not expect."""
        return [
            problem
            for problem in self._problems
            if not any(re.fullmatch(pattern, problem) for pattern in self._expected)
        ]

    async def sign_in(self, key: str, path: str = "/calls") -> None:
        """Sign in with the form, and go to a page."""
        await self.page.goto(path)
        await self.page.get_by_label("API key").fill(key)
        await self.page.get_by_role("button", name="Sign in with a key").click()
        await self.page.wait_for_url(f"**{path}")
        await self.sees_heading()

    async def sees_heading(self, name: str | None = None) -> None:
        """Wait for the page's heading."""
        heading = self.page.get_by_role("heading", level=1)
        await expect(heading.filter(has_text=name) if name else heading).to_be_visible()

    async def has_no_barriers(self) -> None:
        """Fail on what axe-core calls serious or critical: https://www.deque.com/axe/"""
        await self.page.evaluate(_AXE)
        found: dict[str, Any] = await self.page.evaluate("axe.run(document, {resultTypes: ['violations']})")
        barriers = [
            f"{each['id']}: {each['help']}: {node['target']} {node['html'][:200]} {node['failureSummary']}"
            for each in found["violations"]
            if each["impact"] in _SERIOUS
            for node in each["nodes"]
        ]
        assert barriers == [], "\n".join(barriers)
