"""Pictures of pages for the documentation: they are written when `SCREENSHOTS=1` asks for them."""

from __future__ import annotations

import os

from local.config import ROOT
from tests.stack.browser.tab import Tab

_FOLDER = ROOT / "docs" / "images"


async def take_picture(tab: Tab, name: str) -> None:
    """Write `docs/images/dashboard-<name>.png`, as the tab is now; in the light scheme alone."""
    is_light = await tab.page.evaluate("matchMedia('(prefers-color-scheme: light)').matches")
    if os.environ.get("SCREENSHOTS") and is_light:
        _FOLDER.mkdir(exist_ok=True)
        await tab.page.screenshot(path=_FOLDER / f"dashboard-{name}.png")
