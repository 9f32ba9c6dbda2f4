"""Use cases of API keys: list, create, change, rotate, revoke."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

from trunkline.auth.api_key import ApiKey, key_hash, new_api_key
from trunkline.auth.api_key_repository import ApiKeyRepository, KeyEntry, new_key_id
from trunkline.auth.api_key_schemas import (
    ApiKeyList,
    ApiKeyView,
    ApiKeyWithSecret,
    KeyRotation,
    KeySpec,
    key_view,
)
from trunkline.auth.audit_log import audit_write, changed_fields
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import rights
from trunkline.core.clock import Clock
from trunkline.core.errors import CannotGrant, InvalidRequest, NotFound
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE
from trunkline.core.timestamps import moment_ms
from trunkline.core.validation import validated
from trunkline.http_api.response_size import page_of
from trunkline.tenants.settings import TenantSettingsCache

_FIXED = ("scopes", "environment")


@dataclass(frozen=True)
class ApiKeyService:
    """A tenant's keys. A live key sees those of both modes, a test key only test keys."""

    keys: ApiKeyRepository
    tenant_settings: TenantSettingsCache
    pepper: str
    clock: Clock

    def list(self, principal: Principal, cursor: str | None = None) -> ApiKeyList:
        """List the tenant's keys, oldest first: a page that fits into a response."""
        found = [key for key in self.keys.all(principal.tenant_id) if _visible(principal, key)]
        now_ms = self.clock.wall_ms()
        shown, more = page_of(
            found, lambda key: key_view(key, now_ms), lambda key: f"{key.created_at_ms:015d}{key.id}", cursor
        )
        return {"data": shown, "next_cursor": more}

    def get(self, principal: Principal, key_id: str) -> ApiKeyView:
        """Show one key; raises `NotFound` if it is not the tenant's."""
        return key_view(self._require(principal, key_id)[0], self.clock.wall_ms())

    def create(self, principal: Principal, spec: KeySpec) -> ApiKeyWithSecret:
        """Create a key, which cannot be read again.

        Raises:
            CannotGrant: it would have rights that the requesting key lacks.
            InvalidRequest: it would have expired already.
            LimitReached: the tenant has `MAX_KEYS`.
        """
        now_ms = self.clock.wall_ms()
        livemode = principal.livemode if spec.environment is None else spec.environment == "live"
        blank = ApiKey(
            id=new_key_id(),
            tenant_id=principal.tenant_id,
            name=spec.name,
            livemode=livemode,
            scopes=frozenset(spec.scopes),
            hint="",
            limit_per_minute=DEFAULT_PER_MINUTE,
            created_at_ms=now_ms,
        )
        secret, key = _fresh(self._with_limits(principal, blank, spec))
        _require_grantable(principal, key)
        audit = audit_write(principal, now_ms, "api_key.created", key.id)
        self.keys.create(key, key_hash(secret, self.pepper), [audit])
        return {**key_view(key, now_ms), "key": secret}

    def change(self, principal: Principal, key_id: str, changes: Mapping[str, Any]) -> ApiKeyView:
        """Change a key's name and limits; scopes and mode are fixed.

        Raises:
            NotFound: the tenant has no such key.
            CannotGrant: it would have rights that the requesting key lacks.
            InvalidRequest: a field is wrong, or can't be changed.
            VersionConflict: another request changed it first.
        """
        before, entry = self._require(principal, key_id)
        now_ms = self.clock.wall_ms()
        shown: Mapping[str, Any] = key_view(before, now_ms)
        values = {name: shown[name] for name in KeySpec.model_fields}
        values["requests_per_minute"] = before.limit_per_minute if before.own_limit else None
        spec = validated(KeySpec, {**values, **changes})
        for name in _FIXED:
            if name in changes and changes[name] != shown[name]:
                raise InvalidRequest(f"Validation error: {name} can't be changed", field=name)
        after = self._with_limits(principal, replace(before, name=spec.name), spec)
        _require_grantable(principal, after)
        changed = changed_fields(shown, key_view(after, now_ms))
        if changed:
            audit = audit_write(principal, now_ms, "api_key.changed", key_id, changed)
            self.keys.change(after, entry, [audit])
        return key_view(after, now_ms)

    def rotate(self, principal: Principal, key_id: str, rotation: KeyRotation) -> ApiKeyWithSecret:
        """Replace a key by a new one with the same id, scopes and limits.

        Raises:
            NotFound: the tenant has no such key.
            CannotGrant: the key has rights that the requesting one lacks.
            VersionConflict: another request changed it first.
        """
        before, entry = self._require(principal, key_id)
        _require_grantable(principal, before)
        now_ms = self.clock.wall_ms()
        secret, key = _fresh(replace(before, last_used_ms=None))
        audit = audit_write(principal, now_ms, "api_key.rotated", key_id)
        over_ms = now_ms + rotation.overlap_seconds * 1000
        self.keys.rotate(key, entry, key_hash(secret, self.pepper), over_ms, [audit])
        return {**key_view(key, now_ms), "key": secret}

    def delete(self, principal: Principal, key_id: str) -> None:
        """Revoke a key: it and its sessions are refused from the next request on.

        Raises:
            NotFound: the tenant has no such key.
            VersionConflict: another request changed it first.
        """
        key, entry = self._require(principal, key_id)
        audit = audit_write(principal, self.clock.wall_ms(), "api_key.revoked", key.id)
        self.keys.revoke(key.tenant_id, entry, [audit])

    def ensure_default(self, principal: Principal, requests_per_minute: int) -> None:
        """Give the tenant's limit to all keys that have no limit of their own.

        Raises:
            VersionConflict: another request rotated or revoked one; a retry continues.
        """
        for key in self.keys.all(principal.tenant_id):
            found = None if key.own_limit else self.keys.load(principal.tenant_id, key.id)
            if found and found[0].limit_per_minute != requests_per_minute:
                self.keys.change(replace(found[0], limit_per_minute=requests_per_minute), found[1])

    def _require(self, principal: Principal, key_id: str) -> tuple[ApiKey, KeyEntry]:
        found = self.keys.load(principal.tenant_id, key_id)
        if found is None or not _visible(principal, found[0]):
            raise NotFound("API key not found")
        return found

    def _with_limits(self, principal: Principal, key: ApiKey, spec: KeySpec) -> ApiKey:
        """Return the key with the requested limits, or those of the requesting key."""
        requesting, now_ms = principal.key, self.clock.wall_ms()
        expires_ms = moment_ms(spec.expires_at) if spec.expires_at else None
        if expires_ms is not None and expires_ms <= now_ms and expires_ms != key.expires_at_ms:
            raise InvalidRequest(f"Validation error: {KeySpec.messages['expires_at']}", field="expires_at")
        usual = self.tenant_settings.get(key.tenant_id).requests_per_minute or DEFAULT_PER_MINUTE
        if requesting:
            usual = min(usual, requesting.limit_per_minute)
        return replace(
            key,
            limit_per_minute=spec.requests_per_minute or usual,
            own_limit=spec.requests_per_minute is not None,
            networks=tuple(spec.allowed_addresses) or (requesting.networks if requesting else ()),
            expires_at_ms=expires_ms or (requesting.expires_at_ms if requesting else None),
        )


