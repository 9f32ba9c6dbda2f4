"""The pages of the site: those of `docs/`, what they link to outside of it, and the generated references."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from docs_site import api_reference, cli_reference
from docs_site.links import PLACES, for_site, place_of, without_code

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_LANGUAGES = {".py": "python", ".sh": "bash", ".json": "json", ".csv": "text"}
_NO_PARAGRAPH = ("#", "|", "!", "-", "<", "*", "Accepted", "Status")


@dataclass(frozen=True)
class Page:
    """A page as Markdown, and its path in the site."""

    path: str
    text: str

    @property
    def title(self) -> str:
        found = re.search(r"^# (.+)$", self.text, re.MULTILINE)
        return re.sub(r" \{ #.*\}$", "", found[1]) if found else self.path

    @property
    def description(self) -> str:
        """The first sentence of its first paragraph, without links; the title, if it has none."""
        lines = without_code(self.text).splitlines()
        paragraphs = (line for line in lines if line and not line.startswith(_NO_PARAGRAPH))
        plain = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", next(paragraphs, self.title))
        return re.split(r"(?<=[.:]) ", plain)[0].rstrip(":")


def all_pages() -> list[Page]:
    """Return every page of the site.

    Raises:
        ValueError: a page links to a file that is neither a page nor in `docs/`.
    """
    queue = [_path(page) for page in sorted(DOCS.rglob("*.md"))] + [
        each for each in PLACES if each != "README.md"
    ]
    queue += [_path(page) for page in sorted((ROOT / "examples").glob("*/README.md"))]
    pages: list[Page] = []
    for origin in queue:
        text, targets = for_site(_text(origin), origin, lambda path: (ROOT / path).is_dir())
        pages.append(Page(place_of(origin), text))
        for target in sorted(targets - {*queue, "README.md"}):
            if not target.startswith("docs/"):
                _check_is_page(target, origin)
                queue.append(target)
    return [*pages, *(Page(path, text) for path, text in _generated())]


def _generated() -> list[tuple[str, str]]:
    return [*api_reference.pages(), ("cli.md", cli_reference.page())]


def _check_is_page(target: str, origin: str) -> None:
    if not target.endswith(".md"):
        raise ValueError(f"{origin} links to {target}, which the site does not have")


def _path(file: Path) -> str:
    return file.relative_to(ROOT).as_posix()


def _text(origin: str) -> str:
    """Return a page; that of an example has the example's files at its end."""
    text = (ROOT / origin).read_text()
    if not origin.startswith("examples/"):
        return text
    files = sorted(each for each in (ROOT / origin).parent.iterdir() if each.suffix in _LANGUAGES)
    shown = (
        f"## {file.name}\n\n```{_LANGUAGES[file.suffix]}\n{file.read_text().rstrip()}\n```\n"
        for file in files
    )
    return "\n".join([text, *shown])
