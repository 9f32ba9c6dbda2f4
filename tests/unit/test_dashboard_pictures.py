"""Pictures of the dashboard in the documentation: each page has one, each is shown, and none is large."""

from __future__ import annotations

import re

from local.config import ROOT

NAVIGATION = (ROOT / "dashboard" / "src" / "shell" / "navigation.ts").read_text()
PAGE = (ROOT / "docs" / "dashboard.md").read_text()
PICTURES = sorted((ROOT / "docs" / "images").glob("dashboard-*.png"))
LARGEST_BYTES = 150_000


def test_each_page_of_the_navigation_has_a_picture() -> None:
    pages = re.findall(r'to: "/([a-z-]+)"', NAVIGATION)
    assert len(pages) > 10
    shown = re.findall(r"\(images/dashboard-([a-z-]+)\.png\)", PAGE)
    without = [page for page in pages if not any(re.match(rf"{page}(-|$)", name) for name in shown)]
    assert without == []


def test_each_picture_is_shown_in_the_documentation() -> None:
    unused = [picture.name for picture in PICTURES if f"images/{picture.name}" not in PAGE]
    assert unused == []


def test_no_picture_is_large() -> None:
    large = {picture.name: picture.stat().st_size for picture in PICTURES}
    assert {name: size for name, size in large.items() if size > LARGEST_BYTES} == {}
