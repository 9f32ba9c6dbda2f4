"""A browser for each process of pytest, and tabs whose errors fail the test."""

from __future__ import annotations

import warnings
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest
import pytest_asyncio
from playwright.async_api import Browser, BrowserContext, async_playwright, expect

from local.stack import Stack
from tests.stack.browser.tab import Tab
from tests.support.chromium import find_chromium

# Machines are shared and noisy: a slow page is not a failure.
expect.set_options(timeout=30_000)
OpenTab = Callable[..., Awaitable[Tab]]
# Without a language, Chromium names that of a process without a locale, which no person has.
_LIKE_A_PERSON = {"locale": "en-US", "reduced_motion": "reduce"}


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


@pytest_asyncio.fixture(loop_scope="session")
async def open_tab(browser: Browser, stack: Stack) -> AsyncIterator[OpenTab]:
    """Open tabs: `await open_tab(scheme="dark", width=390)`. With `beside=tab`, in the same browser window.

    At the end of the test no tab has had an error that the test does not expect.
    """
    contexts: list[BrowserContext] = []
    tabs: list[Tab] = []
    # A session's cookie is `Secure`: without TLS, browsers keep it on `localhost` alone.
    address = stack.config.api_url.replace("127.0.0.1", "localhost")

    async def make(*, scheme: str = "light", width: int = 1280, beside: Tab | None = None) -> Tab:
        if beside is None:
            options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme, **_LIKE_A_PERSON}
            contexts.append(await browser.new_context(base_url=address, **options))  # type: ignore[arg-type]
        context = contexts[-1] if beside is None else beside.page.context
        tabs.append(Tab(await context.new_page()))
        return tabs[-1]

    yield make
    problems = [problem for tab in tabs for problem in tab.unexpected()]
    for context in contexts:
        await context.close()
    assert problems == [], problems


@pytest_asyncio.fixture(loop_scope="session")
async def tab(open_tab: OpenTab) -> Tab:
    """A tab of 1280 pixels in the light scheme."""
    return await open_tab()
