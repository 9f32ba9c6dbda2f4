"""`trunkline apply` and `tenants`: unique names, all checked first, shared trunks only on purpose."""

from __future__ import annotations

from typing import Any

import pytest
from trunkline_cli.declaration import ApplyOptions, apply_declaration
from trunkline_cli.operator import Operator, repositories

from tests.support.clocks import ManualClock
from tests.support.stubs import RecordedWakeups
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.audit_log import AuditEntryView, AuditLog, AuditQuery
from trunkline.core.errors import AlreadyExists, InvalidRequest, NotFound, TrunklineError
from trunkline.livekit.credentials import LiveKitCredentials
from trunkline.storage.keys.item import Item
from trunkline.storage.keys.tenants import tenant_directory_key
from trunkline.storage.serialization import from_dynamodb
from trunkline.storage.table import Put, Table
from trunkline.tenants.settings import TenantSettingsCache

NEW = ApplyOptions(create_tenant=True)
TRUNK = {"name": "main", "sip_trunk_id": "ST_1", "cps": 5, "numbers": ["+15550109001"]}
AGENT = {"name": "Ada", "livekit_agent_name": "ada", "trunk": "main", "tools": ["bye"]}
TOOL = {"name": "bye", "config": {"actions": [{"type": "end_call"}]}}
WORKFLOW = {"slug": "w", "entry_agent": "Ada", "tools": ["bye"]}
ACME: dict[str, Any] = {
    "tenant": "acme",
    "trunks": [TRUNK],
    "agents": [AGENT],
    "tools": [TOOL],
    "workflows": [WORKFLOW],
}


class FixedLiveKit:
    def read(self) -> LiveKitCredentials:
        return LiveKitCredentials("wss://livekit.test", "key", "secret")


@pytest.fixture
def operator(table: Table) -> Operator:
    clock = ManualClock()
    keys = ApiKeyService(ApiKeyRepository(table), TenantSettingsCache(table, clock), "pepper", clock)
    return Operator(**repositories(table), keys=keys, livekit=FixedLiveKit(), wakes=RecordedWakeups())  # type: ignore[arg-type]


def changes(operator: Operator, declared: dict[str, Any], options: ApplyOptions = NEW) -> dict[str, str]:
    return {
        f"{each.kind} {each.name}": each.change for each in apply_declaration(operator, declared, options)
    }


def everything(table: Table) -> list[Item]:
    pages = table._client.get_paginator("scan").paginate(TableName=table._name)
    return [from_dynamodb(item) for page in pages for item in page["Items"]]


def audited(operator: Operator, tenant: str, action: str) -> list[AuditEntryView]:
    log = AuditLog(operator.table)
    return log.page(operator.principal(tenant), AuditQuery(action=action, limit=100))["data"]


def test_a_tenants_name_is_taken_once(operator: Operator) -> None:
    tenant_id = operator.tenants.create("acme")
    for name in ("acme", tenant_id):
        with pytest.raises(AlreadyExists, match="already exists"):
            operator.tenants.create(name)
    for name in (" ", "x" * 101, "a\nb", "\ud800"):
        with pytest.raises(InvalidRequest, match="needs a name"):
            operator.tenants.create(name)
    operator.tenants.create("Aardvark")
    assert [tenant.name for tenant in operator.tenants.all()] == ["Aardvark", "acme"]


