"""API keys: their form, their keyed hash, and what they allow. Pure, but for the store at the end.

A key is `as_live_` or `as_test_`, 32 random letters and digits, and 6 of checksum, so that a typing
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
from enum import StrEnum

from trunkline.errors import InvalidApiKey, MissingScope
from trunkline.item_keys import api_key_key
from trunkline.table import ABSENT, Put, Table

_ALPHABET = string.digits + string.ascii_letters
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 32, 6
_FORM = re.compile(r"as_(live|test)_[0-9A-Za-z]{38}")


class Scope(StrEnum):
    """The rights a key can have; `calls:create` and `calls:initiate` are the same one."""

    CALLS_CREATE = "calls:create"
    CALLS_INITIATE = "calls:initiate"
    CALLS_READ = "calls:read"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    TRUNKS_READ = "trunks:read"
    TRUNKS_WRITE = "trunks:write"
    WEBHOOKS_WRITE = "webhooks:write"


_SAME_RIGHT = {Scope.CALLS_INITIATE: Scope.CALLS_CREATE}


def _base62(number: int, length: int) -> str:
    digits = []
    for _ in range(length):
        number, digit = divmod(number, len(_ALPHABET))
        digits.append(_ALPHABET[digit])
    return "".join(reversed(digits))


def _checksum(stem: str) -> str:
    return _base62(zlib.crc32(stem.encode()), _CHECKSUM_LENGTH)


def new_api_key(*, livemode: bool) -> str:
    """Make a key of 190 random bits."""
    random_part = "".join(secrets.choice(_ALPHABET) for _ in range(_RANDOM_LENGTH))
    stem = f"as_{'live' if livemode else 'test'}_{random_part}"
    return stem + _checksum(stem)


def is_well_formed(key: str) -> bool:
    """Say whether a text can be a key at all."""
    if not _FORM.fullmatch(key):
        return False
    return hmac.compare_digest(_checksum(key[:-_CHECKSUM_LENGTH]), key[-_CHECKSUM_LENGTH:])


def key_hash(key: str, pepper: str) -> str:
    """What is stored in place of the key."""
    return hmac.new(pepper.encode(), key.encode(), hashlib.sha256).hexdigest()


@dataclass(frozen=True)
class Principal:
    """Who is asking: everything a request does is done as this tenant, in this mode."""

    tenant_id: str
    livemode: bool
    scopes: frozenset[Scope]

    def require(self, scope: Scope) -> None:
        """Raise `MissingScope` unless the key has the right."""
        held = {_SAME_RIGHT.get(each, each) for each in self.scopes}
        if _SAME_RIGHT.get(scope, scope) not in held:
            raise MissingScope(scope.value)


class ApiKeyStore:
    """Keys in the table, found by their hash."""

    def __init__(self, table: Table, pepper: str) -> None:
        self._table = table
        self._pepper = pepper

    def create(self, tenant_id: str, name: str, scopes: frozenset[Scope], *, livemode: bool) -> str:
        """Store a new key and return it: it can't be read again."""
        key = new_api_key(livemode=livemode)
        item = api_key_key(key_hash(key, self._pepper)).as_item()
        item |= {"tenant_id": tenant_id, "name": name, "livemode": livemode}
        item |= {"scopes": sorted(scope.value for scope in scopes), "hint": key[-4:]}
        self._table.write(Put(item, ABSENT))
        return key

    def authenticate(self, key: str | None) -> Principal:
        """Find out who is asking, with strong consistency.

        Raises:
            InvalidApiKey: no key, not a key, or not one of ours.
        """
        if not key or not is_well_formed(key):
            raise InvalidApiKey
        item = self._table.get(api_key_key(key_hash(key, self._pepper)))
        if item is None:
            raise InvalidApiKey
        scopes = frozenset(Scope(scope) for scope in item["scopes"])
        return Principal(item["tenant_id"], item["livemode"], scopes)
