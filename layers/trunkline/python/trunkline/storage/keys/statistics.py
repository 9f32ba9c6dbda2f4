"""Keys of counts and of the log of repairs."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def call_counts_key(tenant_mode: str, minute: int) -> ItemKey:
    """What became of a tenant's calls in one minute; `minute` counts from 1970."""
    return ItemKey(f"STATISTICS#{tenant_mode}", f"CALLS#{minute:012d}")


def starts_key(trunk_id: str, tenant_id: str, minute: int) -> ItemKey:
    """The INVITEs of a tenant's calls on a trunk in each second of a minute."""
    return ItemKey(f"STARTS#{trunk_id}", f"{tenant_id}#{minute:012d}")


def repair_key(tenant_mode: str, at_ms: int = 0, call_id: str = "") -> ItemKey:
    """A repair of the reconciler, by time."""
    return ItemKey(f"REPAIRS#{tenant_mode}", f"{at_ms:015d}#{call_id}" if call_id else "")
