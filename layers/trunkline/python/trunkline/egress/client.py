"""The one place from which a request goes to an address that a tenant chose.

The name is resolved once, every answer must be public, and the connection goes to an address that was
checked: a name that answers otherwise a moment later is not asked again. No redirects, no proxy, no
connection kept for anybody else, a deadline for the whole request and a bound on the answer.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from ipaddress import IPv4Address, IPv6Address, ip_address

import certifi
import httpx

from trunkline.egress.address_policy import (
    AddressPolicy,
    Target,
    UnsafeAddress,
    require_public,
    target_of,
)
from trunkline.egress.messages import Request, Response, TransportError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""Every address of a name; raises OSError if it has none."""

_CHECK_S = 3.0
_MAX_ADDRESSES = 3
_UNDECODED = {"Accept-Encoding": "identity"}


async def resolve(host: str, port: int) -> list[Address]:
    """Ask the system's resolver; an address written as such is its own answer."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(info[4][0]).partition("%")[0]) for info in found]


class EgressClient:
    """Sends requests; `tls` is the trust they are made with, by default certifi's."""

    def __init__(
        self, door: AddressPolicy, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._door = door
        self._resolve = resolver
        self._tls = tls or ssl.create_default_context(cafile=certifi.where())

    async def check(self, url: str) -> None:
        """Refuse a URL that may not be called now; one whose name does not resolve may come to.

        Raises:
            UnsafeAddress: says why.
        """
        target = target_of(url, self._door)
        try:
            async with asyncio.timeout(_CHECK_S):
                await self._addresses(target)
        except (OSError, UnicodeError):
            return

    async def send(self, request: Request) -> Response:
        """Send a request; whatever happens is told in the answer."""
        began = time.monotonic()
        transport = _PinnedAddressTransport(self._door, self._addresses, self._tls)
        status, headers, body, fault, detail = None, httpx.Headers(), b"", None, ""
        try:
            async with asyncio.timeout(request.deadline_s), _opened(transport, request) as response:
                status, headers = response.status_code, response.headers
                body = await _read_headers(response, request.max_answer_bytes)
        except Exception as error:  # noqa: BLE001 - nothing that a stranger's server does may pass this line
            status, (fault, detail) = None, _transport_error(error)
        took_ms = round((time.monotonic() - began) * 1000)
        return Response(
            status,
            headers,
            body,
            took_ms,
            fault,
            detail,
            transport.connected and fault is not TransportError.INVALID,
        )

    async def _addresses(self, target: Target) -> list[Address]:
        found = await self._resolve(target.host, target.port)
        for address in found:
            require_public(address, self._door, target)
        # Where there is no way out over IPv6, an address of that kind first would cost a try.
        return sorted(found, key=lambda address: address.version)


class _PinnedAddressTransport(httpx.AsyncBaseTransport):
    """Connects to an address that was checked; Host and the server name stay the URL's."""

    def __init__(
        self,
        door: AddressPolicy,
        addresses: Callable[[Target], Awaitable[list[Address]]],
        tls: ssl.SSLContext,
    ) -> None:
        self.connected = False
        self._door = door
        self._addresses = addresses
        # One connection, kept for nobody: a pool would go by address and port, whoever's name it was.
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, retries=0, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = target_of(str(request.url), self._door)
        refused: httpx.ConnectError | None = None
        for address in (await self._addresses(target))[:_MAX_ADDRESSES]:
            host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6
            request.url = request.url.copy_with(host=host)
            request.extensions = {**request.extensions, "sni_hostname": target.host, "trace": self._trace}
            try:
                return await self._inner.handle_async_request(request)
            except httpx.ConnectError as error:
                if isinstance(_root(error), ssl.SSLError):
                    raise
                refused = error
        raise refused or httpx.ConnectError("the name has no address")

    async def _trace(self, event: str, _: Mapping[str, object]) -> None:
        if event == "http11.send_request_headers.started":
            self.connected = True

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def _opened(transport: httpx.AsyncBaseTransport, request: Request) -> AsyncIterator[httpx.Response]:
    headers = {**_UNDECODED, **request.headers}
    # The deadline of the whole request stands in for httpx's, which are for each step.
    client = httpx.AsyncClient(transport=transport, trust_env=False, timeout=request.deadline_s)
    opened = client.stream(request.method, request.url, headers=headers, content=request.body)
    async with client, opened as response:
        yield response


async def _read_headers(response: httpx.Response, most: int) -> bytes:
    """The beginning of a body as it came, never unpacked: a bomb stays shut."""
    body = b""
    async for chunk in response.aiter_raw():
        body += chunk[: most - len(body)]
        if len(body) >= most:
            break
    return body


_FAULTS: tuple[tuple[tuple[type[Exception], ...], TransportError, str], ...] = (
    ((TimeoutError, httpx.TimeoutException), TransportError.TIMEOUT, "no whole answer in time"),
    ((socket.gaierror, UnicodeError), TransportError.DNS, "the host's name does not resolve"),
    ((httpx.ConnectError,), TransportError.CONNECT, "no connection"),
    (
        (httpx.LocalProtocolError, httpx.InvalidURL, ValueError),
        TransportError.INVALID,
        "the request can't be written",
    ),
)


def _transport_error(error: Exception) -> tuple[TransportError, str]:
    if isinstance(error, UnsafeAddress):
        return TransportError.REFUSED_ADDRESS, error.reason
    root = _root(error)
    if isinstance(error, httpx.ConnectError) and isinstance(root, ssl.SSLError):
        verify = getattr(root, "verify_message", "")
        return TransportError.TLS, f"certificate refused: {verify}" if verify else "no secure connection"
    for kinds, fault, text in _FAULTS:
        if isinstance(error, kinds):
            return fault, text
    return TransportError.BROKEN, "the connection broke"


def _root(error: BaseException) -> BaseException:
    while cause := error.__cause__ or error.__context__:
        error = cause
    return error
