"""Socket factory that keeps a library's own connections from addresses that are not public.

It sees the address of the connection itself, after name resolution and redirects.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from trunkline.egress.address_policy import AddressPolicy, is_public


@dataclass(frozen=True)
class SocketGuard:
    """Creates sockets for addresses that `policy` allows."""

    policy: AddressPolicy

    def socket(self, address: Any) -> socket.socket:
        """Create a socket for an entry of `getaddrinfo`.

        Raises:
            OSError: the address is not public; libraries treat it like a failed connection.
        """
        family, kind, protocol, _, sockaddr = address
        host, port = str(sockaddr[0]).partition("%")[0], int(sockaddr[1])
        is_allowed_loopback = host == "127.0.0.1" and port in self.policy.loopback_ports
        if not is_allowed_loopback and not is_public(ip_address(host)):
            raise OSError("the address is not public")
        return socket.socket(family, kind, protocol)
