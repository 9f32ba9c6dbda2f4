"""Statistics: calls by minute from the entries of timelines, and the reconciler's repairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from functions.event_fanout.counts import BatchCounts
from tests.support.builders import make_call
from tests.support.clocks import NOW_MS, ManualClock
from tests.support.stubs import GUARD
from trunkline.auth.principal import Principal
from trunkline.calls.create_items import event_put
from trunkline.calls.models import Call, NewEvent
from trunkline.calls.reason_texts import QUEUE_TEXTS, REASON_TEXTS, reason_text
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.value_objects import AttemptRecord, Channel, WaitsFor
from trunkline.core.errors import InvalidRequest
from trunkline.core.logging import logger
from trunkline.core.metrics import MetricWriter
from trunkline.core.validation import validated_query
from trunkline.statistics.call_counts import EventCounter
from trunkline.statistics.repairs import RepairLog, RepairQuery
from trunkline.statistics.repository import StatisticsRepository
from trunkline.statistics.service import StatisticsQuery, StatisticsService, StatisticsView
from trunkline.storage.table import Table

MINE = Principal("tenant-1", True, frozenset())
BUSY = AttemptRecord(1, "r", NOW_MS, None, NOW_MS, Reason.DIAL_BUSY)


def ended(call: Call, state: State, reason: Reason, **more: Any) -> Call:
    return replace(call, state=state, reason=reason, ended_at_ms=NOW_MS, sequence=5, **more)


RANG, TALKED = {"connecting_at_ms": NOW_MS - 40_000}, {"answered_at_ms": NOW_MS - 30_000}
COMPLETED = ended(make_call(2), State.COMPLETED, Reason.USER_HANGUP, **RANG, **TALKED)
FAILED = ended(make_call(3), State.FAILED, Reason.DIAL_BUSY, attempts=(BUSY,))
EXPIRED = ended(make_call(4), State.TIMEOUT, Reason.EXPIRED)
WEB = ended(make_call(5, channel=Channel.WEB), State.TIMEOUT, Reason.NOT_JOINED)


def count(table: Table, calls: Sequence[Call], at_ms: int = NOW_MS) -> None:
    """Count each call's last entry as the fan-out does."""
    counter = EventCounter()
    for call in calls:
        data = {"reason": call.reason} if call.reason else {}
        counter.add(event_put(call, call.sequence, NewEvent(call.state.value, data), at_ms).item)
    for (tenant_mode, minute), counts in counter.take().items():
        StatisticsRepository(table).add_calls(tenant_mode, minute, counts)
    assert not counter.take()


def shown(table: Table, principal: Principal = MINE, minutes: int = 60) -> StatisticsView:
    service = StatisticsService(StatisticsRepository(table), ManualClock())
    return service.of_calls(principal, StatisticsQuery(minutes=minutes))


def test_outcomes_and_reasons_are_counted(table: Table) -> None:
    count(table, [replace(make_call(1), sequence=1), COMPLETED, FAILED, FAILED, EXPIRED, WEB])
    view = shown(table)
    assert (view["accepted"], view["talk_seconds"]) == (1, 30)
    assert view["ended"] == {"completed": 1, "failed": 2, "timeout": 2}
    assert (view["dialled"], view["answered"], view["answer_rate"]) == (3, 1, 0.3333)
    assert [(each["reason"], each["calls"]) for each in view["failures"]] == [
        ("dial_busy", 2),
        ("expired", 1),
        ("not_joined", 1),
    ]
    assert view["failures"][0]["text"] == REASON_TEXTS[Reason.DIAL_BUSY]


def test_counts_of_several_batches_add_up(table: Table) -> None:
    for _ in range(3):
        count(table, [FAILED])
    assert shown(table)["ended"] == {"failed": 3}


def test_nothing_of_another_tenant_or_mode_is_counted(table: Table) -> None:
    count(table, [FAILED])
    for other in (replace(MINE, tenant_id="tenant-2"), replace(MINE, livemode=False)):
        assert shown(table, other)["ended"] == {}
        assert shown(table, other)["answer_rate"] is None


def test_the_time_that_was_asked_for_is_shown_in_steps(table: Table) -> None:
    for minutes_ago in (0, 1, 59, 60):
        count(table, [FAILED], NOW_MS - minutes_ago * 60_000)
    hour = shown(table)
    assert hour["ended"] == {"failed": 3}
    assert (hour["step_seconds"], len(hour["points"])) == (60, 60)
    assert [point["failed"] for point in hour["points"]] == [1, *[0] * 57, 1, 1]
    day = shown(table, minutes=1440)
    assert (day["step_seconds"], len(day["points"])) == (720, 120)
    assert sum(point["failed"] for point in day["points"]) == 4


@pytest.mark.parametrize("minutes", ["0", "1441", "x", "-5"])
def test_a_time_out_of_bounds_is_refused(minutes: str) -> None:
    with pytest.raises(InvalidRequest):
        validated_query(StatisticsQuery, {"minutes": minutes})


def test_a_count_that_cannot_be_written_holds_up_no_event() -> None:
    tried: list[object] = []

    class Broken:
        def add_calls(self, *_: object) -> None:
            tried.append(self)
            raise ClientError({"Error": {"Code": "ThrottlingException"}}, "UpdateItem")

    broken: Any = Broken
    counts = BatchCounts(GUARD, MetricWriter("event_fanout"), broken)
    counts.note("1", event_put(FAILED, 5, NewEvent("failed"), NOW_MS).item)
    counts.count(["1"], set())
    assert tried


def test_each_reason_and_each_wait_has_a_sentence() -> None:
    assert set(REASON_TEXTS) == set(Reason)
    assert set(WaitsFor) <= set(QUEUE_TEXTS)
    for text in (*REASON_TEXTS.values(), *QUEUE_TEXTS.values()):
        assert text[0].isupper(), text
        assert text.endswith("."), text
    assert reason_text("dial_busy", 486) == "The line was busy (SIP 486)."


# Repairs.


def test_repairs_are_listed_newest_first_in_pages(table: Table) -> None:
    clock = ManualClock()
    log = RepairLog(table, clock, logger("test"))
    for number in range(5):
        clock.move_s(1)
        log.record(make_call(number), "adopted" if number else "of_a_later_version")
    first = log.page(MINE, RepairQuery(limit=3))
    assert [each["call_id"] for each in first["data"]] == [make_call(number).id for number in (4, 3, 2)]
    assert first["data"][0]["text"]
    rest = log.page(MINE, RepairQuery(limit=3, cursor=first["next_cursor"]))
    assert [each["call_id"] for each in rest["data"]] == [make_call(number).id for number in (1, 0)]
    assert (rest["data"][-1]["text"], rest["next_cursor"]) == (None, None)
    assert log.page(replace(MINE, tenant_id="tenant-2"), RepairQuery())["data"] == []
    assert log.page(replace(MINE, livemode=False), RepairQuery())["data"] == []


def test_a_repair_that_cannot_be_stored_stops_nothing(table: Table, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise ClientError({"Error": {"Code": "ThrottlingException"}}, "PutItem")

    log = RepairLog(table, ManualClock(), logger("test"))
    with monkeypatch.context() as broken:
        broken.setattr(table, "write", fail)
        log.record(make_call(1), "adopted")
    assert log.page(MINE, RepairQuery())["data"] == []
