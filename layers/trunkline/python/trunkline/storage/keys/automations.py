"""Keys of triggers, schedules and their histories."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def trigger_key(trigger_id: str) -> ItemKey:
    return ItemKey(f"TRIGGER#{trigger_id}", "TRIGGER")


def trigger_entry(tenant_mode: str, trigger_id: str = "") -> ItemKey:
    """The tenant's entry of a trigger."""
    return ItemKey(f"T#{tenant_mode}", f"TRIGGER#{trigger_id}")


def trigger_rate_key(owner: str, window: int) -> ItemKey:
    """The number of events in a minute, of a trigger or of a tenant and mode."""
    return ItemKey(f"TRIGGERRATE#{owner}", f"{window}")


def schedule_key(schedule_id: str) -> ItemKey:
    return ItemKey(f"SCHEDULE#{schedule_id}", "SCHEDULE")


def schedule_entry(tenant_mode: str, schedule_id: str = "") -> ItemKey:
    """The tenant's entry of a schedule."""
    return ItemKey(f"T#{tenant_mode}", f"SCHEDULE#{schedule_id}")


def schedule_run_key(schedule_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """The outcome of a run."""
    return ItemKey(f"SCHEDULELOG#{schedule_id}", f"{at_ms:015d}#{note_id}" if note_id else "")


def pending_sync_key(schedule_id: str = "") -> ItemKey:
    """A changed schedule, until it is synchronised to EventBridge."""
    return ItemKey("UNMIRRORED", schedule_id)


def trigger_event_key(trigger_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """The outcome of a trigger's event."""
    return ItemKey(f"TRIGGERLOG#{trigger_id}", f"{at_ms:015d}#{note_id}" if note_id else "")
