"""Invariants that hold after any fault: the carrier's log and the calls' timelines agree."""

from __future__ import annotations

import contextlib
from collections import Counter
from typing import Any

import psutil

from local.deployment import client
from local.probes import function_processes, max_starts_in_a_second
from local.stack import Stack
from tests.faults.history import (
    ENDED,
    CallRecord,
    History,
    Invite,
    TrunkLimits,
    calls_dialled_twice,
    lost_calls,
)
from tests.support.polling import poll
from tests.support.tenant import Tenant
from trunkline.dial_queue.messages import DialWakeup, WakeQueue

ENDS_WITHIN_S = 420


def dialers(stack: Stack) -> list[psutil.Process]:
    """The processes of the dialer function."""
    return function_processes(stack, "dialer")


def kill_dialers(stack: Stack) -> None:
    for process in dialers(stack):
        with contextlib.suppress(psutil.Error):
            process.kill()


def send_wakes(stack: Stack, number: int, tenant: Tenant) -> None:
    values = stack.outputs.values
    queue = WakeQueue(client(stack.config, "sqs"), values["DialQueueUrl"], values["TestDialQueueUrl"])
    for _ in range(number):
        queue.send(DialWakeup(tenant.trunk.id))


def call_record(shown: dict[str, Any]) -> CallRecord:
    """Read what the checks need from a response of `GET /calls/{id}`."""
    was_active = any(entry["status"] == "active" for entry in shown["timeline"])
    status = shown["data"]["status"]
    return CallRecord(shown["call_id"], shown["status"], status, shown["status_reason"], was_active)


def to_invite(line: dict[str, Any]) -> Invite:
    """Read a line of the stand-in's log."""
    return Invite(line["trunk_id"], line["room"], line["t"])


def check_invariants(
    tenant: Tenant,
    call_ids: list[str],
    cps: int,
    *,
    never_dialled: frozenset[str] = frozenset({"dial_unknown"}),
) -> Counter[str]:
    """Every call ends, none was dialled twice, no second holds more than the budget, and a call that the
    carrier never saw says so in one of the reasons given. Returns how often each reason came."""
    open_ids = set(call_ids)

    def still_open() -> set[str]:
        ended = {call_id for call_id in open_ids if tenant.call(call_id)["data"]["status"] in ENDED}
        open_ids.difference_update(ended)
        return open_ids

    poll(still_open, lambda ids: not ids, timeout_s=ENDS_WITHIN_S)
    calls = {call_id: call_record(tenant.call(call_id)) for call_id in call_ids}
    invites = tuple(to_invite(line) for line in tenant.invites())
    limits = {tenant.trunk.sip_trunk_id: TrunkLimits(cps)}
    history = History(limits, frozenset(call_ids), calls, invites)
    assert not lost_calls(history)
    assert not calls_dialled_twice(history)
    assert max_starts_in_a_second(invite.at_s for invite in invites) <= cps
    reasons = {call.id: call.reason or "" for call in calls.values()}
    for call_id in set(call_ids) - {invite.call_id for invite in invites}:
        assert reasons[call_id] in never_dialled, tenant.call(call_id)
    return Counter(reasons.values())
