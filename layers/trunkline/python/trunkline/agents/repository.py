"""A tenant's agents in the table."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from typing import Any

from trunkline.agents.models import Agent
from trunkline.auth.principal import Principal
from trunkline.calls.calling_policy import NO_REDIAL, RedialPolicy
from trunkline.calls.calling_window import CallingWindow
from trunkline.calls.value_objects import AgentLost
from trunkline.core.errors import AlreadyExists
from trunkline.storage.keys.resources import agent_key, agent_version_key
from trunkline.storage.table import ABSENT, ConditionFailed, Delete, Put, Table, Write
from trunkline.storage.versioned import save_next_version

KEPT_VERSIONS = 100
"""Versions of an agent that are kept."""

_AGENT_FIELDS = {field.name for field in fields(Agent)}


class AgentRepository:
    """A tenant's agents; every read starts from the tenant's key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def load(self, tenant_id: str, agent_id: str) -> Agent | None:
        item = self._table.get(agent_key(tenant_id, agent_id))
        return _agent(item) if item else None

    def usable(self, principal: Principal, agent_id: str) -> Agent | None:
        """Read an agent that a principal may call with: of its mode, or for a test key also a live one.

        An integration so needs to change only its key between the modes.
        """
        found = self.load(principal.tenant_mode, agent_id)
        return found or (None if principal.livemode else self.load(principal.tenant_id, agent_id))

    def create(self, agent: Agent, extra_writes: Sequence[Write] = ()) -> Agent:
        """Store a new agent.

        Raises:
            AlreadyExists: the tenant has one of that name.
        """
        try:
            self._table.transact([Put(_agent_item(agent), ABSENT), _version_put(agent), *extra_writes])
        except ConditionFailed as error:
            raise AlreadyExists(f"Agent {agent.name} already exists") from error
        return agent

    def all(self, tenant_id: str) -> list[Agent]:
        """Read a tenant's agents."""
        return [_agent(item) for item in self._table.partition(agent_key(tenant_id))]

    def save(self, agent: Agent, extra_writes: Sequence[Write] = ()) -> None:
        """Create or overwrite an agent."""
        self._table.transact([Put(_agent_item(agent)), _version_put(agent), *extra_writes])

    def replace(self, before: Agent, after: Agent, extra_writes: Sequence[Write] = ()) -> Agent:
        """Store `after` as the version that follows `before`.

        The last `KEPT_VERSIONS` are kept. `before` is stored, too: an earlier release did not keep it.

        Raises:
            VersionConflict: the stored version is not `before`.
        """
        changed = replace(after, version=before.version)
        versions: list[Write] = [
            _version_put(before),
            _version_put(replace(after, version=before.version + 1)),
        ]
        if (outdated := before.version + 1 - KEPT_VERSIONS) > 0:
            versions.append(Delete(agent_version_key(before.tenant_id, before.id, outdated)))
        return save_next_version(self._table, changed, _agent_item, [*versions, *extra_writes])

    def versions(self, agent: Agent, before: int, limit: int) -> list[Agent]:
        """Read the versions of an agent before one, newest first, up to the agent's own.

        Those beyond belong to an agent of the same name that was deleted.
        """
        last = min(before - 1, agent.version)
        first, end = (agent_version_key(agent.tenant_id, agent.id, version) for version in (0, last))
        found = [_agent(item) for item in next(self._table.newest_between(first, end.sk, limit=limit), [])]
        is_kept = bool(found) and found[0].version == agent.version
        return found if is_kept or before <= agent.version else [agent, *found][:limit]

    def delete(self, agent: Agent, extra_writes: Sequence[Write] = ()) -> None:
        self._table.transact([Delete(agent_key(agent.tenant_id, agent.id)), *extra_writes])


def _agent_item(agent: Agent) -> dict[str, Any]:
    item = asdict(agent) | {"phone_numbers": list(agent.phone_numbers)}
    return item | agent_key(agent.tenant_id, agent.id).as_item()


def _version_put(agent: Agent) -> Put:
    key = agent_version_key(agent.tenant_id, agent.id, agent.version)
    return Put(_agent_item(agent) | key.as_item())


def _agent(item: dict[str, Any]) -> Agent:
    values: dict[str, Any] = {name: item.get(name) for name in _AGENT_FIELDS}
    values["phone_numbers"] = tuple(item["phone_numbers"])
    values["tools"] = tuple(item.get("tools") or ())
    values["version"] = item.get("version", 1)
    values["agent_lost"] = AgentLost(item.get("agent_lost") or AgentLost.HANG_UP)
    values["redial"] = RedialPolicy.parse(item["redial"]) if item.get("redial") else NO_REDIAL
    values["window"] = CallingWindow.parse(item["window"]) if item.get("window") else None
    return Agent(**values)
