"""Which addresses may be called: what is refused without asking anybody."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from ipaddress import IPv6Address, ip_address, ip_network
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trunkline.egress.address_policy import AddressPolicy, UnsafeAddress, is_public, parse_target

SHUT = AddressPolicy()
LOCAL = AddressPolicy.parse("9100-9999")
PRIVATE = [
    "127.0.0.1",
    "127.8.8.8",
    "0.0.0.0",  # noqa: S104 - an address to refuse
    "10.0.0.1",
    "172.16.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "192.0.0.1",
    "198.18.0.1",
    "192.0.2.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "fd00:ec2::254",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "::ffff:127.0.0.1",
    "::ffff:8.8.8.8",
    "::127.0.0.1",
    "64:ff9b::7f00:1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2002:7f00:1::1",
    "2002:808:808::1",
    "2001::1",
    "2001:db8::1",
    "100::1",
    "::ffff:0:a9fe:a9fe",
    "::ffff:0:808:808",
    "::a9fe:a9fe",
    "64:ff9b:1:a9fe:a9fe::",
    "2600:1f00::5efe:a9fe:a9fe",
    "2600:1f00::200:5efe:7f00:1",
    "4000::1",
    "3fff::1",
    "0:0:0:0:1::",
    "192.31.196.1",
]


@pytest.mark.parametrize("text", PRIVATE)
def test_what_is_not_public_is_refused_by_address(text: str) -> None:
    assert not is_public(ip_address(text))
    host = f"[{text}]" if ":" in text else text
    with pytest.raises(UnsafeAddress):
        parse_target(f"https://{host}/hook", LOCAL)


@pytest.mark.parametrize("text", ["8.8.8.8", "1.1.1.1", "2606:4700:4700::1111", "64:ff9b::808:808"])
def test_what_is_public_is_let_through(text: str) -> None:
    assert is_public(ip_address(text))


@pytest.mark.parametrize(
    "url",
    [
        "http://example.com/",
        "ftp://example.com/",
        "https://",
        "//example.com",
        "example.com",
        "https://user:pass@example.com/",
        "https://example.com@127.0.0.1/",
        "https://example.com:22/",
        "https://example.com:0/",
        "https://example.com:99999/",
        "https://example.com:8080/",
        "https://example.com/#fragment",
        "https://2130706433/",
        "https://0177.0.0.1/",
        "https://0x7f.0.0.1/",
        "https://0x7f000001/",
        "https://127.1/",
        "https://127.0.0.1./",
        "https://[::1]/",
        "https://[fe80::1%25eth0]/",
        "https://localhost/",
        "https://LOCALHOST./",
        "https://a.localhost/",
        "https://metadata.google.internal/",
        "https://printer.local/",
        "https://intranet/",
        "https://ex%61mple.com/",
        "https://exämple.com/",
        "https://１２７.0.0.1/",
        "https://ⓔxample.com/",
        "https://example.com\\@127.0.0.1/",
        "https://exa mple.com/",
        "https://example.com/\r\nX: y",
        "https://example.com/\t",
        "https://-example.com/",
        "https://[2606:4700:4700::1111].example.com/",
        "https://[2606:4700:4700::1111]x:443/",
        "https://[v1.example]/",
        "https://" + "a" * 64 + ".com/",
        "https://example.com/" + "a" * 2048,
        "http://127.0.0.1:9001/2018-06-01/runtime",
        "http://127.0.0.1:9099/",
        "http://127.0.0.2:9100/",
        "http://localhost:9099/",
        "https://localhost:9100/",
        "http://a.localhost:9100/",
        "https://127.0.0.1:9100/",
        "http://[::1]:9100/",
        "http://[::ffff:127.0.0.1]:9100/",
    ],
)
def test_odd_urls_are_refused_even_where_loopback_is_open(url: str) -> None:
    with pytest.raises(UnsafeAddress):
        parse_target(url, LOCAL)


@pytest.mark.parametrize(
    "url",
    [
        "https://your-backend.com/webhooks/agent-studio",
        "https://EXAMPLE.com./x?y=z",
        "https://xn--exmple-cua.com/",
        "https://example.com:8443/",
        "https://8.8.8.8/",
        "http://127.0.0.1:9100/hook",
    ],
)
def test_plain_urls_are_let_through(url: str) -> None:
    assert parse_target(url, LOCAL).host


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST"])
def test_loopback_is_open_only_where_a_stage_says_so(host: str) -> None:
    assert parse_target(f"http://{host}:9100/hook", LOCAL).host == "127.0.0.1"
    with pytest.raises(UnsafeAddress, match="^the URL must begin with https://$"):
        parse_target(f"http://{host}:9100/hook", SHUT)
    with pytest.raises(UnsafeAddress, match=r"http://localhost with a port from 9100 to 9999"):
        parse_target(f"http://{host}:5000/hook", LOCAL)


@given(st.text(max_size=80))
def test_no_text_is_more_than_refused(text: str) -> None:
    for url in (text, f"https://{text}", f"https://{text}/"):
        with suppress(UnsafeAddress):
            assert parse_target(url, SHUT).scheme == "https"


@given(st.ip_addresses())
def test_every_address_is_public_or_not_and_python_never_knows_better(address: Any) -> None:
    if is_public(address) and address.version == 4:
        assert address.is_global


@given(st.ip_addresses(v=6))
def test_no_ipv6_address_outside_global_unicast_is_public_but_a_translated_one(address: Any) -> None:
    if address in ip_network("64:ff9b::/96"):
        assert is_public(address) is is_public(ip_address(int(address) & 0xFFFFFFFF))
    elif address not in ip_network("2000::/3"):
        assert not is_public(address)


# Every form of RFC 4291, 6052, 3056, 5214, 2765 and 4380 that carries an IPv4 address.
EMBEDDINGS = [
    lambda v4: v4,
    lambda v4: 0xFFFF << 32 | v4,
    lambda v4: 0xFFFF << 48 | v4,
    lambda v4: 0x64FF9B << 96 | v4,
    lambda v4: 0x64FF9B0001 << 80 | v4,
    lambda v4: 0x2002 << 112 | v4 << 80 | 1,
    lambda v4: 0x20010000 << 96 | v4 << 64 | v4 ^ 0xFFFFFFFF,
    lambda v4: 0x2600 << 112 | 0x5EFE << 32 | v4,
]


@given(st.ip_addresses(v=4), st.sampled_from(EMBEDDINGS))
def test_no_ipv6_form_makes_a_private_ipv4_address_public(v4: Any, embed: Callable[[int], int]) -> None:
    if not is_public(v4):
        assert not is_public(IPv6Address(embed(int(v4))))