def _fresh(key: ApiKey) -> tuple[str, ApiKey]:
    secret = new_api_key(livemode=key.livemode)
    return secret, replace(key, hint=secret[-4:])


def _visible(principal: Principal, key: ApiKey) -> bool:
    return principal.livemode or not key.livemode


def _require_grantable(principal: Principal, key: ApiKey) -> None:
    """Raise `CannotGrant` for a key that may do more than the requesting one."""
    requesting = principal.key
    if requesting is None:
        return
    if missing := sorted(rights(key.scopes) - rights(requesting.scopes)):
        raise CannotGrant(f"This key can't grant {missing[0].value}", field="scopes")
    if key.livemode and not principal.livemode:
        raise CannotGrant("A test key can't make a live one", field="environment")
    if requesting.expires_at_ms and (
        key.expires_at_ms is None or key.expires_at_ms > requesting.expires_at_ms
    ):
        raise CannotGrant("This key can't make one that outlives it", field="expires_at")
    if requesting.networks and not all(
        _network_within(network, requesting.networks) for network in key.networks
    ):
        raise CannotGrant("This key can't be used from all of these addresses", field="allowed_addresses")
    if key.limit_per_minute > requesting.limit_per_minute:
        raise CannotGrant("This key may not make so many requests itself", field="requests_per_minute")


def _network_within(network: str, bounds: tuple[str, ...]) -> bool:
    return any(_is_subset(ip_network(network), ip_network(bound)) for bound in bounds)


def _is_subset(inner: IPv4Network | IPv6Network, outer: IPv4Network | IPv6Network) -> bool:
    if isinstance(inner, IPv4Network) and isinstance(outer, IPv4Network):
        return inner.subnet_of(outer)
    if isinstance(inner, IPv6Network) and isinstance(outer, IPv6Network):
        return inner.subnet_of(outer)
    return False
