"""The keys of what tenants keep for their calls: tools, secrets, rules, triggers."""

from __future__ import annotations

from trunkline.item_keys import ItemKey


def tool_key(tenant_id: str, name: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"TOOL#{name}")


def tool_version_key(tenant_id: str, name: str, version: int) -> ItemKey:
    """A version, kept for the calls that were accepted while it was the current one."""
    return ItemKey(f"T#{tenant_id}", f"TOOLVERSION#{name}#{version:06d}")


def secret_key(tenant_id: str, name: str = "") -> ItemKey:
    """A secret of a tenant's that its tools may name, encrypted."""
    return ItemKey(f"T#{tenant_id}", f"SECRET#{name}")


def suppression_key(space: str, number: str = "") -> ItemKey:
    """A number that a tenant has not called."""
    return ItemKey(f"T#{space}", f"SUPPRESSED#{number}")


def number_rules_key(space: str) -> ItemKey:
    """Which prefixes a tenant calls."""
    return ItemKey(f"T#{space}", "NUMBERRULES")


def rung_key(space: str, number: str) -> ItemKey:
    """When a number was rung."""
    return ItemKey(f"RUNG#{space}#{number}", "RUNG")


def trigger_key(trigger_id: str) -> ItemKey:
    return ItemKey(f"TRIGGER#{trigger_id}", "TRIGGER")


def trigger_entry(space: str, trigger_id: str = "") -> ItemKey:
    """The tenant's entry of a trigger."""
    return ItemKey(f"T#{space}", f"TRIGGER#{trigger_id}")


def schedule_key(schedule_id: str) -> ItemKey:
    return ItemKey(f"SCHEDULE#{schedule_id}", "SCHEDULE")


def schedule_entry(space: str, schedule_id: str = "") -> ItemKey:
    """The tenant's entry of a schedule."""
    return ItemKey(f"T#{space}", f"SCHEDULE#{schedule_id}")


def schedule_run_key(schedule_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """What came of a schedule's moment."""
    return ItemKey(f"SCHEDULELOG#{schedule_id}", f"{at_ms:015d}#{note_id}" if note_id else "")


def unmirrored_key(schedule_id: str = "") -> ItemKey:
    """A schedule that was changed, until EventBridge surely knows of it."""
    return ItemKey("UNMIRRORED", schedule_id)


def trigger_event_key(trigger_id: str, at_ms: int = 0, note_id: str = "") -> ItemKey:
    """What came of an event of a trigger's."""
    return ItemKey(f"TRIGGERLOG#{trigger_id}", f"{at_ms:015d}#{note_id}" if note_id else "")


def batch_key(batch_id: str) -> ItemKey:
    return ItemKey(f"BATCH#{batch_id}", "BATCH")


def batch_entry(space: str, second: int | None = None) -> ItemKey:
    """The tenant's entry of a batch: one a second."""
    return ItemKey(f"T#{space}", "BATCH#" if second is None else f"BATCH#{second:012d}")


def batch_part_key(batch_id: str, number: int | None = None, *, check: bool = False) -> ItemKey:
    """How far a part of a batch's rows is imported, or checked."""
    kind = "CHECK" if check else "PART"
    return ItemKey(f"BATCH#{batch_id}", f"{kind}#" if number is None else f"{kind}#{number:05d}")


def batch_faults_key(
    batch_id: str, number: int, first_row: int | None = None, *, check: bool = False
) -> ItemKey:
    """Why some of a part's rows make no call."""
    kind = "CHECKFAULTS" if check else "FAULTS"
    begin = "" if first_row is None else f"{first_row:06d}"
    return ItemKey(f"BATCH#{batch_id}", f"{kind}#{number:05d}#{begin}")


def batch_outcome_key(batch_id: str, number: int | None = None) -> ItemKey:
    """What came of a part's calls."""
    return ItemKey(f"BATCH#{batch_id}", "OUTCOME#" if number is None else f"OUTCOME#{number:05d}")


def batch_work_key(batch_id: str = "") -> ItemKey:
    """A batch whose flow runs, or is to."""
    return ItemKey("BATCHWORK", batch_id)
