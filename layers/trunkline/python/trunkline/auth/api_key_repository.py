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
_TRIES = 20


@dataclass(frozen=True)
class KeyEntry:
    """A tenant's entry of a key: where it is stored, and what it had before its last rotation."""

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
            LimitReached: the tenant has as many as it may; counted in the same transaction.
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
        """A tenant's keys, of both modes; those whose time is over are among them."""
        entries = self._table.partition(api_key_entry(tenant_id))
        keys = [api_key_key(entry["hash"]) for entry in entries]
        return [_key(item) for item in self._table.get_all(keys)] if keys else []

    def load(self, tenant_id: str, key_id: str) -> tuple[ApiKey, KeyEntry] | None:
        """One of the tenant's keys."""
        entry = self._table.get(api_key_entry(tenant_id, key_id))
        if entry is None:
            return None
        item = self._table.get(api_key_key(entry["hash"]))
        known = KeyEntry(key_id, entry["hash"], entry.get("previous_hash"), entry["version"])
        return (_key(item), known) if item else None

    def change(self, key: ApiKey, entry: KeyEntry, extra_writes: Sequence[Write] = ()) -> None:
        """Store a key's changed bounds; its window goes on.

        Raises:
            VersionConflict: it was rotated or revoked meanwhile.
        """
        values = {name: value for name, value in _bounds(key).items() if value is not None}
        gone = [name for name, value in _bounds(key).items() if value is None]
        changed = Update(api_key_key(entry.hash), set=values, remove=gone, condition=EXISTS)
        self._all_or_none([changed, self._bump(key, entry), *extra_writes])

    def rotate(
        self, key: ApiKey, entry: KeyEntry, new_hash: str, over_ms: int, extra_writes: Sequence[Write] = ()
    ) -> None:
        """Replace a key: the old one is valid until `over_ms`, one that it replaced no more.

        Raises:
            VersionConflict: it was rotated or revoked meanwhile.
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
            VersionConflict: it was rotated or revoked meanwhile.
        """
        hashes = [each for each in (entry.hash, entry.previous_hash) if each]
        gone: list[Write] = [Delete(api_key_key(each)) for each in hashes]
        unchanged = Attr("version").eq(entry.version)
        gone.append(Delete(api_key_entry(tenant_id, entry.id), unchanged))
        gone.append(Update(key_count_key(tenant_id), add={"count": -1}))
        self._all_or_none([*gone, *extra_writes])

    def authenticate_and_count(self, key_hash: str, now_ms: int) -> tuple[ApiKey, RateLimitStatus]:
        """Find a key and count a request of its window, in one conditional write; the first request of a
        minute takes two.

        A write that the SDK repeats counts twice: the limit is never exceeded.

        Raises:
            InvalidApiKey: there is no such key, or its time is over.
            RateLimited: the window is full.
        """
        item_key, window = api_key_key(key_hash), window_of(now_ms)
        for _ in range(_TRIES):
            try:
                item = self._table.write(_counted(item_key, window, now_ms))
            except ConditionFailed as error:
                item = self._renewed(item_key, error.item, window, now_ms)
            if item is None:
                continue
            # Another machine's clock may be in the next minute already: then so is this key.
            window = max(window, item.get("window", 0))
            if item.get("window") == window and item.get("admitted", True):
                key = _key(item)
                _require_alive(key, now_ms)
                return key, RateLimitStatus.in_window(key.limit_per_minute, item["used"], window)
        raise RateLimited(RateLimitStatus.in_window(0, 0, window), now_ms)

    def _renewed(self, item_key: ItemKey, item: Item | None, window: int, now_ms: int) -> Item | None:
        """What comes of a request that could not simply be counted: a new window, or none left in this.

        None: another request was quicker, look again.
        """
        if item is None:
            raise InvalidApiKey
        key = _key(item)
        _require_alive(key, now_ms)
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
    """An id by which a key may be spoken of."""
    return f"key_{uuid.uuid4().hex[:20]}"


def _counted(item_key: ItemKey, window: int, now_ms: int) -> Update:
    free = Attr("used").lt(Attr("limit_per_minute"))
    return Update(
        item_key,
        set={"last_used_ms": now_ms},
        add={"used": 1},
        condition=EXISTS & Attr("window").eq(window) & free,
    )


def _require_alive(key: ApiKey, now_ms: int) -> None:
    if key.is_expired(now_ms):
        raise InvalidApiKey


def _bounds(key: ApiKey) -> dict[str, Any]:
    """What may be changed of a key."""
    return {
        "name": key.name,
        "limit_per_minute": key.limit_per_minute,
        "own_limit": key.own_limit,
        "networks": list(key.networks) or None,
        "expires_at_ms": key.expires_at_ms,
    }


def attributes_of(key: ApiKey) -> dict[str, Any]:
    """What is stored of a key, or of a user that stands for one."""
    return _bounds(key) | {
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
