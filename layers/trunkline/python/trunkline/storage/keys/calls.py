"""Keys of calls and of everything stored beside a call."""

from __future__ import annotations

import hashlib

from trunkline.storage.keys.item import ItemKey


def call_key(call_id: str) -> ItemKey:
    return ItemKey(f"C#{call_id}", "CALL")


def call_event_key(call_id: str, sequence: int | None = None) -> ItemKey:
    return ItemKey(f"C#{call_id}", "EVENT#" if sequence is None else f"EVENT#{sequence:06d}")


def calls_partition(tenant_id: str, *, livemode: bool) -> str:
    """The index partition of a tenant's calls, by time."""
    return f"T#{tenant_id}#{'live' if livemode else 'test'}"


def user_partition(tenant_id: str, user_id: str, *, livemode: bool) -> str:
    """The index partition of the calls of one of a tenant's users, by time."""
    return f"{calls_partition(tenant_id, livemode=livemode)}#U#{user_id}"


def number_partition(tenant_id: str, number: str, *, livemode: bool) -> str:
    """The index partition of a tenant's calls of a canonical number, by time.

    The hash keeps the number out of keys, which metrics of DynamoDB show.
    """
    partition = calls_partition(tenant_id, livemode=livemode)
    return f"{partition}#N#{_digest(partition, number)}"


def refusal_key(tenant_mode: str, number: str, at_ms: int = 0, request_id: str = "") -> ItemKey:
    """A refused call of a canonical number."""
    return ItemKey(f"REFUSED#{_digest(tenant_mode, number)}", f"{at_ms:015d}#{request_id}")


def _digest(owner: str, number: str) -> str:
    return hashlib.sha256(f"{owner}#{number}".encode()).hexdigest()[:32]


def calls_sort_key(created_at_ms: int, call_id: str = "") -> str:
    return f"{created_at_ms:015d}#{call_id}"


def encrypted_data_key(call_id: str, what: str) -> ItemKey:
    """Encrypted personal data: `USER_CONTEXT` or `VARIABLES`."""
    return ItemKey(f"C#{call_id}", f"PRIVATE#{what}")


def invocation_key(call_id: str, invocation_id: str = "") -> ItemKey:
    """One invocation of a tool in a call, with the response for its repeats."""
    return ItemKey(f"C#{call_id}", f"INVOCATION#{invocation_id}")


def tool_payload_key(call_id: str, invocation_id: str = "") -> ItemKey:
    """The recorded request and response of a tool invocation."""
    return ItemKey(f"C#{call_id}", f"TOOLBODIES#{invocation_id}")


def transcript_key(call_id: str, first_sequence: int | None = None, digest: str = "") -> ItemKey:
    """Turns of the transcript from one report."""
    return ItemKey(
        f"C#{call_id}", "TURNS#" if first_sequence is None else f"TURNS#{first_sequence:08d}#{digest}"
    )


def simulated_dispatch_key(call_id: str, dispatch_id: str = "") -> ItemKey:
    """An agent that was added to a test call."""
    return ItemKey(f"C#{call_id}", f"SIMULATED#{dispatch_id}")


def livekit_event_key(call_id: str, event_id: str) -> ItemKey:
    """A LiveKit webhook that changed the call: recorded so that it does so once."""
    return ItemKey(f"C#{call_id}", f"NEWS#{event_id}")
