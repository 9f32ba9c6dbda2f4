"""Workflows and agents kept by their tenant: versions, refusals, what is in use."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.builders import TRUNK
from tests.support.clocks import ManualClock
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


class WorkflowHarness:
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
def workflows(table: Table) -> WorkflowHarness:
    return WorkflowHarness(table)


def test_a_change_makes_a_version_and_the_old_one_stays(workflows: WorkflowHarness) -> None:
    workflows.agent()
    assert workflows.workflow()["version"] == 1
    changed = workflows.workflows.change(ME, "onboarding", {"variables": {"step": 1}, "priority": 2})
    assert (changed["version"], changed["variables"], changed["priority"]) == (2, {"step": 1}, 2)
    first = workflows.store.version(ME.tenant_id, "onboarding", 1)
    assert first is not None
    assert (first.variables, first.priority) == ({}, 5)


def test_a_change_to_what_is_there_makes_no_version(workflows: WorkflowHarness) -> None:
    workflows.agent()
    workflows.workflow(redial={"max_attempts": 3}, calling_window={"start": "09:00", "end": "17:00"})
    workflows.clock.move_s(5)
    assert workflows.workflows.change(ME, "onboarding", {"priority": 5})["version"] == 1


def test_a_deleted_workflow_is_gone_and_a_new_one_goes_on_counting(workflows: WorkflowHarness) -> None:
    workflows.agent()
    workflows.workflow()
    workflows.workflows.delete(ME, "onboarding")
    with pytest.raises(NotFound):
        workflows.workflows.get(ME, "onboarding")
    assert workflows.workflows.list(ME)["data"] == []
    assert workflows.workflow()["version"] == 3


def test_a_workflow_with_open_calls_is_not_deleted(workflows: WorkflowHarness) -> None:
    workflows.agent()
    workflows.workflow()
    workflows.open.add("onboarding")
    with pytest.raises(InUse, match="calls that have not ended"):
        workflows.workflows.delete(ME, "onboarding")


def test_an_agent_of_a_workflow_is_not_deleted(workflows: WorkflowHarness) -> None:
    agent_id = workflows.agent()
    workflows.agent("closer")
    workflows.workflow(agents=["closer"])
    with pytest.raises(InUse, match="part of workflow onboarding"):
        workflows.agents.delete(ME, agent_id)
    workflows.workflows.delete(ME, "onboarding")
    workflows.agents.delete(ME, agent_id)
    assert [agent["name"] for agent in workflows.agents.list(ME)["data"]] == ["closer"]


def test_two_of_one_slug_and_a_race_are_refused(workflows: WorkflowHarness, table: Table) -> None:
    workflows.agent()
    workflows.workflow()
    with pytest.raises(AlreadyExists):
        workflows.workflow()
    stale = workflows.store.load(ME.tenant_id, "onboarding")
    assert stale is not None
    workflows.workflows.change(ME, "onboarding", {"name": "New"})
    spec = WorkflowSpec(slug="onboarding", entry_agent="greeter", name="Mine")
    with pytest.raises(VersionConflict):
        workflows.store.save(spec.workflow(ME.tenant_id, 1, stale))


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
def test_a_bad_field_is_named(workflows: WorkflowHarness, values: dict[str, Any], field: str) -> None:
    workflows.agent()
    workflows.workflow()
    if "slug" not in values:
        with pytest.raises(InvalidRequest) as refused:
            workflows.workflows.change(ME, "onboarding", values)
        assert refused.value.field == field
        return
    with pytest.raises(InvalidRequest):
        workflows.workflows.change(ME, "onboarding", values)


def test_an_agent_changes_field_by_field(workflows: WorkflowHarness) -> None:
    agent_id = workflows.agent(trunk="t", redial={"max_attempts": 2})
    before = workflows.agents.get(ME, agent_id)
    assert before["phone_numbers"] == list(TRUNK.numbers)
    after = workflows.agents.change(ME, agent_id, {"ring_timeout_s": 30})
    assert (after["version"], after["ring_timeout_s"], after["redial"]) == (2, 30, before["redial"])
    assert workflows.agents.change(ME, agent_id, {"ring_timeout_s": 30})["version"] == 2
    assert workflows.agents.change(ME, agent_id, {"trunk": None})["phone_numbers"] == []
    with pytest.raises(InvalidRequest, match="name can't be changed"):
        workflows.agents.change(ME, agent_id, {"name": "x"})
    with pytest.raises(InvalidRequest, match="no trunk"):
        workflows.agents.change(ME, agent_id, {"trunk": "nowhere"})


def test_another_tenants_things_are_missing_ones(workflows: WorkflowHarness) -> None:
    agent_id = workflows.agent()
    workflows.workflow()
    for work in (
        lambda: workflows.workflows.get(OTHER, "onboarding"),
        lambda: workflows.workflows.change(OTHER, "onboarding", {"name": "x"}),
        lambda: workflows.workflows.delete(OTHER, "onboarding"),
        lambda: workflows.agents.get(OTHER, agent_id),
        lambda: workflows.agents.change(OTHER, agent_id, {"status": "inactive"}),
        lambda: workflows.agents.delete(OTHER, agent_id),
    ):
        with pytest.raises(NotFound):
            work()
    assert workflows.workflows.list(OTHER)["data"] == []
    assert workflows.agents.list(OTHER)["data"] == []


def test_a_variable_that_becomes_true_instead_of_1_makes_a_version(workflows: WorkflowHarness) -> None:
    workflows.agent()
    workflows.workflow(variables={"vip": 1})
    changed = workflows.workflows.change(ME, "onboarding", {"variables": {"vip": True}})
    assert (changed["version"], changed["variables"]["vip"]) == (2, True)
    assert workflows.workflows.change(ME, "onboarding", {"variables": {"vip": True}})["version"] == 2
