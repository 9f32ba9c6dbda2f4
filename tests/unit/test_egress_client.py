"""The one way out: what is refused before and at the connection, and what a hostile server can do."""

from __future__ import annotations

import asyncio
import gzip
import random
import socket
import ssl
from ipaddress import IPv4Address, ip_address
from typing import Any

import pytest
import trustme

from tests.support.raw_server import LOCAL, answers, posted, request, server
from trunkline.egress import client as outgoing
from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress
from trunkline.egress.client import EgressClient
from trunkline.egress.messages import Response, TransportError

SHUT = AddressPolicy()


async def test_a_plain_request_goes_out_as_it_is() -> None:
    async with server(answers(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")) as hook:
        answer = await EgressClient(LOCAL).send(request(f"{hook.url}/hook?a=b", {"X-A": "b"}))
    assert (answer.status, answer.body, answer.error) == (200, b"hi", None)
    assert hook.heads[0].startswith(b"POST /hook?a=b HTTP/1.1\r\n")
    assert f"host: {hook.url.removeprefix('http://')}".encode() in hook.heads[0].lower()
    assert b"x-a: b" in hook.heads[0].lower()


async def test_a_redirect_is_an_answer_and_not_followed() -> None:
    answer = await posted(answers(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:9372/\r\n\r\n"))
    assert answer.status == 302


async def test_bytes_that_drip_end_with_the_deadline_for_the_whole_request() -> None:
    drips: list[bytes] = []

    async def drip(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        while True:
            drips.append(b"x")
            writer.write(drips[-1])
            await writer.drain()
            await asyncio.sleep(0.05)

    answer = await posted(drip, deadline_s=0.6)
    assert (answer.status, answer.error) == (None, TransportError.TIMEOUT)
    assert 1 <= len(drips) <= 13, "no more than fit into the deadline"


async def test_headers_that_never_end_are_cut_off() -> None:
    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\n")
        while True:
            writer.write(b"X-A: " + b"a" * 1000 + b"\r\n")
            await writer.drain()

    assert (await posted(endless)).error is TransportError.BROKEN


async def test_a_gigabyte_is_read_no_further_than_its_beginning() -> None:
    megabytes: list[int] = []

    async def flood(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000000\r\n\r\n")
        for number in range(1000):
            writer.write(b"x" * 1_000_000)
            await writer.drain()
            megabytes.append(number)

    answer = await posted(flood)
    assert (answer.status, len(answer.body)) == (200, 16 * 1024)
    assert len(megabytes) < 50, "what the sockets hold, and not the rest"


async def test_a_gzip_bomb_stays_shut() -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(bomb)
    answer = await posted(answers(head + bomb))
    assert answer.status == 200
    assert answer.body == bomb[: 16 * 1024]


@pytest.mark.parametrize(
    "text", [b"", b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf", b"nonsense\r\n\r\n"]
)
async def test_a_server_that_breaks_off_is_no_success(text: bytes) -> None:
    answer = await posted(answers(text))
    assert (answer.status, answer.error) == (None, TransportError.BROKEN)


async def test_nobody_there_and_nothing_sent() -> None:
    async with server(answers(b"")) as closed:
        pass
    answer = await EgressClient(LOCAL).send(request(closed.url))
    assert (answer.error, answer.sent) == (TransportError.CONNECT, False)


async def test_no_line_break_gets_into_a_header() -> None:
    answer = await posted(answers(b""), {"X-A": "b\r\nX-C: d"})
    assert (answer.error, answer.sent) == (TransportError.INVALID, False)


async def test_the_environments_proxy_is_not_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9374")
    answer = await posted(answers(b"HTTP/1.1 204 No Content\r\n\r\n"))
    assert answer.status == 204


def resolver(*addresses: str) -> Any:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[Any]:
        asked.append(host)
        return [ip_address(text) for text in addresses]

    return resolve


@pytest.mark.parametrize("addresses", [("10.0.0.1",), ("8.8.8.8", "10.0.0.1"), ("2606:4700::1", "::1")])
async def test_a_name_with_any_private_answer_is_refused(addresses: tuple[str, ...]) -> None:
    sender = EgressClient(SHUT, resolver(*addresses))
    with pytest.raises(UnsafeAddress):
        await sender.check("https://rebind.example.com/")
    answer = await sender.send(request("https://rebind.example.com/"))
    assert (answer.error, answer.sent) == (TransportError.REFUSED_ADDRESS, False)


async def test_a_name_that_is_private_later_is_refused_at_the_connection_and_asked_once() -> None:
    asked, private = [], loopback_host()

    async def turning(host: str, port: int) -> list[Any]:
        asked.append(host)
        return [ip_address("8.8.8.8" if len(asked) == 1 else private)]

    sender = EgressClient(SHUT, turning)
    await sender.check("https://rebind.example.com/")
    async with server(answers(b"HTTP/1.1 200 OK\r\n\r\n"), private, 8443) as canary:
        answer = await sender.send(request("https://rebind.example.com:8443/"))
    assert (answer.error, canary.heads, len(asked)) == (TransportError.REFUSED_ADDRESS, [], 2)


async def test_a_name_that_does_not_resolve_may_be_registered_and_is_a_dns_error() -> None:
    async def none(host: str, port: int) -> list[Any]:
        raise socket.gaierror(-2, "Name or service not known")

    sender = EgressClient(SHUT, none)
    await sender.check("https://later.example.com/")
    assert (await sender.send(request("https://later.example.com/"))).error is TransportError.DNS


async def test_a_resolver_that_hangs_ends_with_the_deadline() -> None:
    async def hang(host: str, port: int) -> list[Any]:
        await asyncio.sleep(60)
        return []

    answer = await EgressClient(SHUT, hang).send(request("https://slow.example.com/", deadline_s=0.2))
    assert answer.error is TransportError.TIMEOUT


@pytest.fixture
def authority(monkeypatch: pytest.MonkeyPatch) -> trustme.CA:
    """Make loopback count as public, so that certificates can be tried."""
    monkeypatch.setattr(outgoing, "require_public", lambda *_: None)
    return trustme.CA()


def loopback_host() -> str:
    """An address that no other test listens at: HTTPS goes to port 443 or 8443 alone."""
    return f"127.{'.'.join(str(random.randint(1, 254)) for _ in range(3))}"


async def over_tls(authority: trustme.CA, name: str) -> tuple[Response, list[bytes]]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(name).configure_cert(context)
    trust = ssl.create_default_context()
    authority.configure_trust(trust)
    host = loopback_host()
    sender = EgressClient(SHUT, resolver(host), trust)
    async with server(answers(b"HTTP/1.1 204 No Content\r\n\r\n"), host, 8443, ssl=context) as hook:
        return await sender.send(request("https://hooks.example.com:8443/a")), hook.heads


async def test_the_certificate_must_be_the_names_though_the_connection_goes_to_an_address(
    authority: trustme.CA,
) -> None:
    answer, heads = await over_tls(authority, "hooks.example.com")
    assert answer.status == 204
    assert b"host: hooks.example.com:8443" in heads[0].lower()


async def test_a_name_that_idna_2008_lacks_is_called_as_it_is_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(outgoing, "require_public", lambda *_: None)
    asked: list[str] = []

    async def nobody(host: str, port: int) -> list[Any]:
        asked.append(host)
        raise socket.gaierror

    answer = await EgressClient(SHUT, nobody).send(request("https://xn--ls8h.la/hook"))
    assert (asked, answer.error) == (["xn--ls8h.la"], TransportError.DNS)


async def test_a_wrong_certificate_is_refused_before_anything_is_sent(authority: trustme.CA) -> None:
    answer, heads = await over_tls(authority, "other.example.com")
    assert (answer.error, answer.sent, heads) == (TransportError.TLS, False, [])
    assert "certificate refused" in answer.detail


async def test_an_unknown_authority_is_refused(authority: trustme.CA) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA().issue_cert("hooks.example.com").configure_cert(context)
    host = loopback_host()
    sender = EgressClient(SHUT, resolver(host))
    async with server(answers(b""), host, 8443, ssl=context):
        answer = await sender.send(request("https://hooks.example.com:8443/"))
    assert answer.error is TransportError.TLS


async def test_the_next_address_is_tried_where_one_does_not_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outgoing, "require_public", lambda *_: None)

    async def two(host: str, port: int) -> list[Any]:
        return [IPv4Address("127.0.0.3"), IPv4Address("127.0.0.1")]

    async with server(answers(b"HTTP/1.1 204 No Content\r\n\r\n")) as hook:
        port = hook.url.rpartition(":")[2]
        answer = await EgressClient(LOCAL, two).send(request(f"http://127.0.0.1:{port}/"))
    assert answer.status == 204
