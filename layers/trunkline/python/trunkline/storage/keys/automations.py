"""Keys of triggers, schedules and their histories."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def trigger_key(trigger_id: str) -> ItemKey:
    return ItemKey(f"TRIGGER#{trigger_id}", "TRIGGER")


def trigger_entry(tenant_mode: str, trigger_id: str = "") -> ItemKey:
    """The tenant's entry of a trigger."""
    return ItemKey(f"T#{tenant_mode}", f"TRIGGER#{trigger_id}")


def schedule_key(schedule_id: str) -> ItemKey:
    return ItemKey(f"SCHEDULE#{schedule_id}", "SCHEDULE")


def schedule_entry(tenant_mode: str, schedule_id: str = "") -> ItemKey:
    """The tenant's entry of a schedule."""
    return ItemKey(f"T#{tenant_mode}", f"SCHEDULE#{schedule_id}")


def schedule_run_key(schedule_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """What came of a schedule's moment."""
    return ItemKey(f"SCHEDULELOG#{schedule_id}", f"{at_ms:015d}#{note_id}" if note_id else "")


def pending_sync_key(schedule_id: str = "") -> ItemKey:
    """A schedule that was changed, until EventBridge surely knows of it."""
    return ItemKey("UNMIRRORED", schedule_id)


def trigger_event_key(trigger_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """What came of an event of a trigger's."""
    return ItemKey(f"TRIGGERLOG#{trigger_id}", f"{at_ms:015d}#{note_id}" if note_id else "")
