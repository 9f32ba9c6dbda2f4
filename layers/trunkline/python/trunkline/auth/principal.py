"""API keys: their form, their keyed hash, what they allow, and who asks with one.

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
from dataclasses import dataclass, field
from enum import StrEnum
from ipaddress import ip_address, ip_network

from trunkline.core.errors import MissingScope

_ALPHABET = string.digits + string.ascii_letters
_RANDOM_LENGTH, _CHECKSUM_LENGTH = 32, 6
_FORM = re.compile(r"as_(live|test)_[0-9A-Za-z]{38}")


class Scope(StrEnum):
    """The rights a key can have; `calls:create` and `calls:initiate` are the same one, `admin` is all."""

    ADMIN = "admin"

    CALLS_CREATE = "calls:create"
    CALLS_INITIATE = "calls:initiate"
    CALLS_READ = "calls:read"
    AGENTS_READ = "agents:read"
    AGENTS_WRITE = "agents:write"
    WORKFLOWS_READ = "workflows:read"
    WORKFLOWS_WRITE = "workflows:write"
    TOOLS_READ = "tools:read"
    TOOLS_WRITE = "tools:write"
    SECRETS_READ = "secrets:read"
    SECRETS_WRITE = "secrets:write"
    RULES_READ = "rules:read"
    RULES_WRITE = "rules:write"
    TRIGGERS_READ = "triggers:read"
    TRIGGERS_WRITE = "triggers:write"
    SCHEDULES_READ = "schedules:read"
    SCHEDULES_WRITE = "schedules:write"
    BATCHES_READ = "batches:read"
    BATCHES_WRITE = "batches:write"
    TRUNKS_READ = "trunks:read"
    TRUNKS_WRITE = "trunks:write"
    WEBHOOKS_READ = "webhooks:read"
    WEBHOOKS_WRITE = "webhooks:write"
    API_KEYS_READ = "api-keys:read"
    API_KEYS_WRITE = "api-keys:write"
    LIVEKIT_READ = "livekit:read"
    LIVEKIT_WRITE = "livekit:write"
    AUDIT_READ = "audit:read"


_SAME_RIGHT = {Scope.CALLS_INITIATE: Scope.CALLS_CREATE}
# The integration guide knows one scope for webhooks, which also reads them.
_INCLUDES = {Scope.WEBHOOKS_WRITE: frozenset({Scope.WEBHOOKS_READ})}


def rights(scopes: frozenset[Scope]) -> frozenset[Scope]:
    """Every right that goes with these scopes, each by one name."""
    if Scope.ADMIN in scopes:
        scopes = frozenset(Scope)
    held = {_SAME_RIGHT.get(scope, scope) for scope in scopes}
    return frozenset(held.union(*(_INCLUDES.get(scope, frozenset()) for scope in held)))


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
class ApiKey:
    """A key as it is stored, without what it is: its hash finds it.

    `networks` are the source addresses it may come from (empty: any), `limit_per_minute` its requests in
    a minute. `last_used_ms` and `used` are as of the last request.
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

    def over(self, now_ms: int) -> bool:
        """Say whether its time is over."""
        return self.expires_at_ms is not None and now_ms >= self.expires_at_ms

    def lets_in(self, address: str) -> bool:
        """Say whether it may be used from an address."""
        if not self.networks:
            return True
        try:
            source = ip_address(address)
        except ValueError:
            return False
        return any(source in ip_network(network) for network in self.networks)


@dataclass(frozen=True)
class Actor:
    """Who does something, as the audit log names them: `api_key`, `session`, `trigger`, `schedule`,
    `batch` or `operator`."""

    kind: str = "operator"
    id: str = ""
    name: str = ""
    address: str = ""
    request_id: str = ""


@dataclass(frozen=True)
class Principal:
    """Who is asking: everything a request does is done as this tenant, in this mode.

    `key` is what they ask with; None for the operator, who is bound by none.
    """

    tenant_id: str
    livemode: bool
    scopes: frozenset[Scope]
    key: ApiKey | None = None
    actor: Actor = field(default_factory=Actor)

    @property
    def space(self) -> str:
        """Where the agents and workflows of the principal's mode are kept: test ones lie apart."""
        return self.tenant_id if self.livemode else f"{self.tenant_id}.test"

    def has(self, scope: Scope) -> bool:
        """Say whether the principal has the right."""
        return _SAME_RIGHT.get(scope, scope) in rights(self.scopes)

    def require(self, scope: Scope) -> None:
        """Raise `MissingScope` unless the key has the right."""
        if not self.has(scope):
            raise MissingScope(scope.value)
