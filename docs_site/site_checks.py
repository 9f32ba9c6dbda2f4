"""What a built site must not have: links to nowhere, files of other hosts, and Markdown that was not read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag

_LOADING = {"img", "script", "iframe", "source", "video", "audio", "embed", "object", "track", "use"}
_LOADING_RELATIONS = {
    "stylesheet",
    "icon",
    "preload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "modulepreload",
    "manifest",
}
_OTHER_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
_SCHEME = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)
_CODE = re.compile(r"<(pre|code|svg)\b.*?</\1>", re.DOTALL)
_PARAGRAPH = re.compile(r"<(p|li|td)>(.*?)</\1>", re.DOTALL)
# GitHub reads some lists and tables that Python-Markdown takes for text: those without an empty line before.
_MARKUP = re.compile(r"^\s*(?:[-*] |\d+\. |\|)|```|\]\(", re.MULTILINE)
_STYLE_URL = re.compile(r"(?:url\(|@import)\s*[\"']?([^\"')\s]+)")


@dataclass
class _Document(HTMLParser):
    """Collects a page's ids, links and what it loads."""

    ids: set[str] = field(default_factory=set)
    links: list[str] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if "id" in values:
            self.ids.add(values["id"])
        relations = set(values.get("rel", "").split())
        for name in ("href", "src", "data", "poster"):
            if not (target := values.get(name, "")):
                continue
            loads = tag in _LOADING or (tag == "link" and relations & _LOADING_RELATIONS)
            (self.loaded if loads else self.links).append(target)


def faults(site: Path) -> list[str]:
    """Return what is wrong with the files of a site, a line each."""
    documents = {page: _read(page) for page in sorted(site.rglob("*.html"))}
    found: list[str] = []
    for page, document in documents.items():
        name = page.relative_to(site)
        found += [f"{name} loads {target}" for target in document.loaded if _OTHER_HOST.match(target)]
        found += [f"{name} shows {text[:80]!r} as it is written" for text in _unread(page.read_text())]
        for target in [*document.links, *document.loaded]:
            if (
                not _SCHEME.match(target)
                and not _OTHER_HOST.match(target)
                and not _leads(page, target, documents)
            ):
                found.append(f"{name} links to {target}, which is not there")
    return found + [
        f"{sheet.relative_to(site)} loads {target}"
        for sheet in sorted(site.rglob("*.css"))
        for target in _STYLE_URL.findall(sheet.read_text())
        if _OTHER_HOST.match(target)
    ]


def _read(page: Path) -> _Document:
    document = _Document()
    document.feed(page.read_text())
    return document


def _unread(text: str) -> list[str]:
    """Return the texts of a page in which Markdown is left."""
    plain = _CODE.sub("", text.partition("<article")[2].partition("</article>")[0])
    return [found[2] for found in _PARAGRAPH.finditer(plain) if _MARKUP.search(found[2])]


def _leads(page: Path, target: str, documents: dict[Path, _Document]) -> bool:
    path, anchor = urldefrag(target)
    file = (page.parent / unquote(path)).resolve() if path else page
    file = file / "index.html" if file.is_dir() else file
    if not file.is_file():
        return False
    return not anchor or file not in documents or unquote(anchor) in documents[file].ids
