"""Keys of tenant-owned resources: agents, workflows, tools, secrets, suppressions and number rules."""

from __future__ import annotations

from trunkline.core.phone_numbers import canonical_number, stored_numbers
from trunkline.storage.keys.item import ItemKey


def agent_key(tenant_id: str, agent_id: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"AGENT#{agent_id}")


def agent_version_key(tenant_mode: str, agent_id: str, version: int) -> ItemKey:
    """One version of an agent, for who compares it with others; calls have their own copy."""
    return ItemKey(f"T#{tenant_mode}", f"AGENTVERSION#{agent_id}#{version:06d}")


def workflow_key(tenant_id: str, slug: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"WORKFLOW#{slug}")


def workflow_version_key(tenant_id: str, slug: str, version: int) -> ItemKey:
    """A version, stored for the calls that started with it."""
    return ItemKey(f"T#{tenant_id}", f"WORKFLOWVERSION#{slug}#{version:06d}")


def tool_key(tenant_id: str, name: str = "") -> ItemKey:
    return ItemKey(f"T#{tenant_id}", f"TOOL#{name}")


def tool_version_key(tenant_id: str, name: str, version: int) -> ItemKey:
    """A version, stored for the calls that were accepted while it was current."""
    return ItemKey(f"T#{tenant_id}", f"TOOLVERSION#{name}#{version:06d}")


def secret_key(tenant_id: str, name: str = "") -> ItemKey:
    """An encrypted secret that tools may refer to."""
    return ItemKey(f"T#{tenant_id}", f"SECRET#{name}")


def suppression_key(tenant_mode: str, number: str = "") -> ItemKey:
    """A number that the tenant must not call, however it is spelt."""
    return ItemKey(f"T#{tenant_mode}", f"SUPPRESSED#{canonical_number(number) if number else ''}")


def suppression_keys(tenant_mode: str, number: str) -> tuple[ItemKey, ...]:
    """The key of a suppressed number, then those under which an earlier version may have stored it."""
    return tuple(ItemKey(f"T#{tenant_mode}", f"SUPPRESSED#{each}") for each in stored_numbers(number))


def number_rules_key(tenant_mode: str) -> ItemKey:
    """The number prefixes that a tenant may call."""
    return ItemKey(f"T#{tenant_mode}", "NUMBERRULES")


def call_attempts_keys(tenant_mode: str, number: str) -> tuple[ItemKey, ...]:
    """The times of the latest calls to a number, however it is spelt; then keys of an earlier version."""
    return tuple(ItemKey(f"RUNG#{tenant_mode}#{each}", "RUNG") for each in stored_numbers(number))
