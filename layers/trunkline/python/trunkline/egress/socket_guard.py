"""Keeps a library's own connections from addresses that are not public: it makes their sockets.

It sees the address that is really connected to, after names, redirects and literals.
"""

from __future__ import annotations

import socket
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from trunkline.egress.address_policy import AddressPolicy, is_public


@dataclass(frozen=True)
class SocketGuard:
    """Makes sockets for addresses that `door` lets through."""

    door: AddressPolicy

    def socket(self, address: Any) -> socket.socket:
        """A socket for an entry of `getaddrinfo`.

        Raises:
            OSError: the address is not public, which counts as one that can't be connected to.
        """
        family, kind, protocol, _, place = address
        host, port = str(place[0]).partition("%")[0], int(place[1])
        here = host == "127.0.0.1" and port in self.door.loopback_ports
        if not here and not is_public(ip_address(host)):
            raise OSError("the address is not public")
        return socket.socket(family, kind, protocol)
