"""The build: pages are written to a folder, mkdocs makes HTML of them, and the result is checked."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from docs_site import llms
from docs_site.navigation import navigation
from docs_site.pages import DOCS, ROOT, Page, all_pages
from docs_site.site_checks import faults

FOLDER = ROOT / ".local" / "docs"
SITE = FOLDER / "site"
"""The built site: static files, for any web server."""

_HERE = Path(__file__).parent
_MKDOCS = ROOT / ".local" / "docs-tools" / "bin" / "mkdocs"
_PICTURE = re.compile(r"^!\[([^\]]*)\]\(([^)\s]*pictures/[\w-]+\.svg)\)$", re.MULTILINE)
# Addresses of the first begin at the root of a host, and the others have none: a site may be in any folder.
_UNWANTED = ("404.html", "sitemap.xml", "sitemap.xml.gz")


class BuildFailed(Exception):
    """The site cannot be built, or has faults; the message says which."""


@dataclass(frozen=True)
class Built:
    """A site that was built."""

    folder: Path
    pages: int


def build() -> Built:
    """Build the site into `SITE`, in place of the one that is there.

    Raises:
        BuildFailed: a tool failed, a link leads nowhere, or a page would load something from another host.
    """
    _run([str(_HERE / "setup.sh")])
    FOLDER.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="build-", dir=FOLDER) as scratch:
        folder = Path(scratch)
        try:
            pages = {page.path: page for page in all_pages()}
        except ValueError as error:
            raise BuildFailed(str(error)) from error
        entries = navigation(pages)
        _write_source(folder / "source", pages)
        _write_configuration(folder / "mkdocs.yml", entries)
        _run([str(_MKDOCS), "build", "--quiet", "--config-file", str(folder / "mkdocs.yml")])
        site = folder / "site"
        _add_texts(site, entries, pages)
        if found := faults(site):
            raise BuildFailed("\n".join(found))
        _replace(SITE, site)
    return Built(SITE, len(pages))


def _write_source(source: Path, pages: dict[str, Page]) -> None:
    """Write what mkdocs reads: the pages, and the files of `docs/` beside them."""
    shutil.copytree(DOCS, source, ignore=shutil.ignore_patterns("*.md"))
    for name in ("site.css", "favicon.svg"):
        shutil.copy(_HERE / "theme" / name, source / name)
    for page in pages.values():
        file = source / page.path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(_with_pictures(page.text, file.parent))


def _with_pictures(text: str, folder: Path) -> str:
    """Return a page with its pictures inline, where they take the page's colours."""

    def inline(match: re.Match[str]) -> str:
        svg = (folder / match[2]).resolve().read_text()
        without_colours = re.sub(r"<style>.*?</style>", "", svg, flags=re.DOTALL)
        return f'<div class="picture">{without_colours.strip()}</div>'

    return _PICTURE.sub(inline, text)


def _write_configuration(file: Path, entries: list[Any]) -> None:
    base = (_HERE / "mkdocs.yml").read_text().replace("@THEME@", str(_HERE / "theme"))
    file.write_text(base + yaml.safe_dump({"nav": entries}, allow_unicode=True, sort_keys=False))


def _add_texts(site: Path, entries: list[Any], pages: dict[str, Page]) -> None:
    """Add each page as Markdown beside its HTML, and the two files for programs that read text."""
    for page in pages.values():
        (site / page.path).write_text(page.text)
    (site / "llms.txt").write_text(llms.index(entries, pages))
    (site / "llms-full.txt").write_text(llms.everything(entries, pages))
    for name in _UNWANTED:
        (site / name).unlink(missing_ok=True)


def _replace(old: Path, new: Path) -> None:
    """Put a new site in the place of the old one; who reads a file meanwhile gets one of either."""
    before = new.with_name("before")
    if old.exists():
        old.rename(before)
    new.rename(old)


def _run(command: Sequence[str]) -> None:
    done = subprocess.run(  # noqa: S603 - our own words
        command,
        cwd=ROOT,
        env={**os.environ, "DISABLE_MKDOCS_2_WARNING": "true", "NO_COLOR": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise BuildFailed(
            f"{Path(command[0]).name} ended with {done.returncode}:\n{done.stdout[-8000:].strip()}"
        )
