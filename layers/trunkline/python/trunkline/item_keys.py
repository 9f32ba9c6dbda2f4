"""The key of every item in the one table, and the attributes that indexes and expiry are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
PK, SK = "pk", "sk"
OPEN_INDEX, OPEN_PK, OPEN_SK = "open", "open_pk", "open_sk"
TTL = "ttl"


@dataclass(frozen=True)
class ItemKey:
    pk: str
    sk: str

    def as_item(self) -> Item:
        return {PK: self.pk, SK: self.sk}


def tenant_key(tenant_id: str) -> ItemKey:
    return ItemKey(f"T#{tenant_id}", "TENANT")


def tenant_directory_key(tenant_id: str = "") -> ItemKey:
    return ItemKey("TENANTS", tenant_id)


def agent_key(tenant_id: str, agent_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"AGENT#{agent_id}")


def grant_key(tenant_id: str, trunk_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"TRUNK#{trunk_id}")


def api_key_key(key_hash: str) -> ItemKey:
    return ItemKey(f"K#{key_hash}", "KEY")


def trunk_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"TRUNK#{trunk_id}", "TRUNK")


def trunk_directory_key(trunk_id: str = "") -> ItemKey:
    return ItemKey("TRUNKS", trunk_id)


def call_key(call_id: str) -> ItemKey:
    return ItemKey(f"C#{call_id}", "CALL")


def call_event_key(call_id: str, sequence: int) -> ItemKey:
    return ItemKey(f"C#{call_id}", f"EVENT#{sequence:06d}")


def line_key(trunk_id: str, place: str = "") -> ItemKey:
    return ItemKey(f"LINE#{trunk_id}", place)


def cancel_key(trunk_id: str, call_id: str = "") -> ItemKey:
    """A call that was sent and is to be hung up; the trunk's run looks here while dials are unanswered."""
    return ItemKey(f"CANCEL#{trunk_id}", call_id)


def lane_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"LANE#{trunk_id}", "LANE")


def run_key(run_id: str) -> ItemKey:
    return ItemKey(f"RUN#{run_id}", "RUN")


def due_key(trunk_id: str, due_ms: int = 0, call_id: str = "") -> ItemKey:
    """A call that waits for a moment (a redial, a window); items are in order of their moments."""
    return ItemKey(f"DUE#{trunk_id}", f"{due_ms:015d}#{call_id}" if call_id else "")


def slot_count_key(pool: str) -> ItemKey:
    """How many slots of a pool (a trunk's, a tenant's) are taken."""
    return ItemKey(f"SLOTS#{pool}", "COUNT")


def slot_key(pool: str, call_id: str = "", claim: int = 0) -> ItemKey:
    """One taken slot: it belongs to one claim of one call."""
    return ItemKey(f"SLOTS#{pool}", f"SLOT#{call_id}#{claim}" if call_id else "SLOT#")


def trunk_settings_key(trunk_id: str) -> ItemKey:
    """What a tenant set on a trunk: paused, a lower pace."""
    return ItemKey(f"TRUNK#{trunk_id}", "SETTINGS")


def breaker_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"TRUNK#{trunk_id}", "BREAKER")


def grantee_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The trunk's side of a grant."""
    return ItemKey(f"TRUNK#{trunk_id}", f"GRANT#{tenant_id}")


def trunk_event_key(trunk_id: str, at_ms: int = 0, event_id: str = "") -> ItemKey:
    return ItemKey(f"TRUNKLOG#{trunk_id}", f"{at_ms:015d}#{event_id}" if event_id else "")


def census_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The caretaker's last count of a tenant's long line."""
    return ItemKey(f"CENSUS#{trunk_id}", tenant_id)


def waiting_partition(trunk_id: str) -> str:
    """The index partition of a trunk's waiting calls, by the time at which they expire."""
    return f"WAIT#{trunk_id}"


def busy_partition(trunk_id: str) -> str:
    """The index partition of a trunk's claimed calls that have not ended, by tenant."""
    return f"BUSY#{trunk_id}"


def idempotency_key(scope: str, value: str) -> ItemKey:
    return ItemKey(f"I#{scope}#{value}", "ONCE")
