"""Rules that change while it prepares or has its slot: what is forbidden before the intent never rings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.store.fixtures_dialer import WAKE, DialerHarness
from tests.support.builders import SNAPSHOT, TRUNK, make_agent, make_call
from tests.support.clocks import NOW_MS
from trunkline.agents.repository import AgentRepository
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.models import Call
from trunkline.calls.reasons import Reason
from trunkline.calls.states import State
from trunkline.calls.value_objects import WaitsFor
from trunkline.storage.keys.dialing import grantee_key
from trunkline.storage.keys.resources import number_rules_key, suppression_key
from trunkline.storage.table import Delete, Put

Forbid = Callable[[DialerHarness], Any]
SLOW_AGENT = replace(SNAPSHOT, agent_join_timeout_s=30)


def suppress(dialer: DialerHarness) -> None:
    dialer.table.write(Put(suppression_key("tenant-1", make_call().phone_number).as_item()))


def deny_prefix(dialer: DialerHarness) -> None:
    dialer.table.write(Put(number_rules_key("tenant-1").as_item() | {"denied_prefixes": ["+1555"]}))


def deactivate(dialer: DialerHarness) -> None:
    AgentRepository(dialer.table).save(make_agent(status="inactive"))


def delete_agent(dialer: DialerHarness) -> None:
    AgentRepository(dialer.table).delete(make_agent())


FORBIDDEN: list[tuple[Forbid, Reason]] = [
    (suppress, Reason.SUPPRESSED),
    (deny_prefix, Reason.NUMBER_NOT_ALLOWED),
    (deactivate, Reason.AGENT_INACTIVE),
    (delete_agent, Reason.AGENT_INACTIVE),
]


@pytest.mark.parametrize(("forbid", "reason"), FORBIDDEN)
async def test_what_is_forbidden_while_the_agent_is_awaited_does_not_ring(
    dialer: DialerHarness, forbid: Forbid, reason: Reason
) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(agent=SLOW_AGENT))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(10)
    forbid(dialer)
    dialer.livekit.agent_joins = True
    await run
    assert (dialer.load().state, dialer.load().reason) == (State.FAILED, reason)
    assert dialer.livekit.invites == []
    assert dialer.livekit.deleted_rooms == [dialer.load().room_name], "the agent must not wait for nobody"


@pytest.mark.parametrize(("forbid", "reason"), FORBIDDEN)
async def test_what_is_forbidden_until_the_slot_is_granted_does_not_ring(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch, forbid: Forbid, reason: Reason
) -> None:
    reserve = dialer.lanes.reserve

    def reserve_and_forbid(*args: Any) -> None:
        reserve(*args)
        forbid(dialer)

    monkeypatch.setattr(dialer.lanes, "reserve", reserve_and_forbid)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert dialer.load().reason is reason
    assert dialer.livekit.invites == []


async def test_a_window_that_closes_while_the_agent_is_awaited_keeps_the_phone_silent(
    dialer: DialerHarness,
) -> None:
    dialer.livekit.agent_joins = False
    window = CallingWindow("22:13", "22:14", ("tue", "wed"), ("UTC",))
    dialer.calls.create(make_call(agent=replace(SLOW_AGENT, agent_join_timeout_s=60), window=window))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(41)
    dialer.livekit.agent_joins = True
    await run
    assert dialer.livekit.invites == []
    assert dialer.load().state is State.QUEUED
    call = dialer.load()
    assert (call.waits_for, call.due_ms) == (WaitsFor.WINDOW, call.expires_at_ms), "it opens tomorrow"


async def test_a_call_that_expires_after_a_missed_slot_ends_as_expired(dialer: DialerHarness) -> None:
    dialer.livekit.connecting_takes_s = 0.4
    dialer.calls.create(make_call(expires_at_ms=NOW_MS + 300))
    await dialer.run().serve(WAKE)
    assert (dialer.load().state, dialer.load().reason) == (State.TIMEOUT, Reason.EXPIRED)
    assert dialer.livekit.invites == []


async def test_a_number_that_is_taken_away_after_a_missed_slot_is_not_shown(dialer: DialerHarness) -> None:
    dialer.livekit.connecting_takes_s = 0.4
    numbers = replace(TRUNK, numbers=("+15550000000",))

    async def revoke() -> None:
        await asyncio.sleep(0.2)
        dialer.trunks.save(numbers)
        dialer.livekit.connecting_takes_s = 0.0

    dialer.calls.create(make_call())
    await asyncio.gather(dialer.run().serve(WAKE), revoke())
    assert dialer.load().reason is Reason.CALLER_ID_REVOKED
    assert dialer.livekit.invites == []


async def test_a_tenant_whose_grant_was_taken_away_dials_nothing_more(dialer: DialerHarness) -> None:
    dialer.livekit.agent_joins = False
    dialer.calls.create(make_call(agent=SLOW_AGENT))
    run = asyncio.create_task(dialer.run().serve(WAKE))
    await asyncio.sleep(2)
    dialer.table.write(Delete(grantee_key(TRUNK.id, "tenant-1")))
    await asyncio.sleep(1)
    dialer.livekit.agent_joins = True
    await run
    assert dialer.livekit.invites == []
    assert dialer.load().state is State.QUEUED, "it waits until it expires, or the trunk is granted again"


async def test_rules_that_cannot_be_read_forbid_for_now(
    dialer: DialerHarness, monkeypatch: pytest.MonkeyPatch
) -> None:
    read, failures = dialer.table.get_all, [ClientError({"Error": {"Code": "InternalServerError"}}, "x")] * 2
    refused: list[Call] = []

    def sometimes(keys: Any) -> Any:
        if failures:
            refused.append(dialer.load())
            raise failures.pop()
        return read(keys)

    monkeypatch.setattr(dialer.table, "get_all", sometimes)
    dialer.calls.create(make_call())
    await dialer.run().serve(WAKE)
    assert [call.state for call in refused] == [State.QUEUED] * 2, "nothing was sent"
    assert dialer.load().state is State.ACTIVE
    assert len(dialer.livekit.invites) == 1
