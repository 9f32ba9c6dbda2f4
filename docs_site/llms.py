"""The site for programs that read text: https://llmstxt.org. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from docs_site.navigation import paths_of
from docs_site.pages import Page

_INTRODUCTION = """# Trunkline

> A control plane for AI voice calls on LiveKit, in your own AWS account. A backend sends one HTTPS request,
> and a person's phone rings with an agent on the line.

Each page is Markdown. `llms-full.txt` has all of them, and `openapi.json` describes the API.
"""


def index(navigation: list[Any], pages: Mapping[str, Page]) -> str:
    """Return `llms.txt`: the pages by section, each with its first sentence."""
    lines = [_INTRODUCTION]
    for section in navigation:
        ((title, below),) = section.items()
        lines.append(f"## {title}\n")
        inside = (pages[path] for path in paths_of(below if isinstance(below, list) else [below]))
        lines += [*(f"- [{page.title}]({page.path}): {page.description}" for page in inside), ""]
    return "\n".join(lines)


def everything(navigation: list[Any], pages: Mapping[str, Page]) -> str:
    """Return `llms-full.txt`: all pages in the order of the navigation, each after its path."""
    return "\n".join(f"<!-- {path} -->\n\n{pages[path].text.strip()}\n" for path in paths_of(navigation))
