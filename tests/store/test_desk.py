"""Taking calls in, and showing them to their owner only."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from tests.builders import NOW_MS, TRUNK, ManualClock
from tests.store.conftest import Wakes, a_nudge, a_queue
from trunkline.agents.models import Agent
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.auth.principal import Principal
from trunkline.auth.scopes import Scope
from trunkline.call_control.admission import CallAdmission
from trunkline.call_control.get_call import CallReader
from trunkline.call_control.list_calls import CallLister
from trunkline.call_control.outbound import OutboundCall, OutboundCallService
from trunkline.call_control.quotas import QuotaService
from trunkline.call_control.usage import Usage
from trunkline.calls.models import Call
from trunkline.calls.repository import CallRepository
from trunkline.calls.responses import accepted_answer
from trunkline.calls.transcript_repository import TranscriptRepository
from trunkline.calls.transitions import claim_call
from trunkline.compliance.policy import CompliancePolicy
from trunkline.core.errors import InvalidRequest, LiveKitNotConfigured, NotFound, QueueUnavailable
from trunkline.dial_queue.messages import DialWakeup, WakeupNotSent
from trunkline.dial_queue.repository import DialQueue
from trunkline.storage.table import Table
from trunkline.tenants.settings import TenantSettingsCache
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks

ME = Principal("tenant-1", True, frozenset(Scope))
OTHER = Principal("tenant-2", True, frozenset(Scope))
NUMBERS = ("+15550109001", "+15550109002", "+15550109003")


class Scene:
    def __init__(self, table: Table) -> None:
        self.table = table
        self.wakes = Wakes()
        self.calls = CallRepository(table)
        self.agents = AgentRepository(table)
        trunks = TrunkRepository(table)
        trunk = replace(TRUNK, numbers=NUMBERS)
        trunks.create(trunk)
        trunks.grant(trunk.id, ME.tenant_id)
        spec = AgentSpec(
            name="Ada", livekit_agent_name="ada", trunk="t", phone_numbers=[NUMBERS[1], NUMBERS[0]]
        )
        self.agent = spec.agent(ME.tenant_id, trunk)
        self.agents.create(self.agent)
        self.configured = True
        self.queue = a_queue(table, ManualClock())
        self.reader = CallReader(self.calls, TranscriptRepository(table), CallLister(table), self.queue)
        clock, nudge = ManualClock(), a_nudge(self.wakes, ManualClock())
        self.facts = TenantSettingsCache(table, clock)
        admission = QuotaService(
            table, self.facts, Usage(self.calls, DialQueue(table), trunks).waiting, clock
        )
        self.rulebook = CompliancePolicy(table, clock)
        intake = CallAdmission(self.calls, self.wakes, nudge, clock, admission, self.rulebook)  # type: ignore[arg-type]
        self.desk = OutboundCallService(intake, self.agents, trunks, TestTrunks(trunks), self._check)

    def _check(self, _: str) -> None:
        if not self.configured:
            raise LiveKitNotConfigured

    def place(self, principal: Principal = ME, **changes: Any) -> Call:
        body = {"agentId": self.agent.id, "phoneNumber": "+14155552671"} | changes
        return self.desk.place(principal, OutboundCall.model_validate(body), source="api").call

    def save(self, **changes: Any) -> Agent:
        agent = replace(self.agent, **changes)
        self.agents.save(agent)
        return agent

    def waiting(self) -> int:
        return len(DialQueue(self.table).head(TRUNK.id, "tenant-1", 9))


@pytest.fixture
def scene(table: Table) -> Scene:
    return Scene(table)


def test_a_call_is_accepted_and_its_trunk_is_woken(scene: Scene) -> None:
    call = scene.place(priority=0, metadata={"priority": "mine", "note": "x"})
    assert scene.wakes.sent == [DialWakeup(TRUNK.id)]
    assert call.caller_id == NUMBERS[1], "the agent's first number"
    answer = accepted_answer(call)
    assert answer["data"]["status"] == "queued"
    assert answer["data"]["metadata"] == {
        "note": "x",
        "caller_id": NUMBERS[1],
        "from_phone_number": NUMBERS[1],
        "priority": 0,
        "source": "api",
    }
    assert answer["message"] == "Outbound call queued. Poll GET /api/v1/calls/{id} for dial progress."


def test_an_agents_id_may_be_written_in_capitals(scene: Scene) -> None:
    assert scene.place(agentId=scene.agent.id.upper()).agent.id == scene.agent.id


def test_any_number_of_the_trunk_may_be_shown_and_no_other(scene: Scene) -> None:
    assert scene.place(callerId=NUMBERS[2]).caller_id == NUMBERS[2]
    with pytest.raises(InvalidRequest, match="Caller ID must be one of the trunk's phone numbers"):
        scene.place(callerId="+15550000000")
    assert scene.waiting() == 1


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"type": "chat"}, "Agent must be a voice agent for outbound calls"),
        ({"status": "inactive"}, "Agent must be active to make calls"),
        ({"trunk_id": None, "phone_numbers": ()}, "Agent has no trunk and phone number to call from"),
    ],
)
def test_an_agent_that_cant_call_is_refused_and_nothing_is_written(
    scene: Scene, changes: dict[str, Any], message: str
) -> None:
    scene.save(**changes)
    with pytest.raises(InvalidRequest, match=message):
        scene.place()
    assert scene.waiting() == 0


def test_another_tenants_agent_is_as_good_as_none(scene: Scene) -> None:
    with pytest.raises(NotFound, match="Agent not found or access denied"):
        scene.place(OTHER)
    with pytest.raises(NotFound, match="Agent not found or access denied"):
        scene.place(agentId="550e8400-e29b-41d4-a716-446655440000")


def test_without_a_livekit_project_nothing_is_written(scene: Scene) -> None:
    scene.configured = False
    with pytest.raises(LiveKitNotConfigured):
        scene.place()
    assert scene.waiting() == 0


def test_a_wake_that_cant_be_sent_withdraws_the_call(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: DialWakeup, __: int = 0) -> None:
        raise WakeupNotSent("Connection timeout")

    monkeypatch.setattr(scene.wakes, "send", refuse)
    with pytest.raises(QueueUnavailable, match="Failed to queue call: Connection timeout"):
        scene.place()
    assert scene.waiting() == 0
    assert not [*scene.calls.waiting_call_ids(TRUNK.id), *scene.calls.busy_call_ids(TRUNK.id)]


def test_a_wake_that_cant_be_sent_for_a_call_already_claimed_is_no_failure(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    def claim_then_refuse(_: DialWakeup, delay_s: int = 0) -> None:
        entry = DialQueue(scene.table).head(TRUNK.id, "tenant-1", 1)[0]
        call = scene.calls.load(entry.call_id)
        assert call is not None
        scene.calls.change(call, claim_call(call, "run-1", "r"), NOW_MS)
        raise WakeupNotSent("Connection timeout")

    monkeypatch.setattr(scene.wakes, "send", claim_then_refuse)
    call = scene.place()
    stored = scene.calls.load(call.id)
    assert stored is not None
    assert stored.claim == 1


def test_a_call_is_shown_to_its_tenant_and_mode_only(scene: Scene) -> None:
    call = scene.place(metadata={"note": "x"})
    view = scene.reader.read(ME, call.id.upper())
    assert (view["status"], view["data"]["status"], view["queue_state"]) == ("queued", "queued", "in_line")
    assert view["metadata"] == {"note": "x"}
    assert [entry["status"] for entry in view["timeline"]] == ["initiated", "queued"]
    test_mode = replace(ME, livemode=False)
    for stranger in (OTHER, test_mode):
        with pytest.raises(NotFound, match="Call not found"):
            scene.reader.read(stranger, call.id)
    with pytest.raises(NotFound, match="Call not found"):
        scene.reader.read(ME, "550e8400-e29b-41d4-a716-446655440000")
