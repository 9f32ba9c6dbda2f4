"""Pictures of pages for the documentation: they are written when `SCREENSHOTS=1` asks for them."""

from __future__ import annotations

import base64
import os

from playwright.async_api import Page

from local.config import ROOT

FOLDER = ROOT / "docs" / "images"
_ALIKE = 0.005
"""A share of pixels: ids and times differ in each picture, and change less of it."""

_DIFFERENCE = """async ([old, shown]) => {
  const pixels = async (data) => {
    const image = await createImageBitmap(await (await fetch(`data:image/png;base64,${data}`)).blob());
    const canvas = new OffscreenCanvas(image.width, image.height).getContext('2d');
    canvas.drawImage(image, 0, 0);
    return canvas.getImageData(0, 0, image.width, image.height);
  };
  const [one, other] = [await pixels(old), await pixels(shown)];
  if (one.width !== other.width || one.height !== other.height) return 1;
  let different = 0;
  for (let at = 0; at < one.data.length; at += 4)
    different += [at, at + 1, at + 2].some((byte) => Math.abs(one.data[byte] - other.data[byte]) > 24);
  return different / (one.width * one.height);
}"""


def is_wanted() -> bool:
    """Tell whether this run writes pictures."""
    return bool(os.environ.get("SCREENSHOTS"))


async def keep_picture(page: Page, name: str) -> None:
    """Write `docs/images/dashboard-<name>.png`, unless the one that is there looks the same."""
    shown = await page.screenshot()
    old = _read(name)
    if old is None or await _difference(page, old, shown) > _ALIKE:
        _write(name, shown)


def _read(name: str) -> bytes | None:
    file = FOLDER / f"dashboard-{name}.png"
    return file.read_bytes() if file.exists() else None


def _write(name: str, shown: bytes) -> None:
    FOLDER.mkdir(exist_ok=True)
    (FOLDER / f"dashboard-{name}.png").write_bytes(shown)


async def _difference(page: Page, old: bytes, shown: bytes) -> float:
    """Compare in a page of its own: that of the dashboard may fetch nothing but the API."""
    blank = await page.context.new_page()
    encoded = [base64.b64encode(data).decode() for data in (old, shown)]
    share: float = await blank.evaluate(_DIFFERENCE, encoded)
    await blank.close()
    return share
