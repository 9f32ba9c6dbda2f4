"""A browser for each process of pytest, and tabs whose errors fail the test."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Literal

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from local.stack import Stack
from tests.stack.browser.tab import Tab
from tests.support.chromium import find_chromium

# Machines are shared and noisy: a slow page is not a failure.
expect.set_options(timeout=30_000)
OpenTab = Callable[..., Awaitable[Tab]]
Scheme = Literal["light", "dark"]
# Without a language, Chromium names that of a process without a locale, which no person has.
_LIKE_A_PERSON: dict[str, Any] = {"locale": "en-US", "reduced_motion": "reduce"}


class Windows:
    """Windows that tests use one after the other: files are compiled once, and nothing else is kept."""

    def __init__(self, browser: Browser, address: str) -> None:
        self._browser = browser
        self._address = address
        self._idle: list[BrowserContext] = []

    async def open(self) -> BrowserContext:
        """Open a window that knows nobody."""
        if self._idle:
            return self._idle.pop()
        return await self._browser.new_context(base_url=self._address, **_LIKE_A_PERSON)

    async def clear(self, window: BrowserContext) -> None:
        """Close a window's tabs, and forget what they have stored."""
        page = await window.new_page()
        devtools = await window.new_cdp_session(page)
        for other in window.pages:
            if other is not page:
                await other.close()
        await devtools.send(
            "Storage.clearDataForOrigin", {"origin": self._address, "storageTypes": "cookies,local_storage"}
        )
        await window.set_offline(False)
        await window.clear_permissions()
        await page.close()
        self._idle.append(window)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    """Chromium without a window."""
    chromium = find_chromium()
    if chromium is None:
        reason = "BROWSER TESTS ARE SKIPPED: no Chromium starts on this machine"
        warnings.warn(reason, stacklevel=1)
        pytest.skip(reason)
    async with async_playwright() as playwright:
        launched = await playwright.chromium.launch(
            executable_path=chromium.executable,
            args=["--no-sandbox"],
            env={name: value for name, value in chromium.environment().items()},
        )
        yield launched
        await launched.close()


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def windows(browser: Browser, stack: Stack) -> Windows:
    """The browser's windows of this process."""
    # A session's cookie is `Secure`: without TLS, browsers keep it on `localhost` alone.
    return Windows(browser, stack.config.api_url.replace("127.0.0.1", "localhost"))


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(windows: Windows) -> AsyncIterator[OpenTab]:
    """Open tabs: `await open_tab(scheme="dark", width=390)`. With `beside=tab`, in the same browser window.

    At the end of the test no tab has had an error that the test does not expect.
    """
    opened: list[BrowserContext] = []
    tabs: list[Tab] = []

    async def make(*, scheme: Scheme = "light", width: int = 1280, beside: Tab | None = None) -> Tab:
        if beside is None:
            opened.append(await windows.open())
        page = await (opened[-1] if beside is None else beside.page.context).new_page()
        await page.emulate_media(color_scheme=scheme)
        await page.set_viewport_size({"width": width, "height": 800})
        tabs.append(Tab(page))
        return tabs[-1]

    yield make
    problems = [problem for tab in tabs for problem in tab.unexpected()]
    for window in opened:
        await windows.clear(window)
    assert problems == [], problems


@pytest_asyncio.fixture(loop_scope="session")
async def tab(open_tab: OpenTab) -> Tab:
    """A tab of 1280 pixels in the light scheme."""
    return await open_tab()
