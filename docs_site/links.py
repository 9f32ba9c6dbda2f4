"""Links of the pages: what they lead to in the repository, and where that is in the site. Pure."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable

_FENCE = re.compile(r"^[ \t]*```.*?^[ \t]*```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"(!?\[[^\]]*\]\()([^)\s]+)(\))")
_ELSEWHERE = re.compile(r"[a-z]+:|#|//")
_RUN_MARK = re.compile(r"^<!-- run\b.*-->\n", re.MULTILINE)

PLACES = {
    "README.md": "README.md",
    "CHANGELOG.md": "project/changelog.md",
    "CONTRIBUTING.md": "project/contributing.md",
    "SECURITY.md": "project/security-policy.md",
    "benchmarks/RESULTS.md": "project/benchmarks.md",
    "dashboard/README.md": "project/dashboard.md",
    "local/livekit/README.md": "project/livekit-stand-in.md",
}
"""Pages outside of `docs/` by their path in the repository, and where they are in the site."""


def place_of(path: str) -> str:
    """Return the path in the site of a file or folder of the repository.

    A folder stands for its README, as where the repository is shown. A page outside of `docs/` without a
    place of its own is put under `project/`, and an example under `examples/`.
    """
    if path in PLACES:
        return PLACES[path]
    folder, _, rest = path.partition("/")
    if folder == "docs":
        return rest
    if folder == "examples":
        return f"examples/{rest.removesuffix('/README.md')}.md"
    return f"project/{path.removesuffix('/README.md').removesuffix('.md').replace('/', '-')}.md"


def for_site(text: str, origin: str, is_folder: Callable[[str], bool]) -> tuple[str, set[str]]:
    """Return a page with links that hold in the site, and the paths in the repository that it links to.

    `origin` is the page's own path in the repository.
    """
    here = posixpath.dirname(place_of(origin))
    targets: set[str] = set()

    def relink(match: re.Match[str]) -> str:
        before, link, after = match.groups()
        if _ELSEWHERE.match(link):
            return match[0]
        path, hash_, anchor = link.partition("#")
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), path))
        target += "/README.md" if is_folder(target) else ""
        targets.add(target)
        return f"{before}{posixpath.relpath(place_of(target), here or '.')}{hash_}{anchor}{after}"

    return outside_of_code(_RUN_MARK.sub("", text), lambda prose: _LINK.sub(relink, prose)), targets


def outside_of_code(text: str, change: Callable[[str], str]) -> str:
    """Return a page with what is not in a fenced block changed."""
    done, at = [], 0
    for fence in _FENCE.finditer(text):
        done += [change(text[at : fence.start()]), fence[0]]
        at = fence.end()
    return "".join([*done, change(text[at:])])


def without_code(text: str) -> str:
    """Return a page without its fenced blocks."""
    return _FENCE.sub("", text)
