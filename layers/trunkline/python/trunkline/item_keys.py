"""The key of every item in the one table, and the attributes that indexes and expiry are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

Item = dict[str, Any]
PK, SK = "pk", "sk"
OPEN_INDEX, OPEN_PK, OPEN_SK = "open", "open_pk", "open_sk"
CALLS_INDEX, CALLS_PK, CALLS_SK = "calls", "calls_pk", "calls_sk"
USER_INDEX, USER_PK = "user_calls", "user_pk"
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


def workflow_key(tenant_id: str, slug: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"WORKFLOW#{slug}")


def workflow_version_key(tenant_id: str, slug: str, version: int) -> ItemKey:
    """A version, kept for the calls that started with it."""
    return ItemKey(f"T#{tenant_id}", f"WORKFLOWVERSION#{slug}#{version:06d}")


def grant_key(tenant_id: str, trunk_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"TRUNK#{trunk_id}")


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


def used_proof_key(proof_id: str) -> ItemKey:
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


def trunk_key(trunk_id: str) -> ItemKey:
    return ItemKey(f"TRUNK#{trunk_id}", "TRUNK")


def trunk_directory_key(trunk_id: str = "") -> ItemKey:
    return ItemKey("TRUNKS", trunk_id)


def call_key(call_id: str) -> ItemKey:
    return ItemKey(f"C#{call_id}", "CALL")


def call_event_key(call_id: str, sequence: int | None = None) -> ItemKey:
    return ItemKey(f"C#{call_id}", "EVENT#" if sequence is None else f"EVENT#{sequence:06d}")


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


def due_moment(sk: str) -> int:
    """The moment in a due entry's sort key."""
    return int(sk.partition("#")[0])


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


def hold_key(trunk_id: str, tenant_id: str = "", batch_id: str = "") -> ItemKey:
    """A batch whose calls are not dialled on the trunk."""
    return ItemKey(f"TRUNK#{trunk_id}", f"HELD#{tenant_id}#{batch_id}" if batch_id else "HELD#")


def grantee_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The trunk's side of a grant."""
    return ItemKey(f"TRUNK#{trunk_id}", f"GRANT#{tenant_id}")


def trunk_event_key(trunk_id: str, at_ms: int = 0, event_id: str = "") -> ItemKey:
    return ItemKey(f"TRUNKLOG#{trunk_id}", f"{at_ms:015d}#{event_id}" if event_id else "")


def census_key(trunk_id: str, tenant_id: str = "") -> ItemKey:
    """The caretaker's last count of a tenant's long line."""
    return ItemKey(f"CENSUS#{trunk_id}", tenant_id)


def calls_partition(tenant_id: str, *, livemode: bool) -> str:
    """The index partition of a tenant's calls, by time."""
    return f"T#{tenant_id}#{'live' if livemode else 'test'}"


def user_partition(tenant_id: str, user_id: str, *, livemode: bool) -> str:
    """The index partition of the calls of one of a tenant's users, by time."""
    return f"{calls_partition(tenant_id, livemode=livemode)}#U#{user_id}"


def calls_place(created_at_ms: int, call_id: str = "") -> str:
    return f"{created_at_ms:015d}#{call_id}"


def private_key(call_id: str, what: str) -> ItemKey:
    """What is said about a person, encrypted: `USER_CONTEXT`, `VARIABLES`."""
    return ItemKey(f"C#{call_id}", f"PRIVATE#{what}")


def invocation_key(call_id: str, invocation_id: str = "") -> ItemKey:
    """One use of a tool in a call, with the answer that its repeats get."""
    return ItemKey(f"C#{call_id}", f"INVOCATION#{invocation_id}")


def tool_bodies_key(call_id: str, invocation_id: str = "") -> ItemKey:
    """What a tool was given and what it gave, where its owner wants that kept."""
    return ItemKey(f"C#{call_id}", f"TOOLBODIES#{invocation_id}")


def turns_key(call_id: str, first_sequence: int | None = None, digest: str = "") -> ItemKey:
    """Turns of a transcript that were reported together."""
    return ItemKey(
        f"C#{call_id}", "TURNS#" if first_sequence is None else f"TURNS#{first_sequence:08d}#{digest}"
    )


def played_dispatch_key(call_id: str, dispatch_id: str = "") -> ItemKey:
    """An agent that was added to a test call."""
    return ItemKey(f"C#{call_id}", f"PLAYED#{dispatch_id}")


def news_key(call_id: str, event_id: str) -> ItemKey:
    """A webhook of LiveKit's that changed the call: it changes it once."""
    return ItemKey(f"C#{call_id}", f"NEWS#{event_id}")


def webhook_key(tenant_id: str, endpoint_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"WEBHOOK#{endpoint_id}")


def webhook_count_key(tenant_id: str) -> ItemKey:
    """How many endpoints a tenant has."""
    return ItemKey(f"T#{tenant_id}", "WEBHOOKCOUNT")


def tenant_event_key(tenant_id: str, at_ms: int, event_id: str) -> ItemKey:
    """An event of a tenant's that no call or trunk tells of."""
    return ItemKey(f"TENANTLOG#{tenant_id}", f"{at_ms:015d}#{event_id}")


def delivery_key(endpoint_id: str, at_ms: int | None = None, digest: str = "") -> ItemKey:
    """A delivery to an endpoint; they are in order of their moments."""
    return ItemKey(f"D#{endpoint_id}", "DELIVERY#" if at_ms is None else f"DELIVERY#{at_ms:015d}#{digest}")


def delivery_answer_key(endpoint_id: str, at_ms: int, digest: str, attempt: int | None = None) -> ItemKey:
    """The beginning of what an endpoint answered to an attempt."""
    number = "" if attempt is None else f"{attempt:02d}"
    return ItemKey(f"D#{endpoint_id}", f"ANSWER#{at_ms:015d}#{digest}#{number}")


def webhook_health_key(endpoint_id: str) -> ItemKey:
    return ItemKey(f"D#{endpoint_id}", "HEALTH")


def webhook_slot_key(endpoint_id: str, slot: int) -> ItemKey:
    """A right to send to an endpoint, held for the time of one request."""
    return ItemKey(f"D#{endpoint_id}", f"SLOT#{slot:02d}")


def deliveries_partition(share: str) -> str:
    """The index partition of deliveries under way, by the time of their next attempt: one of sixteen."""
    return f"DELIVERIES#{share}"


def waiting_partition(trunk_id: str) -> str:
    """The index partition of a trunk's waiting calls, by the time at which they expire."""
    return f"WAIT#{trunk_id}"


def busy_partition(trunk_id: str) -> str:
    """The index partition of a trunk's claimed calls that have not ended, by tenant."""
    return f"BUSY#{trunk_id}"


def idempotency_key(scope: str, value: str) -> ItemKey:
    return ItemKey(f"I#{scope}#{value}", "ONCE")
