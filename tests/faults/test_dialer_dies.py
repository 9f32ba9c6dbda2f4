"""The dialer is killed, stopped and woken too often: no call is dialled twice, none is lost."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import time
from collections import Counter
from typing import Any

import psutil
import pytest

from local.deployment import client
from local.stack import Stack
from tests.stack.conftest import ENDED, Tenant
from trunkline.dialing.wake import Wake, WakeQueue

CALLS = 25
ENDS_WITHIN_S = 420


def dialers(stack: Stack) -> list[psutil.Process]:
    """The processes of the dialer function."""
    found = []
    for process in psutil.Process(stack.processes.pids()["emulator"]).children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it may have ended meanwhile
            if "local-dialer" in " ".join(process.cmdline()):
                found.append(process)
    return found


def send(stack: Stack, number: int, tenant: Tenant) -> None:
    queue = WakeQueue(client(stack.config, "sqs"), stack.outputs.values["DialQueueUrl"])
    for _ in range(number):
        queue.send(Wake(tenant.trunk.id))


def check(tenant: Tenant, call_ids: list[str], cps: int) -> Counter[str]:
    """Every call ends, each claim was dialled at most once, and no second holds more than the budget."""
    deadline_s = time.monotonic() + ENDS_WITHIN_S
    open_ids = list(call_ids)
    while open_ids:
        assert time.monotonic() < deadline_s, [tenant.call(call_id) for call_id in open_ids]
        open_ids = [call_id for call_id in open_ids if tenant.call(call_id)["data"]["status"] not in ENDED]
        time.sleep(1)
    invites = tenant.invites()
    dialled = Counter(invite["room"][5:41] for invite in invites)
    assert max(dialled.values()) == 1, "a call was dialled twice"
    times = sorted(invite["t"] for invite in invites)
    assert max(sum(1 for other in times if start <= other < start + 1) for start in times) <= cps
    reasons = Counter(tenant.call(call_id)["status_reason"] for call_id in call_ids)
    for call_id in set(call_ids) - set(dialled):
        assert tenant.call(call_id)["status_reason"] == "dial_unknown"
    return reasons


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_dialer_that_is_killed_again_and_again(make_tenant: Any, seed: int) -> None:
    tenant: Tenant = await make_tenant(cps=5)
    chance = random.Random(seed)  # noqa: S311 - a choice of moments, no secret
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    for _ in range(3):
        time.sleep(chance.uniform(0.2, 1.5))
        for process in dialers(tenant.stack):
            process.kill()
        send(tenant.stack, 3, tenant)
    reasons = check(tenant, calls, cps=5)
    assert set(reasons) <= {"dial_busy", "dial_unknown", "user_declined", "dial_no_answer"}, reasons


async def test_a_dialer_that_is_stopped_past_its_lease_and_resumed(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant(cps=5)
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    time.sleep(1.5)
    zombies = dialers(tenant.stack)
    for process in zombies:
        os.kill(process.pid, signal.SIGSTOP)
    time.sleep(12)
    send(tenant.stack, 1, tenant)
    time.sleep(3)
    for process in zombies:
        os.kill(process.pid, signal.SIGCONT)
    check(tenant, calls, cps=5)


async def test_wakes_that_come_three_times_or_never(make_tenant: Any) -> None:
    tenant: Tenant = await make_tenant(cps=20)
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    send(tenant.stack, 3 * CALLS, tenant)
    assert set(check(tenant, calls, cps=20)) == {"dial_busy"}
    sqs, url = client(tenant.stack.config, "sqs"), tenant.stack.outputs.values["DialQueueUrl"]
    sources = client(tenant.stack.config, "lambda").list_event_source_mappings(
        FunctionName="trunkline-local-dialer"
    )
    uuid = sources["EventSourceMappings"][0]["UUID"]
    client(tenant.stack.config, "lambda").update_event_source_mapping(UUID=uuid, Enabled=False)
    time.sleep(1)
    lost = [tenant.placed("+15550100002") for _ in range(3)]
    sqs.purge_queue(QueueUrl=url)
    client(tenant.stack.config, "lambda").update_event_source_mapping(UUID=uuid, Enabled=True)
    assert set(check(tenant, calls + lost, cps=20)) == {"dial_busy"}, "the caretaker wakes the line"
