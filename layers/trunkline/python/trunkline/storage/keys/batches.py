"""Keys of batches, their parts and outcomes."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def batch_key(batch_id: str) -> ItemKey:
    return ItemKey(f"BATCH#{batch_id}", "BATCH")


def batch_entry(tenant_mode: str, second: int | None = None) -> ItemKey:
    """The tenant's entry of a batch, at most one per second."""
    return ItemKey(f"T#{tenant_mode}", "BATCH#" if second is None else f"BATCH#{second:012d}")


def batch_part_key(batch_id: str, number: int | None = None, *, check: bool = False) -> ItemKey:
    """The progress of importing, or checking, a part of a batch's rows."""
    kind = "CHECK" if check else "PART"
    return ItemKey(f"BATCH#{batch_id}", f"{kind}#" if number is None else f"{kind}#{number:05d}")


def batch_faults_key(
    batch_id: str, number: int, first_row: int | None = None, *, check: bool = False
) -> ItemKey:
    """The errors of a part's rows that create no call."""
    kind = "CHECKFAULTS" if check else "FAULTS"
    begin = "" if first_row is None else f"{first_row:06d}"
    return ItemKey(f"BATCH#{batch_id}", f"{kind}#{number:05d}#{begin}")


def batch_outcome_key(batch_id: str, number: int | None = None) -> ItemKey:
    """The counts of a part's ended calls."""
    return ItemKey(f"BATCH#{batch_id}", "OUTCOME#" if number is None else f"OUTCOME#{number:05d}")


def batch_work_key(batch_id: str = "") -> ItemKey:
    """A batch whose state machine runs, or is to be started."""
    return ItemKey("BATCHWORK", batch_id)
