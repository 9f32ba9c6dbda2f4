"""HTTP client for addresses that a tenant chose; all such requests go through it.

A name is resolved once, all its addresses must be public, and the connection goes to a checked address, so
that DNS rebinding has no effect. It follows no redirects, uses no proxy, shares no connections, and limits
the time of the whole request and the size of the response.
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
    parse_target,
    require_public,
)
from trunkline.egress.messages import Request, Response, TransportError

Address = IPv4Address | IPv6Address
Resolve = Callable[[str, int], Awaitable[list[Address]]]
"""Returns every address of a name; raises OSError if there is none."""

_CHECK_S = 3.0
_MAX_ADDRESSES = 3
_UNDECODED = {"Accept-Encoding": "identity"}


async def resolve(host: str, port: int) -> list[Address]:
    """Resolve a name with the system's resolver; an IP address resolves to itself."""
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [ip_address(str(info[4][0]).partition("%")[0]) for info in found]


class EgressClient:
    """Sends requests; `tls` contains the trusted certificates, by default certifi's."""

    def __init__(
        self, policy: AddressPolicy, resolver: Resolve = resolve, tls: ssl.SSLContext | None = None
    ) -> None:
        self._door = policy
        self._resolve = resolver
        self._tls = tls or ssl.create_default_context(cafile=certifi.where())

    async def check(self, url: str) -> None:
        """Check a URL; a name that does not resolve now passes, since it may resolve later.

        Raises:
            UnsafeAddress: the URL must not be called; contains the reason.
        """
        target = parse_target(url, self._door)
        try:
            async with asyncio.timeout(_CHECK_S):
                await self._addresses(target)
        except (OSError, UnicodeError):
            return

    async def send(self, request: Request) -> Response:
        """Send a request; never raises: a failure is part of the response."""
        started = time.monotonic()
        transport = _PinnedAddressTransport(self._door, self._addresses, self._tls)
        status, headers, body, transport_error, detail = None, httpx.Headers(), b"", None, ""
        try:
            async with asyncio.timeout(request.deadline_s), _opened(transport, request) as response:
                status, headers = response.status_code, response.headers
                body = await _read_body(response, request.max_response_bytes)
        except Exception as error:  # noqa: BLE001 - no behaviour of a tenant's server may raise here
            status, (transport_error, detail) = None, _transport_error(error)
        took_ms = round((time.monotonic() - started) * 1000)
        return Response(
            status,
            headers,
            body,
            took_ms,
            transport_error,
            detail,
            transport.connected and transport_error is not TransportError.INVALID,
        )

    async def _addresses(self, target: Target) -> list[Address]:
        found = await self._resolve(target.host, target.port)
        for address in found:
            require_public(address, self._door, target)
        # IPv4 first: without an IPv6 route, each IPv6 address would cost a failed attempt.
        return sorted(found, key=lambda address: address.version)


class _PinnedAddressTransport(httpx.AsyncBaseTransport):
    """Connects to a checked address; the Host header and the TLS server name stay those of the URL."""

    def __init__(
        self,
        policy: AddressPolicy,
        addresses: Callable[[Target], Awaitable[list[Address]]],
        tls: ssl.SSLContext,
    ) -> None:
        self.connected = False
        self._door = policy
        self._addresses = addresses
        # One connection and no pool: a pool is keyed by address and port, not by host name.
        limits = httpx.Limits(max_connections=1, max_keepalive_connections=0)
        self._inner = httpx.AsyncHTTPTransport(verify=tls, trust_env=False, retries=0, limits=limits)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        target = parse_target(str(request.url), self._door)
        last_error: httpx.ConnectError | None = None
        for address in (await self._addresses(target))[:_MAX_ADDRESSES]:
            host = f"[{address}]" if address.version == 6 else str(address)  # noqa: PLR2004 - IPv6
            request.url = request.url.copy_with(host=host)
            request.extensions = {**request.extensions, "sni_hostname": target.host, "trace": self._trace}
            try:
                return await self._inner.handle_async_request(request)
            except httpx.ConnectError as error:
                if isinstance(_root(error), ssl.SSLError):
                    raise
                last_error = error
        raise last_error or httpx.ConnectError("the name has no address")

    async def _trace(self, event: str, _: Mapping[str, object]) -> None:
        if event == "http11.send_request_headers.started":
            self.connected = True

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def _opened(transport: httpx.AsyncBaseTransport, request: Request) -> AsyncIterator[httpx.Response]:
    """Send a request over a transport, without a client: that one reads the Location and the cookies of a
    response, and fails where they are not valid."""
    url = httpx.URL(request.url)
    # Without a Host header, httpx decodes the host, and refuses names that IDNA 2008 lacks (with an emoji).
    headers = {**_UNDECODED, "Accept": "*/*", "Host": url.netloc.decode("ascii"), **request.headers}
    # `deadline_s` covers the whole request; the time-outs of httpx cover single steps.
    extensions = {"timeout": httpx.Timeout(request.deadline_s).as_dict()}
    sent = httpx.Request(request.method, url, headers=headers, content=request.body, extensions=extensions)
    async with transport:
        response = await transport.handle_async_request(sent)
        try:
            yield response
        finally:
            await response.aclose()


async def _read_body(response: httpx.Response, max_bytes: int) -> bytes:
    """Read the beginning of a body without decompressing it, which makes zip bombs harmless."""
    body = bytearray()
    async for chunk in response.aiter_raw():
        body += chunk[: max_bytes - len(body)]
        if len(body) >= max_bytes:
            break
    return bytes(body)


_TRANSPORT_ERRORS: tuple[tuple[tuple[type[Exception], ...], TransportError, str], ...] = (
    ((TimeoutError, httpx.TimeoutException), TransportError.TIMEOUT, "no complete response in time"),
    ((socket.gaierror, UnicodeError), TransportError.DNS, "the host's name does not resolve"),
    ((httpx.ConnectError,), TransportError.CONNECT, "no connection"),
    (
        (httpx.LocalProtocolError, httpx.InvalidURL, ValueError),
        TransportError.INVALID,
        "the request is not valid HTTP",
    ),
    (
        (httpx.RemoteProtocolError,),
        TransportError.BROKEN,
        "the response broke off, or is not valid HTTP",
    ),
)


def _transport_error(error: Exception) -> tuple[TransportError, str]:
    if isinstance(error, UnsafeAddress):
        return TransportError.REFUSED_ADDRESS, error.reason
    root = _root(error)
    if isinstance(error, httpx.ConnectError) and isinstance(root, ssl.SSLError):
        verify = getattr(root, "verify_message", "")
        return TransportError.TLS, f"certificate refused: {verify}" if verify else "no secure connection"
    for kinds, transport_error, text in _TRANSPORT_ERRORS:
        if isinstance(error, kinds):
            return transport_error, text
    return TransportError.BROKEN, "the connection broke"


def _root(error: BaseException) -> BaseException:
    """Return the first error of a chain; chains that lead back to themselves end, too."""
    seen = {id(error)}
    while (cause := error.__cause__ or error.__context__) and id(cause) not in seen:
        seen.add(id(cause))
        error = cause
    return error
