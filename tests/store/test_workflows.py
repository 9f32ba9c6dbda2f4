"""Workflows and agents kept by their tenant: versions, refusals, what is in use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.builders import TRUNK, ManualClock
from trunkline.agents.repository import AgentRepository
from trunkline.agents.schemas import AgentSpec
from trunkline.agents.service import AgentService
from trunkline.auth.principal import Principal
from trunkline.core.errors import AlreadyExists, InUse, InvalidRequest, NotFound, VersionConflict
from trunkline.storage.table import Table
from trunkline.tools.repository import ToolRepository
from trunkline.trunks.repository import TrunkRepository
from trunkline.trunks.test_trunk import TestTrunks
from trunkline.workflows.repository import WorkflowRepository
from trunkline.workflows.schemas import WorkflowSpec
from trunkline.workflows.service import WorkflowService

ME = Principal("tenant-1", True, frozenset())
OTHER = Principal("tenant-2", True, frozenset())


class Desks:
    def __init__(self, table: Table) -> None:
        self.clock = ManualClock()
        self.open: set[str] = set()
        agents, trunks, tools = AgentRepository(table), TrunkRepository(table), ToolRepository(table)
        trunks.create(TRUNK)
        trunks.grant(TRUNK.id, ME.tenant_id)
        self.store = WorkflowRepository(table)
        self.workflows = WorkflowService(
            self.store, agents, tools, self.clock, lambda _, slug: slug in self.open
        )
        self.agents = AgentService(
            agents, trunks, TestTrunks(trunks), tools, self.workflows.using_agent, self.clock
        )

    def agent(self, name: str = "greeter", **more: Any) -> str:
        spec = AgentSpec(name=name, livekit_agent_name=f"lk-{name}", **more)
        return self.agents.create(ME, spec)["id"]

    def workflow(self, slug: str = "onboarding", **more: Any) -> Any:
        return self.workflows.create(ME, WorkflowSpec(slug=slug, entry_agent="greeter", **more))


@pytest.fixture
def desks(table: Table) -> Desks:
    return Desks(table)


def test_a_change_makes_a_version_and_the_old_one_stays(desks: Desks) -> None:
    desks.agent()
    assert desks.workflow()["version"] == 1
    changed = desks.workflows.change(ME, "onboarding", {"variables": {"step": 1}, "priority": 2})
    assert (changed["version"], changed["variables"], changed["priority"]) == (2, {"step": 1}, 2)
    first = desks.store.version(ME.tenant_id, "onboarding", 1)
    assert first is not None
    assert (first.variables, first.priority) == ({}, 5)


def test_a_change_to_what_is_there_makes_no_version(desks: Desks) -> None:
    desks.agent()
    desks.workflow(redial={"max_attempts": 3}, calling_window={"start": "09:00", "end": "17:00"})
    desks.clock.move_s(5)
    assert desks.workflows.change(ME, "onboarding", {"priority": 5})["version"] == 1


def test_a_deleted_workflow_is_gone_and_a_new_one_goes_on_counting(desks: Desks) -> None:
    desks.agent()
    desks.workflow()
    desks.workflows.delete(ME, "onboarding")
    with pytest.raises(NotFound):
        desks.workflows.get(ME, "onboarding")
    assert desks.workflows.list(ME)["data"] == []
    assert desks.workflow()["version"] == 3


def test_a_workflow_with_open_calls_is_not_deleted(desks: Desks) -> None:
    desks.agent()
    desks.workflow()
    desks.open.add("onboarding")
    with pytest.raises(InUse, match="calls that have not ended"):
        desks.workflows.delete(ME, "onboarding")


def test_an_agent_of_a_workflow_is_not_deleted(desks: Desks) -> None:
    agent_id = desks.agent()
    desks.agent("closer")
    desks.workflow(agents=["closer"])
    with pytest.raises(InUse, match="part of workflow onboarding"):
        desks.agents.delete(ME, agent_id)
    desks.workflows.delete(ME, "onboarding")
    desks.agents.delete(ME, agent_id)
    assert [agent["name"] for agent in desks.agents.list(ME)["data"]] == ["closer"]


def test_two_of_one_slug_and_a_race_are_refused(desks: Desks, table: Table) -> None:
    desks.agent()
    desks.workflow()
    with pytest.raises(AlreadyExists):
        desks.workflow()
    stale = desks.store.load(ME.tenant_id, "onboarding")
    assert stale is not None
    desks.workflows.change(ME, "onboarding", {"name": "New"})
    spec = WorkflowSpec(slug="onboarding", entry_agent="greeter", name="Mine")
    with pytest.raises(VersionConflict):
        desks.store.save(spec.workflow(ME.tenant_id, 1, stale))


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"slug": "Big"}, "slug"),
        ({"slug": "-x"}, "slug"),
        ({"channel": "fax"}, "channel"),
        ({"priority": "5"}, "priority"),
        ({"priority": True}, "priority"),
        ({"join_window_s": 1}, "join_window_s"),
        ({"variables": []}, "variables"),
        ({"variables": {"x": "y" * 17_000}}, "variables"),
        ({"tools": ["not a name"]}, "tools"),
        ({"redial": {"maxAttempts": 99}}, "redial"),
        ({"surprise": 1}, "surprise"),
        ({"entry_agent": "nobody"}, "entry_agent"),
        ({"agents": ["nobody"]}, "agents"),
        ({"channel": "phone"}, "entry_agent"),
    ],
)
def test_a_bad_field_is_named(desks: Desks, values: dict[str, Any], field: str) -> None:
    desks.agent()
    desks.workflow()
    if "slug" not in values:
        with pytest.raises(InvalidRequest) as refused:
            desks.workflows.change(ME, "onboarding", values)
        assert refused.value.field == field
        return
    with pytest.raises(InvalidRequest):
        desks.workflows.change(ME, "onboarding", values)


def test_an_agent_changes_field_by_field(desks: Desks) -> None:
    agent_id = desks.agent(trunk="t", redial={"max_attempts": 2})
    before = desks.agents.get(ME, agent_id)
    assert before["phone_numbers"] == list(TRUNK.numbers)
    after = desks.agents.change(ME, agent_id, {"ring_timeout_s": 30})
    assert (after["version"], after["ring_timeout_s"], after["redial"]) == (2, 30, before["redial"])
    assert desks.agents.change(ME, agent_id, {"ring_timeout_s": 30})["version"] == 2
    assert desks.agents.change(ME, agent_id, {"trunk": None})["phone_numbers"] == []
    with pytest.raises(InvalidRequest, match="name can't be changed"):
        desks.agents.change(ME, agent_id, {"name": "x"})
    with pytest.raises(InvalidRequest, match="no trunk"):
        desks.agents.change(ME, agent_id, {"trunk": "nowhere"})


def test_another_tenants_things_are_missing_ones(desks: Desks) -> None:
    agent_id = desks.agent()
    desks.workflow()
    for work in (
        lambda: desks.workflows.get(OTHER, "onboarding"),
        lambda: desks.workflows.change(OTHER, "onboarding", {"name": "x"}),
        lambda: desks.workflows.delete(OTHER, "onboarding"),
        lambda: desks.agents.get(OTHER, agent_id),
        lambda: desks.agents.change(OTHER, agent_id, {"status": "inactive"}),
        lambda: desks.agents.delete(OTHER, agent_id),
    ):
        with pytest.raises(NotFound):
            work()
    assert desks.workflows.list(OTHER)["data"] == []
    assert desks.agents.list(OTHER)["data"] == []
