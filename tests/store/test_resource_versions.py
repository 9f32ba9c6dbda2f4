"""Versions of agents and workflows, as their tenant compares them."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.store.test_workflows import ME, OTHER, WorkflowHarness
from trunkline.agents.repository import KEPT_VERSIONS
from trunkline.core.errors import InvalidRequest, NotFound
from trunkline.core.pagination import encode_cursor
from trunkline.storage.keys.resources import agent_version_key
from trunkline.storage.table import Delete, Table
from trunkline.storage.versioned import VERSIONS_IN_PAGE
from trunkline.workflows.schemas import WorkflowSpec

TEST_MODE = replace(ME, livemode=False)


@pytest.fixture
def harness(table: Table) -> WorkflowHarness:
    return WorkflowHarness(table)


def ring_times(harness: WorkflowHarness, agent_id: str, cursor: str | None = None) -> list[int]:
    return [each["ring_timeout_s"] for each in harness.agents.versions(ME, agent_id, cursor)["data"]]


def test_each_version_of_an_agent_is_listed_newest_first(harness: WorkflowHarness) -> None:
    agent_id = harness.agent(ring_timeout_s=20)
    for seconds in (21, 22):
        harness.agents.change(ME, agent_id, {"ring_timeout_s": seconds})
    shown = harness.agents.versions(ME, agent_id, None)
    assert [(each["version"], each["ring_timeout_s"]) for each in shown["data"]] == [
        (3, 22),
        (2, 21),
        (1, 20),
    ]
    assert shown["next_cursor"] is None
    assert [each["id"] for each in harness.agents.list(ME, None)["data"]] == [agent_id], (
        "versions are no agents"
    )
    for stranger in (OTHER, TEST_MODE):
        with pytest.raises(NotFound):
            harness.agents.versions(stranger, agent_id, None)


def test_an_agent_of_an_earlier_release_has_its_present_version(
    harness: WorkflowHarness, table: Table
) -> None:
    agent_id = harness.agent(ring_timeout_s=20)
    table.write(Delete(agent_version_key(ME.tenant_id, agent_id, 1)))
    assert ring_times(harness, agent_id) == [20]
    harness.agents.change(ME, agent_id, {"ring_timeout_s": 21})
    assert ring_times(harness, agent_id) == [21, 20]


def test_versions_of_a_deleted_agent_are_not_those_of_its_successor(harness: WorkflowHarness) -> None:
    agent_id = harness.agent(ring_timeout_s=20)
    harness.agents.change(ME, agent_id, {"ring_timeout_s": 21})
    harness.agents.delete(ME, agent_id)
    assert harness.agent(ring_timeout_s=30) == agent_id
    assert ring_times(harness, agent_id) == [30]


def test_the_last_hundred_versions_are_kept_and_paged(harness: WorkflowHarness) -> None:
    agent_id = harness.agent(ring_timeout_s=20)
    for number in range(KEPT_VERSIONS + 4):
        harness.agents.change(ME, agent_id, {"ring_timeout_s": 20 + (number + 1) % 2})
    seen: list[int] = []
    cursor = None
    while True:
        page = harness.agents.versions(ME, agent_id, cursor)
        seen += [each["version"] for each in page["data"]]
        assert len(page["data"]) <= VERSIONS_IN_PAGE
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert seen == list(range(KEPT_VERSIONS + 5, 5, -1))


def test_each_version_of_a_workflow_is_listed(harness: WorkflowHarness) -> None:
    harness.agent()
    harness.workflows.create(ME, WorkflowSpec(slug="meals", entry_agent="greeter"))
    harness.workflows.change(ME, "meals", {"priority": 1})
    shown = harness.workflows.versions(ME, "meals", None)["data"]
    assert [(each["version"], each["priority"]) for each in shown] == [(2, 1), (1, 5)]
    assert harness.workflows.versions(ME, "meals", encode_cursor("2"))["data"] == shown[1:]
    for stranger in (OTHER, TEST_MODE):
        with pytest.raises(NotFound):
            harness.workflows.versions(stranger, "meals", None)
    with pytest.raises(InvalidRequest):
        harness.workflows.versions(ME, "meals", "nonsense")
