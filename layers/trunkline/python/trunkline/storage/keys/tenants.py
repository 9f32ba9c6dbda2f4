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


def tenant_name_key(name: str) -> ItemKey:
    """The tenant that has a name."""
    return ItemKey("TENANTNAMES", name)


def long_poll_key(number: int) -> ItemKey:
    """A slot of a request that waits, in a partition of its own."""
    return ItemKey(f"LONGPOLL#{number}", "SLOT")


def api_key_key(key_hash: str) -> ItemKey:
    """A key, or a user that a session stands for, with its window of requests."""
    return ItemKey(f"K#{key_hash}", "KEY")


def api_key_entry(tenant_id: str, key_id: str = "") -> ItemKey:
    """The tenant's entry of a key."""
    return ItemKey(f"T#{tenant_id}", f"APIKEY#{key_id}")


def key_count_key(tenant_id: str) -> ItemKey:
    """The number of a tenant's keys."""
    return ItemKey(f"T#{tenant_id}", "KEYCOUNT")


def session_key(token_hash: str) -> ItemKey:
    return ItemKey(f"S#{token_hash}", "SESSION")


def session_entry(tenant_id: str, session_id: str = "") -> ItemKey:
    """The tenant's entry of a session; ids are in order of time."""
    return ItemKey(f"T#{tenant_id}", f"SESSION#{session_id}")


def used_id_token_key(proof_id: str) -> ItemKey:
    """An ID token that has opened a session: it cannot open a second one."""
    return ItemKey(f"S#{proof_id}", "USED")


def audit_key(tenant_id: str, at_ms: int = 0, entry_id: str = "") -> ItemKey:
    return ItemKey(f"AUDIT#{tenant_id}", f"{at_ms:015d}#{entry_id}" if entry_id else "")


def day_count_key(tenant_id: str, day: str, *, livemode: bool) -> ItemKey:
    """The number of a tenant's calls on a day."""
    return ItemKey(f"T#{tenant_id}", f"DAY#{'live' if livemode else 'test'}#{day}")


def waiting_gauge_key(tenant_id: str, *, livemode: bool) -> ItemKey:
    """The number of calls that may be accepted before waiting calls are counted again."""
    return ItemKey(f"T#{tenant_id}", f"WAITING#{'live' if livemode else 'test'}")


def livekit_issuer_key(api_key: str, tenant_id: str = "") -> ItemKey:
    """A tenant that claims a LiveKit API key; its secret verifies what is signed with the key."""
    return ItemKey(f"LIVEKITKEY#{api_key}", tenant_id)


def own_livekit_key(tenant_id: str) -> ItemKey:
    """A tenant's own LiveKit project."""
    return ItemKey(f"T#{tenant_id}", "LIVEKIT")
