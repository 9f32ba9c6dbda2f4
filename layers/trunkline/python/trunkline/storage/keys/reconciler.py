"""Keys of the reconciler's progress."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey

_PARTITION = "RECONCILER"


def progress_key() -> ItemKey:
    """All that is known of the passes under way."""
    return ItemKey(_PARTITION, "")


def shard_key(name: str) -> ItemKey:
    """When a shard of trunks was last looked at."""
    return ItemKey(_PARTITION, f"SHARD#{name}")


def walk_part_key(lane: str, number: int) -> ItemKey:
    """A part of a long lane that is still to be looked at."""
    return ItemKey(_PARTITION, f"WALK#{lane}#{number:05d}")


def pass_cursor_key(name: str) -> ItemKey:
    """Where a pass stopped because its time was up."""
    return ItemKey(_PARTITION, f"CURSOR#{name}")


def livekit_silence_key(tenant_id: str | None) -> ItemKey:
    """Until when a LiveKit project is not asked, because it did not answer."""
    return ItemKey(f"LIVEKITSILENCE#{tenant_id or ''}", "SILENT")
