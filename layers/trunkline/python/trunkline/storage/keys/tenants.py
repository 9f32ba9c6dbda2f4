"""Keys of tenants, API keys, sessions, audit entries and counters."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def tenant_mode_of(tenant_id: str, livemode: bool) -> str:
    """Return the tenant and mode under which resources are stored: test resources are separate."""
    return tenant_id if livemode else f"{tenant_id}.test"


def tenant_key(tenant_id: str) -> ItemKey:
    return ItemKey(f"T#{tenant_id}", "TENANT")


def tenant_directory_key(tenant_id: str = "") -> ItemKey:
    return ItemKey("TENANTS", tenant_id)


def api_key_key(key_hash: str) -> ItemKey:
    """A key, or a user that a session stands for, with its window of requests."""
    return ItemKey(f"K#{key_hash}", "KEY")


def api_key_entry(tenant_id: str, key_id: str = "") -> ItemKey:
    """The tenant's entry of a key."""
    return ItemKey(f"T#{tenant_id}", f"APIKEY#{key_id}")


def key_count_key(tenant_id: str) -> ItemKey:
    """How many keys a tenant has."""
    return ItemKey(f"T#{tenant_id}", "KEYCOUNT")


def session_key(token_hash: str) -> ItemKey:
    return ItemKey(f"S#{token_hash}", "SESSION")


def used_id_token_key(proof_id: str) -> ItemKey:
    """An identity provider's token that has opened a session: it opens no second one."""
    return ItemKey(f"S#{proof_id}", "USED")


def audit_key(tenant_id: str, at_ms: int = 0, entry_id: str = "") -> ItemKey:
    return ItemKey(f"AUDIT#{tenant_id}", f"{at_ms:015d}#{entry_id}" if entry_id else "")


def day_count_key(tenant_id: str, day: str, *, livemode: bool) -> ItemKey:
    """How many calls a tenant has made in a day."""
    return ItemKey(f"T#{tenant_id}", f"DAY#{'live' if livemode else 'test'}#{day}")


def waiting_gauge_key(tenant_id: str, *, livemode: bool) -> ItemKey:
    """How many calls may still be taken in before the tenant's waiting ones are counted again."""
    return ItemKey(f"T#{tenant_id}", f"WAITING#{'live' if livemode else 'test'}")


def livekit_issuer_key(api_key: str, tenant_id: str = "") -> ItemKey:
    """A tenant that says that a LiveKit API key is its own: what is signed with it is checked with its
    secret."""
    return ItemKey(f"LIVEKITKEY#{api_key}", tenant_id)


def own_livekit_key(tenant_id: str) -> ItemKey:
    """The LiveKit project that a tenant brought."""
    return ItemKey(f"T#{tenant_id}", "LIVEKIT")
