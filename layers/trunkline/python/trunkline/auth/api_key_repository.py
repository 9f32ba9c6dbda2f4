"""API keys in the table, found by their hash; one write looks a key up and counts the request."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from boto3.dynamodb.conditions import Attr

from trunkline.auth.api_key import ApiKey
from trunkline.auth.scopes import Scope
from trunkline.core.errors import InvalidApiKey, LimitReached, RateLimited, VersionConflict
from trunkline.core.rate_limit import DEFAULT_PER_MINUTE, RateLimitStatus, window_of
from trunkline.storage.keys.item import TTL, Item, ItemKey
from trunkline.storage.keys.tenants import api_key_entry, api_key_key, key_count_key
from trunkline.storage.table import ABSENT, EXISTS, ConditionFailed, Delete, Put, Table, Update, Write

MAX_KEYS = 100
_MAX_TRIES = 20


@dataclass(frozen=True)
class KeyEntry:
    """A tenant's entry of a key: its hash, and that before the last rotation."""

    id: str
    hash: str
    previous_hash: str | None = None
    version: int = 1


class ApiKeyRepository:
    """A tenant's keys.

    A key is two items: the one under its hash, which every request writes to, and the tenant's entry.
    """

    def __init__(self, table: Table) -> None:
        self._table = table

    def create(self, key: ApiKey, key_hash: str, extra_writes: Sequence[Write] = ()) -> None:
        """Store a new key.

        Raises:
            LimitReached: the tenant has `MAX_KEYS`; counted in the same transaction.
        """
        count = Attr("count")
        free = count.not_exists() | count.lt(MAX_KEYS)
        writes: list[Write] = [
            Put(_item(key, key_hash), ABSENT),
            Put(_entry_item(key, KeyEntry(key.id, key_hash)), ABSENT),
            Update(key_count_key(key.tenant_id), add={"count": 1}, condition=free),
        ]
        try:
            self._table.transact([*writes, *extra_writes])
        except ConditionFailed as error:
            raise LimitReached(f"A tenant may have {MAX_KEYS} API keys") from error

    def all(self, tenant_id: str) -> list[ApiKey]:
        """Read a tenant's keys of both modes, expired ones included."""
        entries = self._table.partition(api_key_entry(tenant_id))
        keys = [api_key_key(entry["hash"]) for entry in entries]
        return [_key(item) for item in self._table.get_all(keys)] if keys else []

    def load(self, tenant_id: str, key_id: str) -> tuple[ApiKey, KeyEntry] | None:
        """Read one of the tenant's keys and its entry."""
        entry = self._table.get(api_key_entry(tenant_id, key_id))
        if entry is None:
            return None
        item = self._table.get(api_key_key(entry["hash"]))
        known = KeyEntry(key_id, entry["hash"], entry.get("previous_hash"), entry["version"])
        return (_key(item), known) if item else None

    def change(self, key: ApiKey, entry: KeyEntry, extra_writes: Sequence[Write] = ()) -> None:
        """Store a key's changed limits; its current rate-limit window continues.

        Raises:
            VersionConflict: another request rotated or revoked it.
        """
        values = {name: value for name, value in _limits(key).items() if value is not None}
        gone = [name for name, value in _limits(key).items() if value is None]
        changed = Update(api_key_key(entry.hash), set=values, remove=gone, condition=EXISTS)
        self._all_or_none([changed, self._bump(key, entry), *extra_writes])

    def rotate(
        self, key: ApiKey, entry: KeyEntry, new_hash: str, over_ms: int, extra_writes: Sequence[Write] = ()
    ) -> None:
        """Replace a key: the old one is valid until `over_ms`, one that it replaced no more.

        Raises:
            VersionConflict: another request rotated or revoked it.
        """
        over_ms = min(over_ms, key.expires_at_ms or over_ms)
        ends = {"expires_at_ms": over_ms, TTL: over_ms // 1000 + 1}
        writes: list[Write] = [
            Put(_item(key, new_hash), ABSENT),
            Update(api_key_key(entry.hash), set=ends, condition=EXISTS),
        ]
        if entry.previous_hash:
            writes.append(Delete(api_key_key(entry.previous_hash)))
        renewed = replace(entry, hash=new_hash, previous_hash=entry.hash)
        self._all_or_none([*writes, self._bump(key, renewed), *extra_writes])

    def revoke(self, tenant_id: str, entry: KeyEntry, extra_writes: Sequence[Write] = ()) -> None:
        """Delete a key: the next request with it finds none.

        Raises:
            VersionConflict: another request rotated or revoked it.
        """
        hashes = [key_hash for key_hash in (entry.hash, entry.previous_hash) if key_hash]
        gone: list[Write] = [Delete(api_key_key(key_hash)) for key_hash in hashes]
        unchanged = Attr("version").eq(entry.version)
        gone.append(Delete(api_key_entry(tenant_id, entry.id), unchanged))
        gone.append(Update(key_count_key(tenant_id), add={"count": -1}))
        self._all_or_none([*gone, *extra_writes])

    def authenticate_and_count(self, key_hash: str, now_ms: int) -> tuple[ApiKey, RateLimitStatus]:
        """Find a key and count a request, in one conditional write (two for the first of a minute).

        A write that the SDK repeats counts twice: the limit is never exceeded.

        Raises:
            InvalidApiKey: the key does not exist, or has expired.
            RateLimited: the window is full.
        """
        item_key, window = api_key_key(key_hash), window_of(now_ms)
        for _ in range(_MAX_TRIES):
            try:
                item = self._table.write(_count_request(item_key, window, now_ms))
            except ConditionFailed as error:
                item = self._begin_window(item_key, error.item, window, now_ms)
            if item is None:
                continue
            # Another machine's clock may be in the next minute already: then so is this key.
            window = max(window, item.get("window", 0))
            if item.get("window") == window and item.get("admitted", True):
                key = _key(item)
                _require_unexpired(key, now_ms)
                return key, RateLimitStatus.in_window(key.limit_per_minute, item["used"], window)
        raise RateLimited(RateLimitStatus.in_window(0, 0, window), now_ms)

    def _begin_window(self, item_key: ItemKey, item: Item | None, window: int, now_ms: int) -> Item | None:
        """Begin a new window for a request that could not be counted; None if another request was first.

        Raises:
            InvalidApiKey: the key does not exist, or has expired.
            RateLimited: the window is full.
        """
        if item is None:
            raise InvalidApiKey
        key = _key(item)
        _require_unexpired(key, now_ms)
        known = item.get("window", 0)
        if known > window:
            return item | {"admitted": False}
        if known == window:
            raise RateLimited(RateLimitStatus.in_window(key.limit_per_minute, item["used"], window), now_ms)
        unchanged = Attr("window").eq(known) if known else Attr("window").not_exists()
        begun = {"window": window, "used": 1, "last_used_ms": now_ms}
        begun["limit_per_minute"] = key.limit_per_minute
        try:
            return self._table.write(Update(item_key, set=begun, condition=EXISTS & unchanged))
        except ConditionFailed:
            return None

    def _bump(self, key: ApiKey, entry: KeyEntry) -> Put:
        renewed = replace(entry, version=entry.version + 1)
        return Put(_entry_item(key, renewed), Attr("version").eq(entry.version))

    def _all_or_none(self, writes: Sequence[Write]) -> None:
        try:
            self._table.transact(writes)
        except ConditionFailed as error:
            raise VersionConflict from error


def new_key_id() -> str:
    """Generate the public id of a key."""
    return f"key_{uuid.uuid4().hex[:20]}"


def _count_request(item_key: ItemKey, window: int, now_ms: int) -> Update:
    free = Attr("used").lt(Attr("limit_per_minute"))
    return Update(
        item_key,
        set={"last_used_ms": now_ms},
        add={"used": 1},
        condition=EXISTS & Attr("window").eq(window) & free,
    )


def _require_unexpired(key: ApiKey, now_ms: int) -> None:
    if key.is_expired(now_ms):
        raise InvalidApiKey


def _limits(key: ApiKey) -> dict[str, Any]:
    """Return the stored attributes that may be changed."""
    return {
        "name": key.name,
        "limit_per_minute": key.limit_per_minute,
        "own_limit": key.own_limit,
        "networks": list(key.networks) or None,
        "expires_at_ms": key.expires_at_ms,
    }


def attributes_of(key: ApiKey) -> dict[str, Any]:
    """Return the stored attributes of a key, or of a user who has no key."""
    return _limits(key) | {
        "key_id": key.id,
        "tenant_id": key.tenant_id,
        "livemode": key.livemode,
        "hint": key.hint,
        "scopes": sorted(scope.value for scope in key.scopes),
        "created_at_ms": key.created_at_ms,
    }


def _item(key: ApiKey, key_hash: str) -> Item:
    return api_key_key(key_hash).as_item() | attributes_of(key)


def _entry_item(key: ApiKey, entry: KeyEntry) -> Item:
    item = api_key_entry(key.tenant_id, entry.id).as_item() | {"hash": entry.hash, "version": entry.version}
    return item | ({"previous_hash": entry.previous_hash} if entry.previous_hash else {})


def _key(item: Mapping[str, Any]) -> ApiKey:
    return ApiKey(
        id=item.get("key_id", ""),
        tenant_id=item["tenant_id"],
        name=item["name"],
        livemode=item["livemode"],
        scopes=frozenset(Scope(scope) for scope in item["scopes"]),
        hint=item["hint"],
        limit_per_minute=item.get("limit_per_minute", DEFAULT_PER_MINUTE),
        own_limit=item.get("own_limit", False),
        networks=tuple(item.get("networks", ())),
        created_at_ms=item.get("created_at_ms", 0),
        expires_at_ms=item.get("expires_at_ms"),
        last_used_ms=item.get("last_used_ms"),
    )
