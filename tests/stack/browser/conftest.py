"""What every browser test can use."""

from __future__ import annotations

from tests.stack.browser.fixtures_browser import browser, open_tab, tab, windows

__all__ = ["browser", "open_tab", "tab", "windows"]
