"""Settlement of a restored past: nothing that was open at that time is dialled, or imported, again."""

from __future__ import annotations

from copy import deepcopy
from dataclasses import replace

import pytest
from trunkline_cli.operator import Operator, repositories
from trunkline_cli.restore.protections import Protections
from trunkline_cli.restore.restored_past import SKIPPED_EVENTS, RestoredPast

from tests.store.fixtures_auth import OPERATOR, PEPPER, AuthHarness
from tests.store.fixtures_batches import BatchHarness
from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.store.fixtures_reconciler import ReconcilerHarness
from tests.store.fixtures_schedules import ScheduleHarness
from tests.support.builders import TRUNK, make_call, make_web_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.memory_table import MemoryTable
from tests.support.stubs import RecordedWakeups
from trunkline.auth.api_key_repository import ApiKeyRepository
from trunkline.auth.api_key_schemas import KeyRotation
from trunkline.auth.api_key_service import ApiKeyService
from trunkline.auth.authenticator import Authenticator
from trunkline.batches.models import BatchState
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.repository import CallRepository
from trunkline.calls.states import State
from trunkline.calls.transitions import claim_call, defer, record_intent
from trunkline.calls.value_objects import WaitsFor
from trunkline.compliance.service import Suppressions
from trunkline.core.errors import InvalidApiKey, NumberSuppressed
from trunkline.core.validation import validated
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.tenants import tenant_directory_key
from trunkline.storage.table import Put, Table, Update
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.repository import TrunkRepository


def operator_of(table: Table) -> Operator:
    clock = ManualClock()
    table.write(Put(tenant_directory_key("tenant-1").as_item() | {"name": "acme"}))
    keys = ApiKeyService(ApiKeyRepository(table), TenantSettingsCache(table, clock), PEPPER, clock)
    return Operator(**repositories(table), keys=keys, livekit=None, wakes=RecordedWakeups())  # type: ignore[arg-type]


def settled(table: Table, mirrored: tuple[str, ...] = ()) -> RestoredPast:
    past = RestoredPast(operator_of(table), mirrored.__contains__, ManualClock())
    past.settle()
    return past


def copied(table: Table) -> MemoryTable:
    """What a restore returns: the items, in another table."""
    assert isinstance(table, MemoryTable)
    copy = MemoryTable()
    copy.items = deepcopy(table.items)
    return copy


def on(table: Table, dialer: DialerHarness) -> DialerHarness:
    """The dialer of a stage that has adopted a table, with the LiveKit that there is."""
    trunks, calls = TrunkRepository(table), CallRepository(table)
    return replace(dialer, table=table, calls=calls, trunks=trunks, line=DialQueue(table))


async def test_calls_that_were_in_line_and_have_been_dialled_since_never_ring_again(
    dialer: DialerHarness,
) -> None:
    for number in range(1, 4):
        dialer.calls.create(make_call(number))
    restored = copied(dialer.table)
    await dialer.run().serve(WAKE)
    assert len(dialer.livekit.invites) == 3

    past = settled(restored)
    assert past.counts == {"trunks paused": 1, "calls ended": 3}
    past.operator.set_trunk_paused(TRUNK.id, paused=False)
    adopted = on(restored, dialer)
    await adopted.run("run-2").serve(WAKE)
    assert len(dialer.livekit.invites) == 3, "each phone has rung once"
    assert {adopted.load(number).reason for number in range(1, 4)} == {Reason.RESTORED}


async def test_a_restored_trunk_dials_nothing_before_its_operator_resumes_it(dialer: DialerHarness) -> None:
    restored = copied(dialer.table)
    operator = settled(restored).operator
    adopted = on(restored, dialer)
    adopted.calls.create(make_call(9))
    await adopted.run().serve(WAKE)
    assert dialer.livekit.invites == []
    operator.set_trunk_paused(TRUNK.id, paused=False)
    await adopted.run("run-2").serve(WAKE)
    assert [call.id for _, call in dialer.livekit.invites] == [make_call(9).id]


