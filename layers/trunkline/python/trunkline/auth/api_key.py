"""API keys: format, keyed hash and allowed addresses.

A key is `as_live_` or `as_test_`, 32 random letters and digits, and a checksum of 6, so that a typing
error is refused without a look-up. Only an HMAC-SHA256 under the deployment's pepper is stored.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
import string
import zlib
from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from trunkline.auth.scopes import Scope

_ALPHABET = string.digits + string.ascii_letters


_RANDOM_LENGTH, _CHECKSUM_LENGTH = 32, 6
_PATTERN = re.compile(r"as_(live|test)_[0-9A-Za-z]{38}")


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(stem: str) -> str:
    return _base62(zlib.crc32(stem.encode()), _CHECKSUM_LENGTH)


def new_api_key(*, livemode: bool) -> str:
    """Generate a key of 190 random bits."""
    random_part = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    stem = f"as_{'live' if livemode else 'test'}_{random_part}"
    return stem + _checksum(stem)


def is_well_formed(key: str) -> bool:
    """Tell whether a text has the format and checksum of a key."""
    if not _PATTERN.fullmatch(key):
        return False
    return hmac.compare_digest(_checksum(key[:-_CHECKSUM_LENGTH]), key[-_CHECKSUM_LENGTH:])


def key_hash(key: str, pepper: str) -> str:
    """Return the HMAC-SHA256 that is stored in place of the key."""
    return hmac.new(pepper.encode(), key.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class ApiKey:
    """A stored key without its secret: it is found by its hash.

    `networks` are the allowed source addresses (empty: any), `limit_per_minute` the allowed requests per
    minute. `last_used_ms` and `used` are as of the last request.
    """

    id: str
    tenant_id: str
    name: str
    livemode: bool
    scopes: frozenset[Scope]
    hint: str
    limit_per_minute: int
    own_limit: bool = False
    networks: tuple[str, ...] = ()
    created_at_ms: int = 0
    expires_at_ms: int | None = None
    last_used_ms: int | None = None

    def is_expired(self, now_ms: int) -> bool:
        """Tell whether it has expired."""
        return self.expires_at_ms is not None and now_ms >= self.expires_at_ms

    def allows_address(self, address: str) -> bool:
        """Tell whether a request from this address may use it."""
        if not self.networks:
            return True
        try:
            source = ip_address(address)
        except ValueError:
            return False
        return any(source in ip_network(network) for network in self.networks)
