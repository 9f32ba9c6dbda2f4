"""Tasks of the reconciler as messages: their form, and how they are sent."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from tests.support.builders import make_call
from tests.support.clocks import NOW_MS
from trunkline.calls.models import Call
from trunkline.calls.states import Phase, State
from trunkline.reconciler.overdue import LOOK_UP_DELAY_MS, overdue_since_ms
from trunkline.reconciler.resumable import rotated
from trunkline.reconciler.tasks import CallRange, RepairTask, RepairTaskQueue

RANGE = CallRange("trunk_1", 3, NOW_MS, "BUSY#trunk_1", "a", "b")
SHARD = RepairTask(NOW_MS, "2-1", ("trunk_1", "trunk_2"))


class Sqs:
    """SQS, which refuses some messages of each request."""

    def __init__(self, refused: int = 0) -> None:
        self.refused, self.requests = refused, list[dict[str, Any]]()

    def send_message_batch(self, **request: Any) -> dict[str, Any]:
        self.requests.append(request)
        return {"Failed": [{}] * self.refused} if self.refused else {}


@pytest.mark.parametrize("task", [SHARD, RepairTask(NOW_MS, "deployment", calls=RANGE)])
def test_a_task_is_read_as_it_was_sent(task: RepairTask) -> None:
    assert RepairTask.from_json(task.to_json()) == task


def test_a_field_that_a_newer_version_sends_is_ignored() -> None:
    body = json.loads(RepairTask(NOW_MS, "deployment", calls=RANGE).to_json())
    body |= {"new": 1, "calls": body["calls"] | {"new": 1}}
    assert RepairTask.from_json(json.dumps(body)).calls == RANGE


def test_tasks_are_sent_ten_a_request_each_in_its_group() -> None:
    sqs: Any = Sqs()
    tasks = [replace(SHARD, group=f"32-{number}") for number in range(21)]
    assert RepairTaskQueue(sqs, "url").send(tasks) == 0
    assert [len(request["Entries"]) for request in sqs.requests] == [10, 10, 1]
    entries = [entry for request in sqs.requests for entry in request["Entries"]]
    assert [entry["MessageGroupId"] for entry in entries] == [task.group for task in tasks]
    assert all(len({entry["Id"] for entry in request["Entries"]}) <= 10 for request in sqs.requests)


def test_what_sqs_does_not_take_is_counted() -> None:
    sqs: Any = Sqs(refused=2)
    assert RepairTaskQueue(sqs, "url").send([SHARD] * 11) == 4


@pytest.mark.parametrize(
    ("after", "order"), [("", "abc"), ("a", "bca"), ("b", "cab"), ("bb", "cab"), ("c", "abc")]
)
def test_a_pass_goes_on_behind_where_it_stopped_and_comes_round(after: str, order: str) -> None:
    assert "".join(rotated(["a", "b", "c"], after)) == order


SENT = {"phase": Phase.SENT, "state": State.CONNECTING, "token_expires_at_ms": NOW_MS + 5_000}
ACTIVE = {"phase": Phase.SETTLED, "state": State.ACTIVE, "answered_at_ms": NOW_MS}


@pytest.mark.parametrize(
    ("changes", "since_ms"),
    [
        ({"expires_at_ms": NOW_MS + 1_000}, NOW_MS + 1_000),
        (SENT, NOW_MS + 5_000 + LOOK_UP_DELAY_MS),
        (SENT | {"cancel_requested_at_ms": NOW_MS}, NOW_MS),
        (ACTIVE, NOW_MS + make_call().agent.max_call_duration_s * 1000),
        (
            ACTIVE | {"connecting_at_ms": NOW_MS - 10**8},
            make_call().agent.max_leg_s * 1000 + NOW_MS - 10**8 + 60_000,
        ),
    ],
)
def test_a_call_is_overdue_from_the_first_time_at_which_it_should_have_ended(
    changes: dict[str, Any], since_ms: int
) -> None:
    call: Call = make_call(**changes)
    assert overdue_since_ms(call, since_ms - 1) is None
    assert overdue_since_ms(call, since_ms) == since_ms
    assert overdue_since_ms(call, since_ms + 10_000) == since_ms


def test_an_ended_call_is_not_overdue() -> None:
    changes: dict[str, Any] = ACTIVE | {"state": State.COMPLETED, "connecting_at_ms": NOW_MS}
    ended = make_call(**changes)
    assert overdue_since_ms(ended, NOW_MS + 10**9) is None
