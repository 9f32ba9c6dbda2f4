"""The dialer is killed, stopped and woken too often: no call is dialled twice, none is lost."""

from __future__ import annotations

import os
import random
import signal
import time
from collections.abc import Callable
from itertools import pairwise

import pytest

from local.deployment import client
from tests.faults.invariants import check_invariants, dialers, kill_dialers, send_wakes
from tests.stack.fixtures_tenants import MakeTenant
from tests.support.polling import poll

CALLS, KILLED_AFTER, KILLS = 25, 5, 4


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_dialer_that_is_killed_again_and_again(make_tenant: MakeTenant, seed: int) -> None:
    tenant = await make_tenant(cps=5)
    chance = random.Random(seed)
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    for _ in range(3):
        time.sleep(chance.uniform(0.2, 1.5))
        kill_dialers(tenant.stack)
        send_wakes(tenant.stack, 3, tenant)
    reasons = check_invariants(tenant, calls, cps=5)
    assert set(reasons) <= {"dial_busy", "dial_unknown", "user_declined", "dial_no_answer"}, reasons


async def test_a_killed_dialers_trunk_dials_on_without_a_wake(
    make_tenant: MakeTenant, record_property: Callable[[str, object], None]
) -> None:
    """The watchdog of the dead run finds the lane: the time from the kill to the next INVITE is recorded."""
    waits_s = []
    for _ in range(KILLS):
        tenant = await make_tenant(cps=5)
        calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
        poll(tenant.invites, lambda invites: len(invites) >= KILLED_AFTER)
        kill_dialers(tenant.stack)
        check_invariants(tenant, calls, cps=5)
        times = sorted(invite["t"] for invite in tenant.invites())
        waits_s.append(round(max(later - earlier for earlier, later in pairwise(times)), 1))
    record_property("kill_to_next_dial_s", waits_s)


async def test_a_dialer_that_is_stopped_past_its_lease_and_resumed(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=5)
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    time.sleep(1.5)
    zombies = dialers(tenant.stack)
    for process in zombies:
        os.kill(process.pid, signal.SIGSTOP)
    time.sleep(12)
    send_wakes(tenant.stack, 1, tenant)
    time.sleep(3)
    for process in zombies:
        os.kill(process.pid, signal.SIGCONT)
    check_invariants(tenant, calls, cps=5)


async def test_wakes_that_come_three_times_or_never(make_tenant: MakeTenant) -> None:
    tenant = await make_tenant(cps=20)
    calls = [tenant.placed("+15550100002") for _ in range(CALLS)]
    send_wakes(tenant.stack, 3 * CALLS, tenant)
    assert set(check_invariants(tenant, calls, cps=20)) == {"dial_busy"}
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
    assert set(check_invariants(tenant, calls + lost, cps=20)) == {"dial_busy"}, (
        "the reconciler wakes the line"
    )
