"""Secrets that the dashboard shows once."""

from __future__ import annotations

from playwright.async_api import Page, expect


async def take_secret(page: Page, what: str) -> str:
    """Read a secret that is shown once, and say that it is stored."""
    dialog = page.get_by_role("dialog")
    await expect(dialog.get_by_text("it is shown only once")).to_be_visible()
    secret = await dialog.get_by_label(what, exact=True).inner_text()
    await dialog.get_by_label("I have stored it").check()
    await dialog.get_by_role("button", name="Done").click()
    await expect(page.get_by_text(secret)).to_have_count(0)
    return secret
