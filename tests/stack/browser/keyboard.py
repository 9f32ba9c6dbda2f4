"""A person who uses no mouse: the focus is always somewhere, and always seen."""

from __future__ import annotations

from playwright.async_api import Locator, Page

_MOST_STOPS = 120
# An outline or a shadow, on the element or on what is drawn for it.
_IS_SEEN = """() => {
  const at = document.activeElement;
  if (!at || at === document.body) return null;
  return [at, at.parentElement, at.nextElementSibling].some((box) => {
    const style = box && getComputedStyle(box);
    return style && (style.boxShadow !== 'none' ||
      (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) > 0));
  });
}"""


async def focus_by_tab(target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus; fail if a stop on the way shows no focus."""
    page = target.page
    await target.wait_for()
    for _ in range(_MOST_STOPS):
        if await target.evaluate("(node) => node === document.activeElement"):
            return
        await page.keyboard.press(key)
        seen = await page.evaluate(_IS_SEEN)
        assert seen is not False, await described(page)
    raise AssertionError(f"{target} is not reached by {key}; the focus is on {await described(page)}")


async def press(target: Locator, key: str = "Enter") -> None:
    """Reach a control by Tab, and press it."""
    await focus_by_tab(target)
    await target.page.keyboard.press(key)


async def described(page: Page) -> str:
    """Describe what has the focus."""
    text: str = await page.evaluate("document.activeElement?.outerHTML.slice(0, 300) ?? 'nothing'")
    return text
