"""The documentation's site at `/docs` of the local API; it is built when somebody first asks for it.

On AWS it is not part of the stack: its files are static, for any web server (`docs/documentation.md`).
"""

from __future__ import annotations

import asyncio
import html
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from aiohttp import web

from local.config import ROOT

SITE = ROOT / ".local" / "docs" / "site"
_FOLDERS = ("docs", "docs_site", "cli", "examples")
_PAGES = ("*.md", "agent/*.md", "benchmarks/*.md", "clients/*/*.md", "dashboard/*.md", "local/livekit/*.md")
SOURCES = (
    *(ROOT / folder for folder in _FOLDERS),
    *(page for pattern in _PAGES for page in sorted(ROOT.glob(pattern))),
)
BUILD = (sys.executable, "-m", "docs_site")
_HEADERS = {
    # Scripts and styles of the theme are in its pages, too. Nothing comes from another host.
    "Content-Security-Policy": "default-src 'self'; script-src 'self' 'unsafe-inline'; "
    "style-src 'self' 'unsafe-inline'; img-src 'self' data:; object-src 'none'; base-uri 'none'; "
    "form-action 'self'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-cache",
}
_TYPES = {".md": "text/markdown", ".txt": "text/plain"}
_RELOAD_AFTER_S = 2


class Documentation:
    """Serves a folder of files, and builds it first if it is missing or older than its sources."""

    def __init__(
        self, site: Path = SITE, sources: Iterable[Path] = SOURCES, build: Sequence[str] = BUILD
    ) -> None:
        self._site, self._sources, self._build = site, tuple(sources), build
        self._building: asyncio.Task[None] | None = None
        self._failure: str | None = None

    def add_to(self, app: web.Application) -> None:
        """Add its routes; they must come before those that take every path."""
        app.router.add_get("/docs", self._to_first_page)
        app.router.add_get(r"/docs/{path:[\s\S]*}", self._respond)
        app.on_cleanup.append(self._stop)

    async def _to_first_page(self, _: web.Request) -> web.Response:
        raise web.HTTPPermanentRedirect("/docs/")

    async def _respond(self, request: web.Request) -> web.StreamResponse:
        if self._building is None and self._is_stale():
            self._failure = None
            self._building = asyncio.create_task(self._run_build())
        if self._building is not None:
            return _page(
                "The documentation is being built", "It takes about half a minute.", status=503, reload=True
            )
        if self._failure is not None:
            failure, self._failure = self._failure, None
            return _page("The documentation could not be built", failure, status=500)
        return self._file(request.match_info["path"])

    def _file(self, path: str) -> web.StreamResponse:
        site = self._site.resolve()
        if "\0" in path:
            return _no_such_page()
        file = (site / (path or "index.html")).resolve()
        file = file / "index.html" if file.is_dir() else file
        if not file.is_relative_to(site) or not file.is_file():
            return _no_such_page()
        response = web.FileResponse(file, headers=_HEADERS)
        if kind := _TYPES.get(file.suffix):
            response.content_type, response.charset = kind, "utf-8"
        return response

    def _is_stale(self) -> bool:
        """Tell whether a source has changed since the build; after a failure, it is shown once first."""
        index = self._site / "index.html"
        if self._failure is not None:
            return False
        if not index.exists():
            return True
        built_at_s = index.stat().st_mtime
        return any(
            file.stat().st_mtime > built_at_s for source in self._sources for file in _files_of(source)
        )

    async def _run_build(self) -> None:
        try:
            self._failure = await _failure_of(self._build)
        except OSError as error:
            self._failure = f"{self._build[0]} could not be started: {error}"
        finally:
            self._building = None

    async def _stop(self, _: web.Application) -> None:
        if self._building is not None:
            self._building.cancel()
            await asyncio.gather(self._building, return_exceptions=True)


async def _failure_of(build: Sequence[str]) -> str | None:
    """Run a build; return what it printed if it failed.

    Raises:
        OSError: it could not be started.
    """
    process = await asyncio.create_subprocess_exec(
        *build, cwd=ROOT, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        output, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.communicate()
    if process.returncode == 0:
        return None
    return output.decode(errors="replace")[-4000:] or "It printed nothing."


def _files_of(source: Path) -> Iterable[Path]:
    if not source.is_dir():
        return (source,)
    return (file for file in source.rglob("*") if file.is_file() and file.suffix != ".pyc")


def _no_such_page() -> web.Response:
    return _page("There is no such page", "The first page is at /docs/.", status=404)


def _page(title: str, text: str, *, status: int, reload: bool = False) -> web.Response:
    again = f'<meta http-equiv="refresh" content="{_RELOAD_AFTER_S}">' if reload else ""
    body = (
        f'<!doctype html><meta charset="utf-8"><meta name="color-scheme" content="light dark">{again}'
        f"<title>{html.escape(title)}</title><h1>{html.escape(title)}</h1><pre>{html.escape(text)}</pre>"
    )
    headers = _HEADERS | {"Retry-After": str(_RELOAD_AFTER_S)} if reload else _HEADERS
    return web.Response(text=body, status=status, content_type="text/html", headers=headers)
