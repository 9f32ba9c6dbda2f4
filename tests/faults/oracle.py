"""What must be true after any fault: the carrier's log and the calls' own stories agree."""

from __future__ import annotations

import contextlib
import time
from collections import Counter

import psutil

from local.deployment import client
from local.observe import busiest_second, function_processes
from local.stack import Stack
from tests.stack.conftest import ENDED, Tenant
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


def check(
    tenant: Tenant,
    call_ids: list[str],
    cps: int,
    *,
    never_dialled: frozenset[str] = frozenset({"dial_unknown"}),
) -> Counter[str]:
    """Every call ends, none was dialled twice, no second holds more than the budget, and a call that the
    carrier never saw says so in one of the reasons given. Returns how often each reason came."""
    deadline_s = time.monotonic() + ENDS_WITHIN_S
    open_ids = list(call_ids)
    while open_ids:
        assert time.monotonic() < deadline_s, [tenant.call(call_id) for call_id in open_ids]
        open_ids = [call_id for call_id in open_ids if tenant.call(call_id)["data"]["status"] not in ENDED]
        time.sleep(1)
    invites = tenant.invites()
    dialled = Counter(invite["room"][5:41] for invite in invites)
    assert max(dialled.values(), default=0) <= 1, "a call was dialled twice"
    assert busiest_second(invite["t"] for invite in invites) <= cps
    reasons = {call_id: tenant.call(call_id)["status_reason"] for call_id in call_ids}
    for call_id in set(call_ids) - set(dialled):
        assert reasons[call_id] in never_dialled, tenant.call(call_id)
    return Counter(reasons.values())