def _prepared(calls: CallRepository, call: Call) -> Call:
    return calls.apply(call, claim_call(call, "run-1", f"call-{call.id}", {TRUNK.id: 9}), NOW_MS)


def _sent(calls: CallRepository, call: Call) -> Call:
    call = _prepared(calls, call)
    return calls.apply(call, record_intent(call, NOW_MS, intent="i", token_expires_at_ms=NOW_MS), NOW_MS)


def test_every_kind_of_open_call_ends_and_leaves_no_entry_that_dials(reconciler: ReconcilerHarness) -> None:
    calls, table = reconciler.calls, reconciler.calls._table
    for number in range(1, 6):
        calls.create(make_call(number))
    made = [calls.load(make_call(number).id) for number in range(1, 6)]
    queued, prepared, sent, waiting, _ = [call for call in made if call]
    _prepared(calls, prepared)
    _sent(calls, sent)
    calls.apply(waiting, defer(waiting, NOW_MS + 60_000, WaitsFor.RETRY), NOW_MS)
    web = make_web_call(id="00000000-0000-4000-8000-00000000abcd")
    calls.create(web)

    past = settled(table)
    assert past.failures == []
    assert past.counts["calls ended"] == 6
    for call in (queued, prepared, sent, waiting, web):
        ended = calls.load(call.id)
        assert ended is not None
        assert (ended.state, ended.reason, ended.end_unconfirmed) == (State.FAILED, Reason.RESTORED, True)
        assert ended.due_ms is None
    assert DialQueue(table).peek(TRUNK.id, "tenant-1", 9) == []
    assert calls.due_ids(TRUNK.id, NOW_MS + 3_600_000, 9) == []
    again = settled(table)
    assert again.counts == {}, "a repeat finds nothing left to do"


async def test_a_leg_that_is_still_there_is_hung_up_and_keeps_its_slot_until_then(
    reconciler: ReconcilerHarness,
) -> None:
    calls, trunks = reconciler.calls, TrunkRepository(reconciler.calls._table)
    trunks.save(replace(TRUNK, max_concurrent_calls=9))
    calls.create(make_call())
    _sent(calls, reconciler.now())
    settled(calls._table)
    reconciler.livekit.status, reconciler.livekit.is_stale = "active", True
    await reconciler.reconcile()
    assert trunks.slots_taken(TRUNK.id) == 1
    reconciler.livekit.is_stale, reconciler.livekit.hangs_up = False, True
    await reconciler.reconcile()
    assert trunks.slots_taken(TRUNK.id) == 0


def test_the_end_of_a_call_is_an_event_with_an_id_that_no_earlier_event_had(
    reconciler: ReconcilerHarness,
) -> None:
    """The events since the restored time have the next numbers, and an endpoint knows their ids."""
    call = reconciler.accepted()
    settled(reconciler.calls._table)
    found = reconciler.calls.load_with_events(call.id)
    assert found is not None
    assert [event.sequence for event in found[1]] == [1, 2 + SKIPPED_EVENTS]
    assert (found[1][-1].type, found[1][-1].data["reason"]) == ("failed", "restored")


def test_a_call_that_cannot_be_read_is_named_and_the_others_are_ended(reconciler: ReconcilerHarness) -> None:
    calls = reconciler.calls
    for number in (1, 2):
        calls.create(make_call(number))
    calls._table.write(Update(call_key(make_call(1).id), set={"state": "unheard of"}))
    past = settled(calls._table)
    assert past.counts["calls ended"] == 1
    assert [failure.partition(":")[0] for failure in past.failures] == [f"call {make_call(1).id}"]


@pytest.mark.parametrize("state", [BatchState.CHECKED, BatchState.IMPORTING, BatchState.RUNNING])
def test_a_batch_imports_and_starts_nothing_anew(batches: BatchHarness, state: BatchState) -> None:
    made = batches.make(rows=[{"phone": "+14155552671"}])
    stored = batches.stored(made["id"])
    batches.store.save(replace(stored, state=state))
    assert settled(batches.table).counts["batches cancelled"] == 1
    after = batches.stored(made["id"])
    assert (after.state, after.job) == (BatchState.CANCELLED, None)
    assert list(batches.store.unfinished_ids(NOW_MS + 10**9)) == []
    assert batches.worker.begin(made["id"], stored.job) == "end"  # type: ignore[arg-type]


