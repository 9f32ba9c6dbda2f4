"""Keys of webhook endpoints and their deliveries."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey

_DAY_MS = 86_400_000


def webhook_key(tenant_id: str, endpoint_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"WEBHOOK#{endpoint_id}")


def webhook_count_key(tenant_id: str) -> ItemKey:
    """The number of a tenant's endpoints."""
    return ItemKey(f"T#{tenant_id}", "WEBHOOKCOUNT")


def tenant_event_key(tenant_id: str, at_ms: int, event_id: str) -> ItemKey:
    """An event of a tenant that belongs to neither a call nor a trunk."""
    return ItemKey(f"TENANTLOG#{tenant_id}", f"{at_ms:015d}#{event_id}")


def feed_entry_key(tenant_mode: str, at_ms: int) -> ItemKey:
    """An entry of the events feed, in the partition of its day (UTC), in order of time."""
    return ItemKey(f"EVENTS#{tenant_mode}#{at_ms // _DAY_MS:06d}", f"{at_ms:015d}")


def feed_position_key(tenant_mode: str, event_id: str) -> ItemKey:
    """Where an event is in the feed."""
    return ItemKey(f"EVENTPOSITION#{tenant_mode}#{event_id}", "POSITION")


def feed_clock_key(tenant_mode: str) -> ItemKey:
    """The time and the number of the feed's latest entry."""
    return ItemKey(f"EVENTCLOCK#{tenant_mode}", "CLOCK")


def delivery_key(endpoint_id: str, at_ms: int | None = None, digest: str = "") -> ItemKey:
    """A delivery to an endpoint, in order of time."""
    return ItemKey(f"D#{endpoint_id}", "DELIVERY#" if at_ms is None else f"DELIVERY#{at_ms:015d}#{digest}")


def delivery_answer_key(endpoint_id: str, at_ms: int, digest: str, attempt: int | None = None) -> ItemKey:
    """The beginning of an endpoint's response to an attempt."""
    number = "" if attempt is None else f"{attempt:02d}"
    return ItemKey(f"D#{endpoint_id}", f"ANSWER#{at_ms:015d}#{digest}#{number}")


def recovery_key(endpoint_id: str) -> ItemKey:
    """How far the recovery of an endpoint's deliveries has come."""
    return ItemKey(f"D#{endpoint_id}", "RECOVERY")


def webhook_health_key(endpoint_id: str) -> ItemKey:
    return ItemKey(f"D#{endpoint_id}", "HEALTH")


def webhook_slot_key(endpoint_id: str, slot: int) -> ItemKey:
    """A slot to send to an endpoint, held for one request."""
    return ItemKey(f"D#{endpoint_id}", f"SLOT#{slot:02d}")


def tenant_slot_key(tenant_id: str, slot: int) -> ItemKey:
    """A slot of a tenant, held for one request."""
    return ItemKey(f"TENANTSLOT#{tenant_id}", f"SLOT#{slot:03d}")


def delivery_slot_key(slot: int) -> ItemKey:
    """A slot of all tenants' deliveries, held for one request."""
    return ItemKey("DELIVERYSLOTS", f"SLOT#{slot:04d}")


def tenant_wait_key(tenant_id: str) -> ItemKey:
    """When the next delivery of a tenant that waits for a slot asks for one."""
    return ItemKey(f"TENANTSLOT#{tenant_id}", "WAIT")


def webhook_rate_key(endpoint_id: str) -> ItemKey:
    """When the next requests to an endpoint with a rate limit may start."""
    return ItemKey(f"D#{endpoint_id}", "RATE")


def resumption_key(endpoint_id: str = "") -> ItemKey:
    """An endpoint that works again, until the deliveries that waited for it were started."""
    return ItemKey("RESUMING", endpoint_id)


def deliveries_partition(share: str) -> str:
    """One of sixteen index partitions of open deliveries, by the time of their next attempt."""
    return f"DELIVERIES#{share}"
