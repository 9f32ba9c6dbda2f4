"""A tenant's own LiveKit is reached through guarded sockets: whatever the URL, a name or a redirect says."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web

from trunkline.egress.address_policy import AddressPolicy
from trunkline.egress.socket_guard import SocketGuard
from trunkline.livekit.client import LiveKitClient, open_session, open_session_for
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.livekit.sdk_boundary import LiveKitUnavailable


class Canary:
    """A server of ours that nobody may reach."""

    def __init__(self) -> None:
        self.requests = 0
        self.redirect: str | None = None
        self.port = 0

    async def answer(self, _: web.Request) -> web.Response:
        self.requests += 1
        if self.redirect:
            raise web.HTTPTemporaryRedirect(self.redirect)
        return web.Response(body=b"\xff nonsense")


@asynccontextmanager
async def served(canary: Canary) -> AsyncIterator[int]:
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", canary.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    server = site._server
    assert server is not None
    canary.port = server.sockets[0].getsockname()[1]  # type: ignore[attr-defined]
    try:
        yield canary.port
    finally:
        await runner.cleanup()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "127.1", "2130706433", "[::1]", "0.0.0.0"])  # noqa: S104 - no bind
async def test_no_name_or_spelling_of_a_private_address_is_connected_to(host: str) -> None:
    canary = Canary()
    async with served(canary) as port, open_session(SocketGuard(AddressPolicy())) as session:
        with pytest.raises((aiohttp.ClientError, OSError)):
            await session.get(f"http://{host}:{port}/")
    assert canary.requests == 0


async def test_a_redirect_leads_to_no_private_address(unused_port: int) -> None:
    public, private = Canary(), Canary()
    async with served(public) as open_port, served(private) as port:
        public.redirect = f"http://127.0.0.1:{port}/latest/meta-data"
        door = AddressPolicy(range(open_port, open_port + 1))
        async with open_session(SocketGuard(door)) as session:
            with pytest.raises(aiohttp.ClientError):
                await session.post(f"http://127.0.0.1:{open_port}/twirp")
    assert (public.requests, private.requests) == (1, 0)


@pytest.fixture
def unused_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as free:
        return int(free.getsockname()[1])


@pytest.mark.parametrize(
    "address",
    [
        ("10.0.0.1", 443),
        ("169.254.169.254", 80),
        ("100.64.0.1", 443),
        ("192.168.1.1", 443),
        ("::1", 443, 0, 0),
        ("fe80::1%lo", 443, 0, 1),
        ("::ffff:10.0.0.1", 443, 0, 0),
        ("64:ff9b::a00:1", 443, 0, 0),
    ],
)
def test_the_guard_sees_the_address_itself(address: tuple[object, ...]) -> None:
    family = socket.AF_INET6 if ":" in str(address[0]) else socket.AF_INET
    with pytest.raises(OSError, match="not public"):
        SocketGuard(AddressPolicy()).socket((family, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", address))


def test_a_public_address_is_let_through() -> None:
    where = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", ("93.184.216.34", 443))
    SocketGuard(AddressPolicy()).socket(where).close()


async def test_only_what_a_tenant_brought_is_guarded() -> None:
    canary = Canary()
    async with served(canary) as port:
        url = f"http://127.0.0.1:{port}"
        for tenant_id, door in (("tenant-1", AddressPolicy()), (None, None)):
            credentials = LiveKitCredentials(url, "key", "s" * 32, tenant_id, door)
            async with open_session_for(credentials) as session:
                # Both fail: the guarded one at its socket, the other at the nonsense it is answered.
                with pytest.raises(LiveKitUnavailable):
                    await LiveKitClient(credentials, session).agent_in_room("room")
    assert canary.requests == 1
