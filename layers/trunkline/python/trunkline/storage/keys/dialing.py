"""Keys of trunks, their queue, lane, slots and circuit breaker."""

from __future__ import annotations

from trunkline.storage.keys.item import ItemKey


def grant_key(tenant_id: str, trunk_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"TRUNK#{trunk_id}")


def trunk_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"TRUNK#{trunk_id}", "TRUNK")


def trunk_directory_key(trunk_id: str = "") -> ItemKey:
    return ItemKey("TRUNKS", trunk_id)


def queue_key(trunk_id: str, position: str = "") -> ItemKey:
    return ItemKey(f"LINE#{trunk_id}", position)


def cancel_key(trunk_id: str, call_id: str = "") -> ItemKey:
    """A dialled call to be hung up; the lane run reads these while calls ring."""
    return ItemKey(f"CANCEL#{trunk_id}", call_id)


def lane_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"LANE#{trunk_id}", "LANE")


def lane_run_key(run_id: str) -> ItemKey:
    return ItemKey(f"RUN#{run_id}", "RUN")


def scheduled_key(trunk_id: str, due_ms: int = 0, call_id: str = "") -> ItemKey:
    """A call that waits for its time (a redial, a calling window), in order of time."""
    return ItemKey(f"DUE#{trunk_id}", f"{due_ms:015d}#{call_id}" if call_id else "")


def scheduled_at_ms(sk: str) -> int:
    """Return the time in a scheduled entry's sort key."""
    return int(sk.partition("#")[0])


def slot_count_key(pool: str) -> ItemKey:
    """The number of slots in use in a pool (a trunk's, a tenant's)."""
    return ItemKey(f"SLOTS#{pool}", "COUNT")


def slot_key(pool: str, call_id: str = "", claim: int = 0) -> ItemKey:
    """A slot in use, by one claim of one call."""
    return ItemKey(f"SLOTS#{pool}", f"SLOT#{call_id}#{claim}" if call_id else "SLOT#")


def trunk_settings_key(trunk_id: str) -> ItemKey:
    """A tenant's settings of a trunk: paused, a lower pace."""
    return ItemKey(f"TRUNK#{trunk_id}", "SETTINGS")


def breaker_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"TRUNK#{trunk_id}", "BREAKER")


def failures_key(trunk_id: str) -> ItemKey:
    """The number of the trunk's failures in a row."""
    return ItemKey(f"TRUNK#{trunk_id}", "FAILURES")


def batch_hold_key(trunk_id: str, tenant_id: str = "", batch_id: str = "") -> ItemKey:
    """A batch whose calls are not dialled on the trunk."""
    return ItemKey(f"TRUNK#{trunk_id}", f"HELD#{tenant_id}#{batch_id}" if batch_id else "HELD#")


def grantee_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The trunk's side of a grant."""
    return ItemKey(f"TRUNK#{trunk_id}", f"GRANT#{tenant_id}")


def trunk_event_key(trunk_id: str, at_ms: int = 0, event_id: str = "") -> ItemKey:
    return ItemKey(f"TRUNKLOG#{trunk_id}", f"{at_ms:015d}#{event_id}" if event_id else "")


def blocked_calls_key(trunk_id: str, tenant_id: str, day: str = "", caller_id: str = "") -> ItemKey:
    """The number of a tenant's calls from one caller number that the carrier blocked on one day."""
    return ItemKey(f"BLOCKED#{trunk_id}", f"{tenant_id}#" + (f"{day}#{caller_id}" if day else ""))


def queue_checkpoint_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The reconciler's last count of a tenant's long queue."""
    return ItemKey(f"CENSUS#{trunk_id}", tenant_id)


def waiting_partition(trunk_id: str) -> str:
    """The index partition of a trunk's waiting calls, by the time at which they expire."""
    return f"WAIT#{trunk_id}"


def in_progress_partition(trunk_id: str) -> str:
    """The index partition of a trunk's claimed calls that have not ended, by tenant."""
    return f"BUSY#{trunk_id}"


def talking_prefix(tenant_id: str) -> str:
    """Begins the sort keys of a tenant's answered calls in that partition; those of all begin with the id."""
    return f"{tenant_id}#talk#"
