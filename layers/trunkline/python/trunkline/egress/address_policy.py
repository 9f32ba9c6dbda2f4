"""Policy of the addresses that a tenant may have us call (SSRF guard). Pure.

Sources: IANA's registries of global unicast and special-purpose addresses (what is public), RFC 6052 (NAT64),
RFC 5214 (ISATAP), and the URL standard's "ends in a number" rule for hosts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

HTTPS_PORTS = frozenset({443, 4443, 8443, 9443})
MAX_URL_LENGTH = 2048
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_NETLOC = re.compile(r"(\[[0-9A-Fa-f:.]+\]|[^\[\]:]+)(:[0-9]*)?")
"""A host and its port. `urlsplit` drops what stands between the `]` of an IPv6 address and the port."""

_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion")
# An allow-list: what is not assigned for global unicast is refused, whatever form it has. IANA assigns global
# unicast from 2000::/3 alone (https://www.iana.org/assignments/ipv6-unicast-address-assignments).
_GLOBAL_UNICAST = tuple(ip_network(text) for text in ("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3", "2000::/3"))
# The special-purpose blocks within it, https://www.iana.org/assignments/iana-ipv4-special-registry and
# iana-ipv6-special-registry. Blocks that anycast or translate (AS112, AMT, 6to4, Teredo) host no endpoint.
_SPECIAL = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.0.2.0/24",
        "192.31.196.0/24",
        "192.52.193.0/24",
        "192.88.99.0/24",
        "192.168.0.0/16",
        "192.175.48.0/24",
        "198.18.0.0/15",
        "198.51.100.0/24",
        "203.0.113.0/24",
        "2001::/23",
        "2001:db8::/32",
        "2002::/16",
        "2620:4f:8000::/48",
        "3fff::/20",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
"""The well-known prefix of translators, the only space outside 2000::/3 from which servers are reached."""

_ISATAP = (0x0000_5EFE, 0x0200_5EFE)
"""The upper half of an interface identifier whose lower half is an IPv4 address (RFC 5214, 6.1)."""

_LOOPBACK = IPv4Network("127.0.0.1/32")


class UnsafeAddress(Exception):
    """An address that must not be called; its owner may see `reason`."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True)
class AddressPolicy:
    """What a stage allows besides https to public addresses: plain http to this machine, on some ports."""

    loopback_ports: range = range(0)

    @classmethod
    def parse(cls, text: str) -> AddressPolicy:
        """Read a setting: `none`, or the first and last port, for example `9100-9999`."""
        if text == "none":
            return cls()
        first, last = text.split("-")
        return cls(range(int(first), int(last) + 1))

    def allows(self, target: Target) -> bool:
        """Tell whether a target that is not public is allowed."""
        return (target.scheme, target.host) == ("http", "127.0.0.1") and target.port in self.loopback_ports

    @property
    def hint(self) -> str:
        """Say in the text of an error what else is allowed; empty where nothing is."""
        if not self.loopback_ports:
            return ""
        first, last = self.loopback_ports[0], self.loopback_ports[-1]
        return f"; on this stage also http://127.0.0.1 or http://localhost with a port from {first} to {last}"


@dataclass(frozen=True)
class Target:
    """The target of a URL; `host` is a name in lower case, or an address without brackets."""

    scheme: str
    host: str
    port: int


def parse_target(url: str, policy: AddressPolicy) -> Target:
    """Return the target of a URL, after every check that needs no DNS.

    Raises:
        UnsafeAddress: the URL must not be called; contains the reason.
    """
    parts = _split(url)
    target = Target(parts.scheme.lower(), _host(parts), _port(parts))
    # `localhost` may resolve to ::1, where a server of 127.0.0.1 does not listen.
    loopback = replace(target, host="127.0.0.1") if target.host == "localhost" else target
    if policy.allows(loopback):
        return loopback
    if target.scheme != "https":
        raise UnsafeAddress(f"the URL must begin with https://{policy.hint}")
    if target.port not in HTTPS_PORTS:
        raise UnsafeAddress(f"the port must be one of {', '.join(map(str, sorted(HTTPS_PORTS)))}")
    if address := _literal(target.host):
        require_public(address, policy, target)
    elif target.host in _PRIVATE_NAMES or target.host.endswith(tuple(f".{name}" for name in _PRIVATE_NAMES)):
        raise UnsafeAddress("the host is a name of a private network")
    elif not _HOST.fullmatch(target.host):
        raise UnsafeAddress("the host is not a public name (international names need their xn-- form)")
    return target


def require_public(address: IPv4Address | IPv6Address, policy: AddressPolicy, target: Target) -> None:
    """Require a public address, also inside the IPv6 forms that contain an IPv4 address.

    Raises:
        UnsafeAddress: the address is not public; the reason does not reveal it.
    """
    if policy.allows(target) and address in _LOOPBACK:
        return
    if not is_public(address):
        raise UnsafeAddress("the host's address is not public")


def is_public(address: IPv4Address | IPv6Address) -> bool:
    """Tell whether an address can belong to a public server: it is global unicast, not special-purpose."""
    if isinstance(address, IPv6Address):
        embedded = IPv4Address(int(address) & 0xFFFF_FFFF)
        if address in _NAT64:
            return is_public(embedded)
        if (int(address) >> 32) & 0xFFFF_FFFF in _ISATAP and not is_public(embedded):
            return False
    return (
        _is_in(address, _GLOBAL_UNICAST)
        and not _is_in(address, _SPECIAL)
        and address.is_global
        and not address.is_multicast
    )


def _is_in(address: IPv4Address | IPv6Address, networks: tuple[IPv4Network | IPv6Network, ...]) -> bool:
    return any(address in network for network in networks if network.version == address.version)


def _split(url: str) -> SplitResult:
    if len(url) > MAX_URL_LENGTH:
        raise UnsafeAddress(f"the URL may have at most {MAX_URL_LENGTH} characters")
    if not _VISIBLE.fullmatch(url) or "\\" in url:
        raise UnsafeAddress("the URL may contain only visible ASCII characters, and no backslash")
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 - reading it raises for an invalid port
    except ValueError as error:
        raise UnsafeAddress("not a valid URL") from error
    if "@" in parts.netloc:
        raise UnsafeAddress("the URL must not contain a user or a password")
    if parts.fragment:
        raise UnsafeAddress("the URL must not contain a fragment")
    if "%" in parts.netloc or not parts.hostname:
        raise UnsafeAddress("the URL has no host, or an encoded host")
    if not _NETLOC.fullmatch(parts.netloc):
        raise UnsafeAddress("not a valid URL")
    return parts


def _host(parts: SplitResult) -> str:
    return (parts.hostname or "").lower().removesuffix(".")


def _port(parts: SplitResult) -> int:
    return parts.port if parts.port is not None else {"https": 443, "http": 80}.get(parts.scheme.lower(), 0)


def _literal(host: str) -> IPv4Address | IPv6Address | None:
    """Return a host that is an IP address; refuse decimal, octal and hexadecimal notations."""
    try:
        return ip_address(host)
    except ValueError:
        last = host.rpartition(".")[2]
        if last.isdigit() or last.startswith("0x"):
            raise UnsafeAddress("the host is a number, but not an IP address in standard notation") from None
        return None
