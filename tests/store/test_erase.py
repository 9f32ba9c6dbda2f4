"""What is left of a call after it was erased, and how long a call is kept at all."""

from __future__ import annotations

from typing import Any

import pytest

from tests.store.fixtures_dynamodb import TABLE_NAME
from tests.support.builders import make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from trunkline.auth.principal import Principal
from trunkline.call_control.erase_call import EraseCallService
from trunkline.calls.events import Turn
from trunkline.calls.repository import CallRepository
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.transitions import request_cancel
from trunkline.core.errors import CallNotEnded, NotFound
from trunkline.storage.keys.calls import encrypted_data_key
from trunkline.storage.table import Put, Table
from trunkline.tenants.repository import TenantRepository
from trunkline.tenants.settings import TenantSettingsCache

ME = Principal("tenant-1", True, frozenset())
CANARY = "canary-name"


def test_erasing_leaves_that_it_took_place_and_nothing_of_the_person(table: Table, dynamodb: Any) -> None:
    calls, transcripts = CallRepository(table), TranscriptRepository(table)
    service = EraseCallService(calls, table, ManualClock())
    call = make_web_call(
        user_id=CANARY, metadata_json=f'{{"name": "{CANARY}"}}', summary=CANARY, phone_number="+15550107777"
    )
    context = Put(encrypted_data_key(call.id, "USER_CONTEXT").as_item() | {"ciphertext": CANARY.encode()})
    calls.create(call, extra_writes=[context])
    transcripts.append(call.id, [Turn(1, "user", CANARY)], NOW_MS, None)
    with pytest.raises(CallNotEnded):
        service.erase(ME, call.id)
    calls.update(call.id, lambda current: request_cancel(current, NOW_MS), NOW_MS)
    with pytest.raises(NotFound):
        service.erase(Principal("tenant-2", True, frozenset()), call.id)
    service.erase(ME, call.id)
    service.erase(ME, call.id)
    left = repr(dynamodb.scan(TableName=TABLE_NAME)["Items"])
    assert CANARY not in left
    assert "+15550107777" not in left
    after = calls.load(call.id)
    assert after is not None
    assert (after.state, after.erased_at_ms) == ("cancelled", NOW_MS)


def test_retention_is_the_tenants_and_counted_from_the_end(table: Table) -> None:
    tenants, clock = TenantRepository(table), ManualClock()
    tenant_id = tenants.create("acme")
    facts = TenantSettingsCache(table, clock)
    assert facts.get(tenant_id).ttl(NOW_MS) is None
    tenants.set(tenant_id, {"retention_days": 30})
    assert facts.get(tenant_id).ttl(NOW_MS) is None, "what was read is good for a minute"
    clock.move_s(61)
    assert facts.get(tenant_id).ttl(NOW_MS) == NOW_MS // 1000 + 30 * 86_400
    tenants.set(tenant_id, {"retention_days": None})
    clock.move_s(61)
    assert facts.get(tenant_id).ttl(NOW_MS) is None


def test_everything_of_a_call_carries_its_ttl(table: Table, dynamodb: Any) -> None:
    calls, transcripts = CallRepository(table), TranscriptRepository(table)
    call = make_web_call(ttl=1_900_000_000)
    calls.create(call)
    transcripts.append(call.id, [Turn(1, "user", "x")], NOW_MS, call.ttl)
    calls.update(call.id, lambda current: request_cancel(current, NOW_MS), NOW_MS, livekit_event_id="EV_1")
    mine = [
        item for item in dynamodb.scan(TableName=TABLE_NAME)["Items"] if item["pk"]["S"] == f"C#{call.id}"
    ]
    assert len(mine) == 5
    assert {item["ttl"]["N"] for item in mine} == {"1900000000"}
