"""The documentation on the local stack: built when somebody asks for it, and served without anything else."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from yarl import URL

from docs_site import pages
from local.config import ROOT
from local.documentation import SOURCES, Documentation

BUILDS = "import pathlib, sys; site = pathlib.Path(sys.argv[1]); site.mkdir(exist_ok=True); " + (
    "(site / 'index.html').write_text('the first page'); (site / 'calls.md').write_text('# Calls')"
)
FAILS = "print('calls.md links to nowhere'); raise SystemExit(1)"

Get = Callable[[str], Awaitable[tuple[int, str, "aiohttp.ClientResponse"]]]
Serve = Callable[..., Awaitable[Get]]


@pytest.fixture
async def serve(tmp_path: Path) -> AsyncIterator[Serve]:
    """Serve a site that a program builds of one page, beside an API that takes every other path."""
    (tmp_path / "page.md").write_text("a page")
    running: list[TestServer] = []
    client = aiohttp.ClientSession()

    async def api(_: web.Request) -> web.Response:
        return web.Response(text="the API")

    async def start(program: str, executable: str = sys.executable) -> Get:
        app = web.Application()
        build = (executable, "-c", program, str(tmp_path / "site"))
        Documentation(tmp_path / "site", [tmp_path / "page.md"], build).add_to(app)
        app.router.add_route("*", "/{path:.*}", api)
        server = TestServer(app)
        await server.start_server()
        running.append(server)

        async def get(path: str) -> tuple[int, str, aiohttp.ClientResponse]:
            async with client.get(
                URL(f"{server.make_url('')}{path}".replace("//docs", "/docs"), encoded=True)
            ) as response:
                return response.status, await response.text(), response

        return get

    yield start
    await client.close()
    for server in running:
        await server.close()


async def until_built(get: Get, path: str) -> tuple[int, str, aiohttp.ClientResponse]:
    async with asyncio.timeout(30):
        while (answer := await get(path))[0] == 503:
            assert "is being built" in answer[1]
            await asyncio.sleep(0.05)
    return answer


async def test_the_site_is_built_when_it_is_first_opened(serve: Serve, tmp_path: Path) -> None:
    get = await serve(BUILDS)
    assert not (tmp_path / "site").exists()
    status, text, response = await until_built(get, "/docs")
    assert (status, text, response.url.path) == (200, "the first page", "/docs/")
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy
    status, text, response = await get("/docs/calls.md")
    assert (status, text, response.content_type, response.charset) == (
        200,
        "# Calls",
        "text/markdown",
        "utf-8",
    )
    assert (await get("/api/v1/health"))[1] == "the API"


async def test_it_is_built_again_when_a_page_has_changed(serve: Serve, tmp_path: Path) -> None:
    get = await serve(BUILDS)
    await until_built(get, "/docs/")
    (tmp_path / "site" / "index.html").write_text("as it was")
    assert (await get("/docs/"))[1] == "as it was"
    later_s = (tmp_path / "site" / "index.html").stat().st_mtime + 5
    os.utime(tmp_path / "page.md", (later_s, later_s))
    assert (await get("/docs/"))[0] == 503


async def test_a_build_that_fails_says_why(serve: Serve) -> None:
    get = await serve(FAILS)
    status, text, _ = await until_built(get, "/docs/")
    assert status == 500
    assert "calls.md links to nowhere" in text
    assert (await get("/docs/"))[0] == 503, "the next request tries it again"


async def test_a_build_that_cannot_be_started_says_why(serve: Serve) -> None:
    get = await serve(BUILDS, "/no/such/python")
    status, text, _ = await until_built(get, "/docs/")
    assert status == 500
    assert "/no/such/python could not be started" in text


def test_every_page_of_the_site_is_watched(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []
    text = pages._text

    def noted(origin: str) -> str:
        read.append(ROOT / origin)
        return text(origin)

    monkeypatch.setattr(pages, "_text", noted)
    pages.all_pages()
    read += [ROOT / "README.md"]
    assert [page for page in read if not any(page.is_relative_to(source) for source in SOURCES)] == []


@pytest.mark.parametrize(
    "path",
    ["/docs/missing.html", "/docs/../page.md", "/docs/%2e%2e/page.md", "/docs/..%2fpage.md", "/docs/%00"],
)
async def test_nothing_but_the_sites_files_is_served(serve: Serve, path: str) -> None:
    get = await serve(BUILDS)
    await until_built(get, "/docs/")
    status, text, _ = await get(path)
    assert text != "a page"
    assert status == 404 or text == "the API"