def test_a_batch_that_was_over_stays_as_it_is(batches: BatchHarness) -> None:
    made = batches.make(rows=[{"phone": "+14155552671"}])
    batches.store.save(replace(batches.stored(made["id"]), state=BatchState.COMPLETED, job=None))
    assert settled(batches.table).counts["batches cancelled"] == 0
    assert batches.stored(made["id"]).state is BatchState.COMPLETED


def test_a_schedule_that_eventbridge_no_longer_has_is_paused_and_the_others_are_mirrored(
    schedules: ScheduleHarness,
) -> None:
    """The tenant deleted or paused it since the restored time."""
    kept, gone = schedules.make()["id"], schedules.make(name="s2")["id"]
    schedules.reconcile()
    before = schedules.seen(kept)
    past = settled(schedules.outbound.table, mirrored=(kept,))
    assert past.counts["schedules paused"] == 1
    assert (schedules.stored(kept).enabled, schedules.stored(gone).enabled) == (True, False)
    assert schedules.reconcile()["schedule_mirrored"] == 2
    after = schedules.seen(kept)
    assert before is not None
    assert after is not None
    assert after["Description"] != before["Description"], "EventBridge has the restored times"
    assert (schedules.seen(gone) or {})["State"] == "DISABLED"


@pytest.fixture
def present() -> MemoryTable:
    return MemoryTable()


def test_a_number_that_was_suppressed_since_stays_suppressed(present: MemoryTable) -> None:
    number, then = "+14155552671", OutboundHarness(MemoryTable())
    OutboundHarness(present).rules().suppress(ME, validated(Suppressions, {"numbers": [number]}))
    protections = Protections(present, operator_of(then.table))
    assert protections.take_over() == {"numbers suppressed": 1}
    with pytest.raises(NumberSuppressed):
        then.place(phoneNumber=number)
    assert protections.take_over() == {}


def test_a_key_that_was_revoked_since_stays_revoked_and_a_rotated_one_is_valid(present: MemoryTable) -> None:
    now = AuthHarness(present)
    stays, revoked, rotated = (now.made(name=name) for name in ("a", "b", "c"))
    restored = copied(present)
    operator_of(present)
    operator = operator_of(restored)
    now.service.delete(OPERATOR, revoked["id"])
    renewed = now.service.rotate(OPERATOR, rotated["id"], KeyRotation(overlap_seconds=60))
    assert Protections(present, operator).take_over() == {"keys revoked": 1, "keys added or rotated": 1}

    then = AuthHarness(restored)
    assert then.enter(stays["key"]).tenant_id == "tenant-1"
    assert then.enter(renewed["key"]).tenant_id == "tenant-1"
    with pytest.raises(InvalidApiKey):
        then.enter(revoked["key"])


def test_the_keys_of_the_restored_time_can_be_kept(present: MemoryTable) -> None:
    now = AuthHarness(present)
    made = now.made()
    restored = copied(present)
    operator_of(present)
    now.service.delete(OPERATOR, made["id"])
    assert Protections(present, operator_of(restored)).take_over(with_keys=False) == {}
    assert AuthHarness(restored).enter(made["key"]).tenant_id == "tenant-1"


def test_the_keys_of_a_table_moved_to_another_account_need_the_old_pepper(present: MemoryTable) -> None:
    """The new stage's own table has no keys, hence `--restored-keys`."""
    made = AuthHarness(present).made()
    moved = copied(present)
    settled(moved)
    assert Protections(MemoryTable(), operator_of(moved)).take_over(with_keys=False) == {}
    then = AuthHarness(moved)
    assert then.enter(made["key"]).tenant_id == "tenant-1"
    then.authenticator = Authenticator(then.keys, then.sessions, "a new pepper", then.clock)
    with pytest.raises(InvalidApiKey):
        then.enter(made["key"])
