"""Invariants that hold after any fault: the carrier's log and the calls' timelines agree."""

from __future__ import annotations

import contextlib
from collections import Counter

import psutil

from local.deployment import client
from local.probes import function_processes, max_starts_in_a_second
from local.stack import Stack
from tests.support.polling import poll
from tests.support.tenant import ENDED, Tenant
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
    invites = tenant.invites()
    dialled = Counter(invite["room"][5:41] for invite in invites)
    assert max(dialled.values(), default=0) <= 1, "a call was dialled twice"
    assert max_starts_in_a_second(invite["t"] for invite in invites) <= cps
    reasons = {call_id: tenant.call(call_id)["status_reason"] for call_id in call_ids}
    for call_id in set(call_ids) - set(dialled):
        assert reasons[call_id] in never_dialled, tenant.call(call_id)
    return Counter(reasons.values())