def test_two_tenants_of_one_name_at_the_same_time_are_one(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.tenants.create("acme")
    monkeypatch.setattr(type(operator.tenants), "all", lambda _: [])
    with pytest.raises(AlreadyExists):
        operator.tenants.create("acme")


def test_tenants_that_had_one_name_before_are_told_apart_by_their_ids(operator: Operator) -> None:
    for tenant_id in ("t1", "t2"):
        operator.table.write(Put(tenant_directory_key(tenant_id).as_item() | {"name": "acme"}))
    with pytest.raises(InvalidRequest, match="t1, t2"):
        operator.tenant_id("acme")
    assert operator.tenant_id("t2") == "t2"


def test_a_misspelt_tenant_is_not_created(operator: Operator, table: Table) -> None:
    with pytest.raises(NotFound, match="--create-tenant"):
        apply_declaration(operator, ACME)
    assert everything(table) == []


def test_a_dry_run_says_what_would_change_and_writes_nothing(operator: Operator, table: Table) -> None:
    dry = ApplyOptions(create_tenant=True, dry_run=True)
    planned = changes(operator, ACME, dry)
    assert everything(table) == []
    assert changes(operator, ACME) == planned == dict.fromkeys(planned, "created")
    before = everything(table)
    changed = ACME | {"trunks": [TRUNK | {"cps": 8}], "tools": [TOOL | {"description": "Ends"}]}
    planned = changes(operator, changed, dry)
    assert everything(table) == before
    assert planned["trunk main"] == "changed: cps"
    assert planned["tool bye"] == "version 2"
    assert changes(operator, changed) == planned
    assert set(changes(operator, changed).values()) == {"unchanged"}


@pytest.mark.parametrize(
    "wrong",
    [
        {1: "tenant", "unknown": 2},
        {"workflows": [WORKFLOW | {"entry_agent": "Nobody"}]},
        {"workflows": [WORKFLOW | {"tools": ["none"]}]},
        {"agents": [AGENT | {"trunk": "none"}]},
        {"agents": [AGENT | {"phone_numbers": ["+15550109009"]}]},
        {"tools": [TOOL, TOOL | {"config": {"actions": [{"type": "api_call", "url": "https://10.0.0.1/"}]}}]},
        {"trunks": [TRUNK, TRUNK | {"sip_trunk_id": "ST_2", "own_livekit": True}]},
    ],
)
def test_all_is_checked_before_anything_is_written(
    operator: Operator, table: Table, wrong: dict[Any, Any]
) -> None:
    with pytest.raises(TrunklineError):
        apply_declaration(operator, ACME | wrong, NEW)
    assert everything(table) == []


def test_another_tenants_file_changes_a_shared_trunk_only_on_purpose(
    operator: Operator, table: Table
) -> None:
    apply_declaration(operator, ACME, NEW)
    other = {"tenant": "other", "trunks": [TRUNK | {"cps": 50}]}
    before = everything(table)
    with pytest.raises(InvalidRequest, match=r"changed: cps.*--change-shared-trunks"):
        apply_declaration(operator, other, NEW)
    assert everything(table) == before
    apply_declaration(operator, other | {"trunks": [TRUNK]}, NEW)
    with pytest.raises(InvalidRequest, match=operator.tenant_id("other")):
        apply_declaration(operator, ACME | {"trunks": [TRUNK | {"cps": 50}]})
    on_purpose = ApplyOptions(change_shared_trunks=True)
    assert changes(operator, other, on_purpose) == {"trunk main": "changed: cps"}
    for tenant in ("acme", "other"):
        (entry,) = audited(operator, tenant, "trunk.changed")
        assert (entry["changed"], entry["actor"]["type"]) == (["cps"], "operator")


def test_the_audit_log_says_what_changed(operator: Operator) -> None:
    apply_declaration(operator, ACME, NEW)
    apply_declaration(operator, ACME | {"agents": [AGENT | {"ring_timeout_s": 30, "tools": []}]})
    operator.set_tenant("acme", {"max_calls_a_day": 3})
    operator.set_tenant("acme", {"max_calls_a_day": 3})
    assert audited(operator, "acme", "agent.changed")[0]["changed"] == ["ring_timeout_s", "tools"]
    operator.set_tenant("acme", {"max_calls_a_day": 3, "max_calls_waiting": 9})
    changed = [entry["changed"] for entry in audited(operator, "acme", "tenant.changed")]
    assert sorted(changed) == [["max_calls_a_day"], ["max_calls_waiting"]]


def test_the_audit_log_says_when_a_grant_changes_its_limit(operator: Operator) -> None:
    (trunk_id,) = (each.id for each in apply_declaration(operator, ACME, NEW) if each.kind == "trunk")
    for limit in (3, 3, None):
        operator.grant_trunk(trunk_id, "acme", limit)
    entries = sorted(audited(operator, "acme", "trunk.granted"), key=lambda entry: entry["at"])
    changed = [entry["changed"] for entry in entries]
    assert sorted(changed) == [[], [], ["max_concurrent_calls"], ["max_concurrent_calls"]]
