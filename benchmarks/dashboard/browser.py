"""A browser whose session is that of a key, for the benchmarks of the dashboard."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from local.stack import Stack
from tests.support.chromium import Chromium

_WINDOW = {"width": 1440, "height": 900}


@dataclass(frozen=True)
class Visitor:
    """Who opens tabs: with a session, or as a stranger whose cache is empty."""

    address: str
    browser: Browser
    signed_in: BrowserContext

    @contextmanager
    def tab(self) -> Iterator[Page]:
        """Open a tab with a session."""
        page = self.signed_in.new_page()
        yield page
        page.close()

    @contextmanager
    def stranger(self) -> Iterator[Page]:
        """Open a tab of a browser that was never here."""
        context = self.browser.new_context(viewport=_WINDOW)  # type: ignore[arg-type]
        yield context.new_page()
        context.close()


@contextmanager
def visitor(stack: Stack, chromium: Chromium) -> Iterator[Visitor]:
    """Start Chromium, and sign in with the demo key."""
    # A session's cookie is `Secure`: without TLS, browsers keep it on `localhost` alone.
    address = stack.config.api_url.replace("127.0.0.1", "localhost")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(
            executable_path=chromium.executable, args=["--no-sandbox"], env=dict(chromium.environment())
        )
        context = launched.new_context(viewport=_WINDOW, locale="en-US")  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{address}/sign-in#key={stack.seed.live_key}")
        page.get_by_role("button", name="Sign in with the demo key").click()
        page.wait_for_url("**/now")
        page.close()
        yield Visitor(address, launched, context)
        launched.close()
