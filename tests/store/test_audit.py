"""The audit log: who did what to keys, newest first, kept for a year, and its tenant's alone."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.fixtures_auth import OPERATOR, AuthHarness
from trunkline.auth.api_key_schemas import KeyRotation
from trunkline.auth.audit_log import AuditLog, AuditQuery
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.core.errors import MissingScope
from trunkline.storage.keys.tenants import audit_key


def test_everything_done_to_keys_is_noted_with_who_did_it(auth: AuthHarness) -> None:
    made = auth.made()
    asking = auth.enter(made["key"])
    child = auth.made(asking, name="child", scopes=["calls:read"])
    auth.service.change(asking, child["id"], {"name": "renamed", "requests_per_minute": 5})
    auth.service.rotate(asking, child["id"], KeyRotation())
    auth.service.delete(asking, child["id"])
    entries = AuditLog(auth.table).page(asking, AuditQuery(target_id=child["id"]))["data"]
    actions = ["api_key.created", "api_key.changed", "api_key.rotated", "api_key.revoked"]
    assert sorted(entry["action"] for entry in entries) == sorted(actions)
    assert {entry["actor"]["id"] for entry in entries} == {made["id"]}
    assert {entry["actor"]["address"] for entry in entries} == {"192.0.2.1"}
    changed = next(entry for entry in entries if entry["action"] == "api_key.changed")
    assert changed["changed"] == ["name", "requests_per_minute"]
    assert changed["request_id"] == "req-1"
    other = replace(OPERATOR, tenant_id="tenant-2")
    assert AuditLog(auth.table).page(other, AuditQuery())["data"] == []


def test_the_log_is_paged_newest_first_and_kept_for_a_year(auth: AuthHarness) -> None:
    for number in range(5):
        auth.clock.move_s(1)
        auth.made(name=f"key {number}")
    service = AuditLog(auth.table)
    first = service.page(OPERATOR, AuditQuery(limit=2))
    rest = service.page(OPERATOR, AuditQuery(limit=100, cursor=first["next_cursor"]))
    moments = [entry["at"] for entry in [*first["data"], *rest["data"]]]
    assert moments == sorted(moments, reverse=True)
    assert len(moments) == 5
    assert rest["next_cursor"] is None
    items = auth.table.partition(audit_key("tenant-1"))
    assert {item["ttl"] - item["at_ms"] // 1000 for item in items} == {365 * 86_400}


def test_a_missing_right_is_named() -> None:
    with pytest.raises(MissingScope, match="Missing scope: audit:read"):
        Principal("t", True, frozenset({Scope.CALLS_READ})).require(Scope.AUDIT_READ)
    Principal("t", True, frozenset({Scope.ADMIN})).require(Scope.AUDIT_READ)
    Principal("t", True, frozenset({Scope.WEBHOOKS_WRITE})).require(Scope.WEBHOOKS_READ)
