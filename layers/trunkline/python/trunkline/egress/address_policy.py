"""Policy of the addresses that a tenant may have us call (SSRF guard). Pure.

Sources: RFC 6890 and the IANA special-purpose registries (what is public), RFC 6052 (NAT64), RFC 3056
(6to4), RFC 4380 (Teredo), and the URL standard's "ends in a number" rule for hosts.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

HTTPS_PORTS = frozenset({443, 4443, 8443, 9443})
MAX_URL_LENGTH = 2048
_HOST = re.compile(r"(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
_VISIBLE = re.compile(r"[\x21-\x7e]+")
_PRIVATE_NAMES = ("localhost", "local", "internal", "intranet", "lan", "home", "corp", "home.arpa", "onion")
# Never public, whatever `ipaddress` says about them in some version of Python.
_NEVER_PUBLIC = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "224.0.0.0/3",
        "::/96",
        "::ffff:0:0/96",
        "64:ff9b:1::/48",
        "100::/64",
        "2001::/23",
        "2002::/16",
        "3fff::/20",
        "5f00::/16",
        "fc00::/7",
        "fe80::/10",
        "fec0::/10",
        "ff00::/8",
    )
)
_NAT64 = IPv6Network("64:ff9b::/96")
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
    if policy.allows(target):
        return target
    if target.scheme != "https":
        raise UnsafeAddress("the URL must begin with https://")
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
    """Tell whether an address can belong to a public server."""
    if isinstance(address, IPv6Address) and address in _NAT64:
        return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
    if any(address in network for network in _NEVER_PUBLIC if network.version == address.version):
        return False
    return address.is_global and not address.is_multicast


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
