"""Unreadable batches, deliveries, schedules, web calls and events: the others of their kind are done."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from tests.store.fixtures_batches import BatchHarness, csv_of, numbers
from tests.store.fixtures_outbound import ME, OutboundHarness
from tests.store.fixtures_schedules import ScheduleHarness
from tests.store.fixtures_webhooks import MINE, WebhookHarness
from tests.store.test_web_call_reconciler import WebCallHarness
from tests.support.builders import make_call, make_web_call
from tests.support.clocks import NOW_MS
from tests.support.passes import PassOnce
from tests.support.stubs import GUARD
from trunkline.call_control.call_query import CallQuery
from trunkline.calls.states import State
from trunkline.reconciler.batches import BatchReconciler
from trunkline.statistics.call_counts import EventCounter
from trunkline.storage.keys.automations import schedule_key
from trunkline.storage.keys.batches import batch_key
from trunkline.storage.keys.calls import call_key
from trunkline.storage.keys.item import ItemKey
from trunkline.storage.table import Table, Update
from trunkline.webhooks.schemas import DeliveryQuery, Recovery

BROKEN = "no such state"


def break_item(table: Table, key: ItemKey, **values: Any) -> None:
    table.write(Update(key, set=values or {"state": BROKEN}))


def test_a_batch_beside_an_unreadable_one_is_begun(batches: BatchHarness) -> None:
    batches.flow.broken = EndpointConnectionError(endpoint_url="x")
    poisoned, healthy = (batches.make(text=csv_of(*numbers(2)))["id"] for _ in range(2))
    batches.flow.broken = None
    break_item(batches.table, batch_key(poisoned))
    batches.clock.move_s(61)
    BatchReconciler(batches.store, batches.flow, batches.clock, GUARD).reconcile(Counter(), PassOnce())  # type: ignore[arg-type]
    assert [batch.id for batch in batches.flow.started] == [healthy]


def test_a_delivery_behind_an_unreadable_one_is_started(webhooks: WebhookHarness) -> None:
    webhooks.webhook()
    webhooks.told(make_call(1))
    healthy = webhooks.told(make_call(2))
    poisoned = next(webhooks.deliveries.overdue(NOW_MS + 86_400_000)).key
    break_item(webhooks.table, poisoned, attempts="no list")
    webhooks.clock.move_s(16 * 60)
    repairs: Counter[str] = Counter()
    webhooks.reconciler.reconcile(repairs, PassOnce())
    assert repairs == {"delivery_restarted": 1}
    assert healthy


def test_deliveries_beside_an_unreadable_one_are_listed_and_recovered(webhooks: WebhookHarness) -> None:
    endpoint_id = webhooks.webhook()
    poisoned, healthy = webhooks.told(make_call(1)), webhooks.told(make_call(2))
    pending = webhooks.deliveries.overdue(NOW_MS + 86_400_000)
    (key,) = (each.key for each in pending if (webhooks.table.get(each.key) or {})["id"] == poisoned)
    break_item(webhooks.table, key, attempts="no list")
    service = webhooks.deliveries_service
    shown = service.list_deliveries(MINE, endpoint_id, DeliveryQuery())
    assert [each["id"] for each in shown["data"]] == [healthy]
    recovered = service.recover(MINE, endpoint_id, Recovery(since="2020-01-01T00:00:00Z"))
    assert not recovered["more"]


def test_calls_beside_an_unreadable_one_are_listed(outbound: OutboundHarness) -> None:
    poisoned, healthy = (outbound.place().id for _ in range(2))
    break_item(outbound.table, call_key(poisoned))
    shown = outbound.reader.list_calls(ME, CallQuery())
    assert [each["call_id"] for each in shown["data"]] == [healthy]


def test_a_schedule_beside_an_unreadable_one_is_mirrored(schedules: ScheduleHarness) -> None:
    schedules.eventbridge.times = 2
    poisoned, healthy = (schedules.make()["id"] for _ in range(2))
    break_item(
        schedules.schedules._table, schedule_key(poisoned), timezone="Nowhere/At_All", cron="61 99 * * *"
    )
    assert schedules.reconcile()["schedule_mirrored"] == 1
    assert schedules.seen(healthy) is not None


async def test_a_web_call_beside_an_unreadable_one_is_ended(table: Table) -> None:
    reconciler = WebCallHarness(table)
    poisoned = make_web_call(id=make_web_call().id[:-1] + "f", room_name="r2")
    reconciler.calls.create(poisoned)
    break_item(table, call_key(poisoned.id))
    call, repairs = await reconciler.after(901)
    assert (call.state, repairs) == (State.TIMEOUT, {"web_not_joined": 1})


@pytest.mark.parametrize(
    ("error", "failed"), [(ValueError("poison"), []), (EndpointConnectionError(endpoint_url="x"), ["2"])]
)
def test_the_stream_goes_on_behind_an_unreadable_event_and_waits_for_aws(
    monkeypatch: pytest.MonkeyPatch, error: Exception, failed: list[str]
) -> None:
    from functions.event_fanout import counts, handler  # noqa: PLC0415 - a handler logs when it is loaded

    seen: list[str] = []

    class FanOut:
        def begin_batch(self) -> None: ...

        def handle_item(self, item: dict[str, Any]) -> None:
            if item["pk"] == "C#2":
                raise error
            seen.append(item["pk"])

    fan_out = FanOut()
    monkeypatch.setattr(handler, "fan_out", lambda: fan_out)
    measured: list[str] = []
    monkeypatch.setattr(counts, "measure_event", lambda item, _: measured.append(item["pk"]))
    monkeypatch.setattr(EventCounter, "add", lambda *_: None)
    records = [
        {"eventID": number, "dynamodb": {"SequenceNumber": number, "NewImage": {"pk": {"S": f"C#{number}"}}}}
        for number in ("1", "2", "3")
    ]
    event = {"Records": [record | {"eventSource": "aws:dynamodb"} for record in records]}
    context = type("Context", (), dict.fromkeys(CONTEXT, "x"))()
    answer = handler.handle(event, context)
    assert [item["itemIdentifier"] for item in answer["batchItemFailures"]] == failed
    assert {"C#1", "C#3"} <= set(seen)
    assert measured == (["C#1"] if failed else ["C#1", "C#3"]), "what comes again is counted then"


CONTEXT = ("function_name", "memory_limit_in_mb", "invoked_function_arn", "aws_request_id")
