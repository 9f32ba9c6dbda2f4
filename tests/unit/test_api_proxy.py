"""The local stack's proxy: compressed bodies go through as they are."""

from __future__ import annotations

import gzip

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from local.api_proxy import proxy_app
from local.demo import dashboard_link

COMPRESSED = gzip.compress(b"content", mtime=0)


async def _origin(request: web.Request) -> web.Response:
    """Compress the answer for clients that accept it, as a function does."""
    accepted = request.headers.get("Accept-Encoding", "")
    if "gzip" in accepted:
        return web.Response(body=COMPRESSED, headers={"Content-Encoding": "gzip"})
    return web.Response(body=f"accepts {accepted!r}".encode())


@pytest.mark.parametrize(
    ("accepted", "coding", "body"),
    [("br, gzip", "gzip", COMPRESSED), (None, None, b"accepts ''")],
    ids=["some", "none"],
)
async def test_clients_alone_say_which_codings_they_accept(
    accepted: str | None, coding: str | None, body: bytes
) -> None:
    origin_app = web.Application()
    origin_app.router.add_get("/{path:.*}", _origin)
    headers = {} if accepted is None else {"Accept-Encoding": accepted}
    async with TestServer(origin_app) as origin:
        proxy = proxy_app(str(origin.make_url("")).rstrip("/"), "api.localhost", 3)
        async with (
            TestServer(proxy) as server,
            aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=("Accept-Encoding",)) as client,
            client.get(server.make_url("/assets/main.js"), headers=headers) as response,
        ):
            assert response.headers.get("Content-Encoding") == coding
            assert await response.read() == body


def test_the_link_to_the_dashboard_has_the_key_where_no_server_sees_it() -> None:
    link = dashboard_link("http://127.0.0.1:8080", "as_test_1")
    assert link == "http://localhost:8080/sign-in#key=as_test_1"
